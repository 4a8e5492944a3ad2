use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Number, Object, ObjectSchema, Value};

use super::*;
use crate::engine::marks::{Identity, Labels, OwnKeys, Unordered, wire};

/// Everything that the wire mapping knows.
#[derive(Object)]
struct Everything {
    /// Text.
    #[tf(optional, ext(wire("text")))]
    text: Value<String>,
    /// A default that the API does not share.
    #[tf(default = true, ext(wire("a.b.flag").always()))]
    flag: Value<bool>,
    /// A default.
    #[tf(default = "STANDARD", ext(wire("class").codec(UPPER)))]
    class: Value<String>,
    /// A 64-bit integer.
    #[tf(optional, ext(wire("big").codec(INT64)))]
    big: Value<i64>,
    /// A list of objects.
    #[tf(optional, ext(wire("outer.list")))]
    list: Value<Vec<Element>>,
    /// The same without order.
    #[tf(optional, ext(wire("bag"), Unordered))]
    bag: Value<Vec<Element>>,
    /// A map of objects.
    #[tf(optional, ext(wire("things")))]
    things: Value<BTreeMap<String, Element>>,
    /// The same as a list.
    #[tf(optional, ext(wire("rows").keyed_by("id")))]
    rows: Value<BTreeMap<String, Element>>,
    /// Own keys.
    #[tf(optional, ext(wire("notes"), OwnKeys))]
    notes: Value<BTreeMap<String, String>>,
    /// A set.
    #[tf(optional, ext(wire("names")))]
    names: Value<BTreeSet<String>>,
    /// The picked element.
    #[tf(optional, ext(wire("box.items[main].size")))]
    size: Value<i64>,
    /// An object.
    #[tf(optional, ext(wire("inner")))]
    inner: Value<Inner>,
    /// Labels.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    labels: Value<BTreeMap<String, String>>,
    /// Computed.
    #[tf(computed, ext(wire("link")))]
    link: Value<String>,
}

/// An element.
#[derive(Object)]
#[tf(nested)]
struct Element {
    /// What it is called.
    #[tf(optional, ext(wire("title"), Identity))]
    title: Value<String>,
    /// A number for which zero is a value.
    #[tf(optional, ext(wire("condition.age")))]
    age: Value<i64>,
}

/// An object.
#[derive(Object)]
#[tf(nested)]
struct Inner {
    /// Whether.
    #[tf(default = false, ext(wire("on")))]
    on: Value<bool>,
    /// Which.
    #[tf(optional, ext(wire("kind")))]
    kind: Value<String>,
}

fn schema() -> ObjectSchema {
    Everything::schema()
}

fn tree(body: &Json) -> Dynamic {
    read(&schema(), body)
}

fn with(body: &Json, name: &str, value: Dynamic) -> (Json, Vec<String>) {
    let before = tree(body);
    let mut after = before.clone();
    after.as_entries_mut().unwrap().insert(name.to_owned(), value);
    let mut wanted = body.clone();
    let masks = update(&schema(), &before, &after, &mut wanted);
    (wanted, masks)
}

fn element(title: &str, age: Option<i64>) -> Dynamic {
    let age = age.map_or(Dynamic::Null, |age| Dynamic::Number(Number::from(age)));
    Dynamic::Object([("title".to_owned(), Dynamic::string(title)), ("age".to_owned(), age)].into())
}

fn strings(entries: &[(&str, &str)]) -> Dynamic {
    Dynamic::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), Dynamic::string(*value))).collect())
}

#[test]
fn what_is_absent_reads_as_the_default_or_null() {
    let read = tree(&json!({"text": "", "names": [], "inner": {}}));
    assert_eq!(read.get("class"), &Dynamic::string("STANDARD"));
    assert_eq!(read.get("flag"), &Dynamic::Bool(true));
    for name in ["text", "names", "inner", "list", "things", "labels", "link"] {
        assert_eq!(read.get(name), &Dynamic::Null, "{name}");
    }
}

