//! From trees to structs and back.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use tfplugin::{Diagnostics, Dynamic, Number, Object, Path, Type, Value};

use crate::everything::{Everything, Minutes, Rule, StorageClass};

fn decode<T: Object>(tree: &Dynamic) -> Result<T, String> {
    let mut diagnostics = Diagnostics::new();
    let object = T::decode(tree, &Path::root(), &mut diagnostics);
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|one| {
            let path = one.path.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{path}: {}: {}", one.summary, one.detail)
        })
        .collect();
    object.ok_or_else(|| lines.join("\n"))
}

fn refused<T: Object + std::fmt::Debug>(entries: &[(&str, Dynamic)], expected: Expect) {
    expected.assert_eq(&decode::<T>(&object(entries)).unwrap_err());
}

fn object(entries: &[(&str, Dynamic)]) -> Dynamic {
    Dynamic::Object(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn map(entries: &[(&str, Dynamic)]) -> Dynamic {
    Dynamic::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn number(value: i64) -> Dynamic {
    Dynamic::Number(Number::from(value))
}

fn rule(age: i64) -> Rule {
    Rule { age: Value::Known(age), ..Rule::default() }
}

fn filled() -> Everything {
    Everything {
        name: Value::Known("models".into()),
        r#type: Value::Unknown,
        enabled: Value::Known(true),
        size: Value::Known("12345678901234567890.5".parse().unwrap()),
        share: Value::Known(0.1),
        instances: Value::Known(-7),
        anything: Value::Known(Dynamic::Typed(Box::new(Type::Bool), Box::new(Dynamic::Bool(true)))),
        class: Value::Known(StorageClass::Standard),
        old_class: Value::Null,
        timeout: Value::Known(Minutes { spelling: "1h".into(), minutes: 60 }),
        password_wo: Value::Known("hush".into()),
        args: Value::Known(vec![Value::Known("a".into()), Value::Unknown, Value::Null]),
        ports: Value::Known(BTreeMap::from([("http".into(), 80)])),
        lengths: Value::Known(Vec::new()),
        rule: Value::Known(Rule {
            classes: Value::Known(BTreeSet::from([StorageClass::Archived, StorageClass::Standard])),
            count: Value::Unknown,
            ..rule(1)
        }),
        rules: Value::Known(vec![rule(2), rule(1)]),
        named_rules: Value::Known(BTreeMap::from([("x".into(), Value::Known(rule(3))), ("y".into(), Value::Unknown)])),
        deep: Value::Known(BTreeMap::from([("k".into(), vec![rule(4)])])),
        listed: vec![rule(5)],
        unordered: vec![rule(6), rule(7)],
        labelled: BTreeMap::from([("l".into(), rule(8))]),
        perhaps: Some(rule(9)),
        always: rule(10),
        dynamic: Value::Known(vec![Value::Unknown]),
    }
}

#[test]
fn what_is_written_reads_back() {
    assert_eq!(decode(&filled().encode()), Ok(filled()));
}

#[test]
fn what_is_written_has_exactly_the_attributes_of_the_schema() {
    let Type::Object(attributes) = Everything::schema().type_expression() else { panic!("an object") };
    let tree = filled().encode();
    assert!(tree.as_entries().unwrap().keys().eq(attributes.keys()));
}

#[test]
fn null_unknown_and_known_are_three_things() {
    let read = |value| decode::<Everything>(&object(&[("name", value), ("always", rule(1).encode())])).unwrap().name;
    assert_eq!(read(Dynamic::Null), Value::Null);
    assert_eq!(read(Dynamic::Unknown), Value::Unknown);
    assert_eq!(read(Dynamic::string("")), Value::Known(String::new()));
}

#[test]
fn an_absent_attribute_is_null() {
    assert_eq!(decode::<Rule>(&object(&[])), Ok(Rule::default()));
}

#[test]
fn a_spelling_is_kept() {
    let tree = object(&[("timeout", Dynamic::string("60m")), ("always", rule(1).encode())]);
    let decoded: Everything = decode(&tree).unwrap();
    assert_eq!(decoded.timeout, Value::Known(Minutes { spelling: "1h".into(), minutes: 60 }));
    assert_eq!(decoded.encode().get("timeout"), &Dynamic::string("60m"));
}

#[test]
fn a_set_is_written_sorted_and_once() {
    let tree = rule(1).encode();
    assert_eq!(tree.get("classes"), &Dynamic::Null);
    let classes = Value::Known(BTreeSet::from([StorageClass::Standard, StorageClass::Archived]));
    let tree = Rule { classes, ..rule(1) }.encode();
    assert_eq!(tree.get("classes"), &Dynamic::Set(vec![Dynamic::string("ARCHIVE"), Dynamic::string("STANDARD")]));
}

#[test]
fn a_bare_dynamic_value_gets_the_type_of_its_expression() {
    let anything = Dynamic::List(vec![Dynamic::string("a"), number(1)]);
    let tree = Everything { anything: Value::Known(anything.clone()), ..Everything::default() }.encode();
    let tuple = Type::Tuple(vec![Type::String, Type::Number]);
    assert_eq!(tree.get("anything"), &Dynamic::Typed(Box::new(tuple), Box::new(anything)));
}

#[test]
fn a_dynamic_value_known_by_its_type_alone_is_unknown() {
    let typed = Dynamic::Typed(Box::new(Type::String), Box::new(Dynamic::Unknown));
    let decoded: Everything = decode(&object(&[("anything", typed), ("always", rule(1).encode())])).unwrap();
    assert_eq!(decoded.anything, Value::Unknown);
}

#[test]
fn an_unknown_element_without_room_for_it_makes_the_collection_unknown() {
    let unknown = || Dynamic::List(vec![Dynamic::string("1m"), Dynamic::Unknown]);
    let deep = map(&[("k", Dynamic::List(vec![Dynamic::Unknown]))]);
    let tree = object(&[("lengths", unknown()), ("args", unknown()), ("deep", deep), ("always", rule(1).encode())]);
    let decoded: Everything = decode(&tree).unwrap();
    assert_eq!(decoded.lengths, Value::Unknown);
    assert_eq!(decoded.deep, Value::Unknown);
    assert_eq!(decoded.args, Value::Known(vec![Value::Known("1m".into()), Value::Unknown]));
}

#[test]
fn no_blocks_are_empty_and_not_null() {
    let tree = Everything::default().encode();
    assert_eq!(tree.get("listed"), &Dynamic::List(vec![]));
    assert_eq!(tree.get("unordered"), &Dynamic::Set(vec![]));
    assert_eq!(tree.get("labelled"), &map(&[]));
    assert_eq!(tree.get("dynamic"), &Dynamic::List(vec![]));
    assert_eq!(tree.get("perhaps"), &Dynamic::Null);
}

#[test]
fn every_problem_is_told_with_its_path() {
    refused::<Everything>(
        &[
            ("name", number(1)),
            ("class", Dynamic::string("standard")),
            ("lengths", Dynamic::List(vec![Dynamic::string("1m"), Dynamic::string("soon"), Dynamic::Null])),
            ("ports", map(&[("a", Dynamic::Number("1.5".parse().unwrap())), ("b", Dynamic::Null)])),
            ("named_rules", map(&[("k", object(&[("classes", Dynamic::Set(vec![Dynamic::string("ARCHIVED")]))]))])),
            ("listed", Dynamic::Unknown),
            ("always", rule(1).encode()),
        ],
        expect![[r#"
            name: Incorrect attribute value type: A string is needed here, not a number.
            class: Invalid value: It must be one of STANDARD, ARCHIVE. Did you mean STANDARD?
            ports["a"]: Invalid value: It must be a whole number between -9223372036854775808 and 9223372036854775807.
            ports["b"]: Null value in a collection: No element may be null here. Leave the element out, or give it a value.
            lengths[1]: Invalid value: Write a number of minutes or hours, like 90m or 2h.
            lengths[2]: Null value in a collection: No element may be null here. Leave the element out, or give it a value.
            named_rules["k"].classes: Invalid value: It must be one of STANDARD, ARCHIVE. Did you mean ARCHIVE?
            listed: Incorrect attribute value type: A known number of blocks is needed here, not an unknown value."#]],
    );
}

#[test]
fn a_problem_of_a_sensitive_attribute_does_not_repeat_it() {
    /// Secrets.
    #[derive(Debug, Object)]
    struct Secrets {
        /// A token.
        #[tf(optional, sensitive)]
        token: Value<Echo>,
    }
    /// A type whose messages repeat the value.
    #[derive(Debug, PartialEq)]
    struct Echo(String);
    impl tfplugin::Scalar for Echo {
        type Repr = String;
        type Error = String;
        fn parse(repr: String) -> Result<Self, String> {
            Err(format!("{repr} is wrong"))
        }
        fn repr(&self) -> String {
            self.0.clone()
        }
    }
    tfplugin::scalar!(Echo);
    let text = decode::<Secrets>(&object(&[("token", Dynamic::string("hush"))])).map(|it| it.token).unwrap_err();
    assert!(text.starts_with("token: Invalid value: "), "{text}");
    assert!(!text.contains("hush"), "{text}");
}
