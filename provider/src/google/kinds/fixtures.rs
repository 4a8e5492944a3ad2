//! What the tests of kinds share: real answers of the APIs, a scope, and a component as a configuration says it.

use std::path::Path as FilePath;

use serde_json::Value as Json;
use tfplugin::schema::{Nesting, Presence, Shape};
use tfplugin::{Diagnostics, Dynamic, Number, ObjectSchema, Path, Type};

use crate::engine::kind::AnyKind;
use crate::engine::place::Place;
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The project of the CT-scan environment.
pub(super) const PROJECT: &str = "dtu-mlops-data-482907";

/// The JSON of the CT-scan environment whose path ends in `end`.
pub(super) fn ct_scan(end: &str) -> Json {
    let environment: Json = serde_json::from_str(&read("environments/ct-scan.json")).unwrap();
    let resources = environment["resources"].as_array().unwrap();
    let found = resources.iter().find(|resource| resource["path"].as_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("the environment has nothing at {end}"))["body"].clone()
}

/// The exchanges of a recording of real traffic.
pub(super) fn recording(name: &str) -> Vec<Json> {
    let text = read(&format!("recordings/real/{name}.jsonl"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The answers of a recording that `is_wanted`; there is one at least, or its test would pass without looking.
pub(super) fn answers(name: &str, is_wanted: impl Fn(&Json) -> bool) -> Vec<Json> {
    let all = recording(name).into_iter().map(|mut exchange| exchange["response"].take());
    let wanted: Vec<Json> = all.filter(is_wanted).collect();
    assert!(!wanted.is_empty(), "{name} has no such answer");
    wanted
}

/// A file of the tests' data.
fn read(path: &str) -> String {
    let file = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../acceptance-tests").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The CT-scan project.
pub(super) fn scope() -> Scope {
    Scope {
        place: Place {
            account: PROJECT.to_owned(),
            number: Some("777769481436".to_owned()),
            region: "europe-west1".to_owned(),
        },
        stack: "ct-scan".to_owned(),
        ..Scope::default()
    }
}

/// A value as HCL would give it, by the schema; defaults are filled in as the SDK does.
pub(crate) fn component(kind: &AnyKind, hcl: &Json) -> Dynamic {
    object(kind.object(), hcl)
}

fn object(schema: &ObjectSchema, hcl: &Json) -> Dynamic {
    for name in hcl.as_object().into_iter().flatten().map(|(name, _)| name) {
        assert!(schema.attribute(name).is_some(), "no attribute {name}");
    }
    let attribute = |attribute: &tfplugin::Attribute| {
        let value = match hcl.get(attribute.name.as_ref()) {
            None | Some(Json::Null) => attribute.default.clone().unwrap_or_default(),
            Some(hcl) => match &attribute.shape {
                Shape::Plain(plain) => plainly(plain, hcl),
                Shape::Nested(nesting, inner) => {
                    let items = || hcl.as_array().unwrap().iter().map(|item| object(inner, item));
                    match nesting {
                        Nesting::Single => object(inner, hcl),
                        Nesting::List => Dynamic::List(items().collect()),
                        Nesting::Set => Dynamic::set(items()),
                        Nesting::Map => {
                            let entries = hcl.as_object().unwrap().iter();
                            Dynamic::Map(entries.map(|(key, item)| (key.clone(), object(inner, item))).collect())
                        }
                    }
                }
            },
        };
        (attribute.name.to_string(), value)
    };
    Dynamic::Object(schema.attributes.iter().map(attribute).collect())
}

fn plainly(plain: &Type, hcl: &Json) -> Dynamic {
    match (plain, hcl) {
        (Type::List(inner), Json::Array(items)) => {
            Dynamic::List(items.iter().map(|item| plainly(inner, item)).collect())
        }
        (Type::Set(inner), Json::Array(items)) => Dynamic::set(items.iter().map(|item| plainly(inner, item))),
        (Type::Map(inner), Json::Object(entries)) => {
            Dynamic::Map(entries.iter().map(|(key, item)| (key.clone(), plainly(inner, item))).collect())
        }
        (_, Json::String(text)) => Dynamic::string(text),
        (_, Json::Bool(value)) => Dynamic::Bool(*value),
        (_, Json::Number(number)) => Dynamic::Number(number.to_string().parse::<Number>().unwrap()),
        (plain, other) => panic!("{other} is no {plain}"),
    }
}

/// What the kind reads out of `body`.
pub(super) fn read_body(kind: &AnyKind, body: &Json) -> Dynamic {
    wire::read(kind.object(), body)
}

/// The attributes that the user may set, in which a configuration and what was read differ. What the configuration leaves
/// to the API is no difference.
pub(super) fn differences(kind: &AnyKind, configured: &Dynamic, found: &Dynamic) -> Vec<String> {
    let mut meant = configured.clone();
    kind.effective(&mut meant, "key", &scope());
    let attributes = kind.object().attributes.iter().filter(|attribute| {
        attribute.presence.is_configurable() && attribute.extensions.get::<crate::engine::marks::Wire>().is_some()
    });
    attributes
        .filter(|attribute| attribute.presence != Presence::OptionalComputed || !meant.get(&attribute.name).is_null())
        .filter(|attribute| !wire::equal(attribute, meant.get(&attribute.name), found.get(&attribute.name)))
        .map(|attribute| attribute.name.to_string())
        .collect()
}

/// The JSON after an update from `before` to `after`, and its mask.
pub(super) fn updated(kind: &AnyKind, body: &Json, change: impl FnOnce(&mut Dynamic)) -> (Json, Vec<String>) {
    let before = read_body(kind, body);
    let mut after = before.clone();
    change(&mut after);
    let mut wanted = body.clone();
    let mask = wire::update(kind.object(), &before, &after, &mut wanted);
    let mut patch = crate::google::rest::Patch { body: wanted, mask };
    super::rest_kind(kind).before_update(body, &mut patch);
    (patch.body, patch.mask)
}

/// Sets an attribute.
pub(super) fn set(component: &mut Dynamic, name: &str, value: Dynamic) {
    component.as_entries_mut().unwrap().insert(name.to_owned(), value);
}

/// The body of a creation.
pub(super) fn created(kind: &AnyKind, hcl: &Json) -> Json {
    let mut component = component(kind, hcl);
    kind.effective(&mut component, "key", &scope());
    let mut body = wire::create(kind.object(), &component);
    super::rest_kind(kind).before_create(&mut body, &scope());
    body
}

/// What is wrong with a component in every plan: paths and texts.
pub(super) fn problems(kind: &AnyKind, hcl: &Json) -> Vec<(String, String)> {
    judged(kind, hcl, AnyKind::validate)
}

/// What is wrong with a component for the sake of its being made: paths and texts.
pub(super) fn problems_when_new(kind: &AnyKind, hcl: &Json) -> Vec<(String, String)> {
    judged(kind, hcl, AnyKind::validate_new)
}

fn judged(
    kind: &AnyKind,
    hcl: &Json,
    judge: impl FnOnce(&AnyKind, &Dynamic, &Path, &mut Diagnostics),
) -> Vec<(String, String)> {
    let mut diagnostics = Diagnostics::new();
    judge(kind, &component(kind, hcl), &Path::root().attribute(kind.name()).key("k"), &mut diagnostics);
    let text = |problem: &tfplugin::Diagnostic| {
        let path = problem.path.as_ref().map(ToString::to_string).unwrap_or_default();
        (path, format!("{}: {}", problem.summary, problem.detail))
    };
    diagnostics.iter().map(text).collect()
}

/// Checks that the only problem is at `path` and says `text`.
#[track_caller]
pub(super) fn refused(kind: &AnyKind, hcl: &Json, path: &str, text: &str) {
    let mut found = problems(kind, hcl);
    found.extend(problems_when_new(kind, hcl));
    let path = format!("{}[\"k\"]{path}", kind.name());
    assert!(found.iter().any(|(at, says)| *at == path && says.contains(text)), "{path} {text:?} in {found:#?}");
    assert_eq!(found.len(), 1, "{found:#?}");
}