#[test]
fn texts_and_keys_are_read_in_one_normal_form() {
    let nfd =
        json!({"text": "e\u{301}", "names": ["e\u{301}"], "notes": {"e\u{301}": "o\u{308}"}, "outer": {"list": []}});
    let nfc = json!({"text": "\u{e9}", "names": ["\u{e9}"], "notes": {"\u{e9}": "\u{f6}"}, "outer": {"list": []}});
    assert_eq!(read(&Everything::schema(), &nfd), read(&Everything::schema(), &nfc));
}

#[test]
fn every_attribute_is_in_the_tree() {
    let read = tree(&json!({}));
    assert_eq!(read.as_entries().unwrap().len(), schema().attributes.len());
}

#[test]
fn odd_types_do_not_break_a_read() {
    let read =
        tree(&json!({"text": ["x"], "big": {"no": 1}, "list": 7, "things": [], "inner": "x", "class": "BRAND_NEW"}));
    assert_eq!(read.get("text"), &Dynamic::Null);
    assert_eq!(read.get("class"), &Dynamic::string("BRAND_NEW"));
}

#[test]
fn big_integers_are_read_as_text_and_as_numbers() {
    let (text, number) = (tree(&json!({"big": "604800"})), tree(&json!({"big": 604800})));
    assert_eq!(text.get("big"), number.get("big"));
    assert_eq!(create(&schema(), &text)["big"], json!("604800"));
}

#[test]
fn null_empty_and_default_are_one() {
    let schema = schema();
    let same = |name: &str, a: Dynamic, b: Dynamic| equal(schema.attribute(name).unwrap(), &a, &b);
    assert!(same("text", Dynamic::Null, Dynamic::string("")));
    assert!(same("names", Dynamic::Null, Dynamic::set([])));
    assert!(same("class", Dynamic::Null, Dynamic::string("STANDARD")));
    assert!(same("inner", Dynamic::Null, read(schema.attribute("inner").unwrap().nested().unwrap().1, &json!({}))));
    assert!(!same("flag", Dynamic::Null, Dynamic::Bool(false)));
    assert!(!same("big", Dynamic::Null, Dynamic::Number(Number::from(0_i64))));
}

#[test]
fn order_counts_in_lists_and_not_in_bags() {
    let schema = schema();
    let (a, b) = (element("a", None), element("b", None));
    let lists = [Dynamic::List(vec![a.clone(), b.clone()]), Dynamic::List(vec![b, a])];
    assert!(!equal(schema.attribute("list").unwrap(), &lists[0], &lists[1]));
    assert!(equal(schema.attribute("bag").unwrap(), &lists[0], &lists[1]));
}

#[test]
fn a_creation_says_what_differs_from_the_defaults_and_what_is_always_sent() {
    let body = create(&schema(), &tree(&json!({"class": "standard", "outer": {"list": [{"condition": {"age": 0}}]}})));
    assert_eq!(
        body,
        json!({"a": {"b": {"flag": true}}, "class": "STANDARD", "outer": {"list": [{"condition": {"age": 0}}]}})
    );
}

#[test]
fn computed_attributes_are_never_written() {
    let (body, masks) = with(&json!({"link": "old"}), "link", Dynamic::string("new"));
    assert_eq!((body, masks), (json!({"link": "old"}), vec![]));
}

#[test]
fn an_update_leaves_what_it_does_not_know() {
    let body = json!({"a": {"b": {"flag": false, "unknown": 1}, "c": 2}, "etag": "x"});
    let (wanted, masks) = with(&body, "flag", Dynamic::Bool(true));
    assert_eq!(wanted, json!({"a": {"b": {"flag": true, "unknown": 1}, "c": 2}, "etag": "x"}));
    assert_eq!(masks, ["a.b.flag"]);
}

#[test]
fn elements_keep_unknown_fields_by_content_then_identity_then_position() {
    let body = json!({"outer": {"list": [
        {"title": "a", "condition": {"age": 1}, "name": "server/a"},
        {"title": "b", "condition": {"age": 2}, "name": "server/b"},
        {"title": "c", "condition": {"age": 3}, "name": "server/c"},
    ]}});
    let wanted = Dynamic::List(vec![element("b", Some(9)), element("a", Some(1)), element("new", Some(3))]);
    let (wanted, masks) = with(&body, "list", wanted);
    assert_eq!(
        wanted,
        json!({"outer": {"list": [
            {"title": "b", "condition": {"age": 9}, "name": "server/b"},
            {"title": "a", "condition": {"age": 1}, "name": "server/a"},
            {"title": "new", "condition": {"age": 3}, "name": "server/c"},
        ]}})
    );
    assert_eq!(masks, ["outer.list"]);
}

#[test]
fn an_emptied_list_is_removed_with_the_message_that_held_nothing_else() {
    let (wanted, masks) = with(&json!({"outer": {"list": [{"title": "a"}]}}), "list", Dynamic::Null);
    assert_eq!((wanted, masks), (json!({}), vec!["outer".to_owned()]));
}

#[test]
fn a_bag_keeps_the_order_of_the_api() {
    let body = json!({"bag": [{"title": "b"}, {"title": "a"}]});
    let (wanted, _) =
        with(&body, "bag", Dynamic::List(vec![element("a", None), element("c", None), element("b", None)]));
    assert_eq!(wanted, json!({"bag": [{"title": "b"}, {"title": "a"}, {"title": "c"}]}));
}

#[test]
fn maps_change_in_place_as_objects_and_as_lists() {
    let changed = Dynamic::Map([("x".to_owned(), element("t", Some(5))), ("z".to_owned(), element("z", None))].into());
    let (wanted, masks) =
        with(&json!({"things": {"x": {"title": "t", "id": 1}, "y": {"title": "y"}}}), "things", changed.clone());
    assert_eq!(wanted, json!({"things": {"x": {"title": "t", "id": 1, "condition": {"age": 5}}, "z": {"title": "z"}}}));
    assert_eq!(masks, ["things"]);
    let (wanted, masks) =
        with(&json!({"rows": [{"id": "y", "title": "y"}, {"id": "x", "title": "t", "k": 1}]}), "rows", changed);
    assert_eq!(
        wanted,
        json!({"rows": [{"id": "x", "title": "t", "k": 1, "condition": {"age": 5}}, {"title": "z", "id": "z"}]})
    );
    assert_eq!(masks, ["rows"]);
}

#[test]
fn keys_of_others_survive() {
    let before = strings(&[("mine", "1"), ("old", "1")]);
    let after = strings(&[("mine", "2"), ("new", "3")]);
    let object = |notes: Dynamic| Dynamic::Object([("notes".to_owned(), notes)].into());
    let mut body = json!({"notes": {"mine": "1", "old": "1", "theirs": "x"}});
    let masks = update(&schema(), &object(before), &object(after), &mut body);
    assert_eq!(body, json!({"notes": {"mine": "2", "new": "3", "theirs": "x"}}));
    assert_eq!(masks, ["notes"]);
}

#[test]
fn the_picked_element_is_the_one_with_the_field() {
    let body = json!({"box": {"items": [{"x": 1}, {"main": true, "size": 4}]}});
    assert_eq!(tree(&body).get("size"), &Dynamic::Number(Number::from(4_i64)));
    let (wanted, masks) = with(&body, "size", Dynamic::Number(Number::from(5_i64)));
    assert_eq!(wanted, json!({"box": {"items": [{"x": 1}, {"main": true, "size": 5}]}}));
    assert_eq!(masks, ["box.items"]);
}

#[test]
fn an_object_that_goes_goes_whole_and_a_changed_one_in_part() {
    let body = json!({"inner": {"on": true, "kind": "k", "since": "t"}});
    let (wanted, masks) = with(&body, "inner", Dynamic::Null);
    assert_eq!((wanted, masks), (json!({}), vec!["inner".to_owned()]));
    let off =
        Dynamic::Object([("on".to_owned(), Dynamic::Bool(false)), ("kind".to_owned(), Dynamic::string("k"))].into());
    let (wanted, masks) = with(&body, "inner", off);
    assert_eq!(
        (wanted, masks),
        (json!({"inner": {"on": false, "kind": "k", "since": "t"}}), vec!["inner.on".to_owned()])
    );
}

#[test]
fn masks_have_no_path_below_another() {
    let mut masks = masks::Masks::default();
    for path in ["a.b", "a", "ab.c", "ab.c", "a.b.c"] {
        masks.add(&masks::Prefix::default().join(path));
    }
    assert_eq!(masks.finish(&json!({"a": {"b": {}}, "ab": {}})), ["a", "ab.c"]);
}

#[test]
fn a_masked_body_holds_the_masked_parts_only() {
    let body = json!({"a": {"b": 1, "c": 2}, "d": 3});
    assert_eq!(masked(&body, &["a.b".to_owned(), "gone".to_owned()]), json!({"a": {"b": 1}}));
}

#[test]
fn a_merge_patch_says_what_changed_and_null_for_what_went() {
    let current =
        json!({"labels": {"a": "1", "b": "2"}, "lifecycle": {"rule": [1]}, "versioning": {"enabled": false}, "x": 1});
    let wanted = json!({"labels": {"a": "1", "c": "3"}, "lifecycle": {}, "versioning": {"enabled": true}, "x": 2});
    let masks = ["labels", "lifecycle.rule", "versioning.enabled"].map(str::to_owned);
    assert_eq!(
        merge_patch(&current, &wanted, &masks),
        json!({"labels": {"b": null, "c": "3"}, "lifecycle": null, "versioning": {"enabled": true}})
    );
}

#[test]
fn what_no_attribute_says_is_named_as_far_up_as_possible() {
    let body = json!({
        "text": "x", "etag": "e", "zero": 0, "off": {"on": false}, "labels": {"k": "v"},
        "box": {"items": [{"x": 1}, {"main": 1, "size": 4, "weight": 2}]},
        "inner": {"on": true, "more": {"deep": 1}},
        "things": {"k": {"title": "t", "id": 7}},
    });
    let mut found = unexpressed(&schema(), &body, &["etag", "things.*.id"]);
    found.sort();
    assert_eq!(found, ["box.items[0]", "box.items[1].main", "box.items[1].weight", "inner.more"]);
}

#[test]
fn durations_are_read_in_the_largest_unit_that_fits() {
    for (wire, human) in
        [("7776000s", "90d"), ("300s", "5m"), ("129600s", "36h"), ("0s", "0s"), ("61s", "61s"), ("0.500s", "0.500s")]
    {
        assert_eq!((DURATION.read)(&json!(wire)), Dynamic::string(human));
        assert_eq!((DURATION.write)(&Dynamic::string(human)), json!(wire));
    }
    assert_eq!((SECONDS.read)(&json!("604800")), Dynamic::string("7d"));
    assert_eq!((SECONDS.write)(&Dynamic::string("7d")), json!("604800"));
    assert_eq!((SECONDS_INT.write)(&Dynamic::string("4m")), json!(240));
}

#[test]
fn regions_are_read_in_lower_case_and_multi_regions_in_capitals() {
    assert_eq!((LOCATION.read)(&json!("EUROPE-WEST1")), Dynamic::string("europe-west1"));
    assert_eq!((LOCATION.read)(&json!("US")), Dynamic::string("US"));
    assert_eq!((LOCATION.read)(&json!("EUR4")), Dynamic::string("EUR4"));
}
