//! Rules that every kind of component, and every attribute at every depth, obeys.
//!
//! They hold for kinds that do not exist yet: a new kind is in `KINDS`, so it is tested here.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use terraform_provider_mlops::aws;
use terraform_provider_mlops::aws::stack::AwsStack;
use terraform_provider_mlops::config::ProviderConfig;
use terraform_provider_mlops::engine::kind::AnyKind;
use terraform_provider_mlops::engine::marks::{
    Children, FreeText, Immutable, InputOnly, Labels, OwnKeys, Place, Refers, Volatile, Wire,
};
use terraform_provider_mlops::engine::scope::Scope;
use terraform_provider_mlops::google::kinds::KINDS;
use terraform_provider_mlops::google::stack::GoogleStack;
use terraform_provider_mlops::reference::{self, Examples};
use tfplugin::schema::{Presence, SchemaRole, Shape, problems};
use tfplugin::{Attribute, Dynamic, Object, ObjectSchema, Type};

static SNAKE_CASE: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z][a-z0-9]*(_[a-z0-9]+)*$").unwrap());
/// `template.containers[ports].image`, and `Attributes.FifoQueue` of AWS.
static WIRE_PATH: LazyLock<Regex> = LazyLock::new(|| {
    let name = "[A-Za-z][a-z0-9]*([A-Z]+[a-z0-9]*)*";
    Regex::new(&format!(r"^{name}(\[{name}\])?(\.{name}(\[{name}\])?)*$")).unwrap()
});

/// An attribute with its dotted path.
struct Found<'a> {
    path: String,
    attribute: &'a Attribute,
}

/// Every attribute of an object at every depth.
fn attributes<'a>(prefix: &str, object: &'a ObjectSchema) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for attribute in &object.attributes {
        let path = if prefix.is_empty() { attribute.name.to_string() } else { format!("{prefix}.{}", attribute.name) };
        let nested = attribute.nested().map(|(_, nested)| attributes(&path, nested)).unwrap_or_default();
        found.push(Found { path, attribute });
        found.extend(nested);
    }
    found
}

/// Every object of a kind: the component itself, and what is nested in it.
fn objects(path: String, object: &ObjectSchema) -> Vec<(String, &ObjectSchema)> {
    let nested = object.attributes.iter().filter_map(|attribute| {
        attribute.nested().map(|(_, nested)| objects(format!("{path}.{}", attribute.name), nested))
    });
    let nested: Vec<_> = nested.flatten().collect();
    std::iter::once((path, object)).chain(nested).collect()
}

/// The kinds of every cloud.
fn all_kinds() -> impl Iterator<Item = &'static AnyKind> {
    KINDS.iter().chain(aws::kinds::KINDS).copied()
}

/// What `broken` says of every attribute of every kind must be nothing.
fn for_all_attributes(broken: impl Fn(&AnyKind, &Found<'_>) -> Option<String>) {
    let mut found = Vec::new();
    for kind in all_kinds() {
        for place in attributes(kind.name(), kind.object()) {
            found.extend(broken(kind, &place).map(|what| format!("{}: {what}", place.path)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn is_written(attribute: &Attribute) -> bool {
    let stamped = ["effective_labels", "effective_tags"];
    attribute.presence.is_configurable() || stamped.contains(&attribute.name.as_ref())
}

fn leaf(plain: &Type) -> &Type {
    match plain {
        Type::List(element) | Type::Set(element) | Type::Map(element) => leaf(element),
        other => other,
    }
}

fn stack_and_provider() -> [(&'static str, ObjectSchema); 3] {
    [
        ("mlops_stack", GoogleStack::schema()),
        ("mlops_aws_stack", AwsStack::schema()),
        ("provider", ProviderConfig::schema()),
    ]
}

#[test]
fn terraform_takes_the_schemas() {
    assert_eq!(problems(&GoogleStack::schema(), SchemaRole::Resource), Vec::<String>::new());
    assert_eq!(problems(&AwsStack::schema(), SchemaRole::Resource), Vec::<String>::new());
    assert_eq!(problems(&ProviderConfig::schema(), SchemaRole::Provider), Vec::<String>::new());
}

#[test]
fn every_description_is_made_of_sentences() {
    let mut bad = Vec::new();
    for (name, schema) in stack_and_provider() {
        for place in attributes(name, &schema) {
            let described = [place.attribute.description.as_ref()];
            let choices = place.attribute.rules.choice_descriptions.iter().copied();
            let object = place.attribute.nested().map(|(_, object)| object.description.as_ref());
            for text in described.into_iter().chain(choices).chain(object) {
                let begins = text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '`');
                if !begins || !text.ends_with('.') {
                    bad.push(format!("{}: {text:?}", place.path));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn names_are_snake_case() {
    let mut bad = Vec::new();
    for (name, schema) in stack_and_provider() {
        let paths = attributes(name, &schema).into_iter();
        bad.extend(paths.filter(|place| !SNAKE_CASE.is_match(&place.attribute.name)).map(|place| place.path));
    }
    assert_eq!(bad, Vec::<String>::new());
}

#[test]
fn a_kind_has_a_name_and_a_noun_of_its_own() {
    for kinds in [KINDS, aws::kinds::KINDS] {
        let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let nouns: BTreeSet<&str> = kinds.iter().map(|kind| kind.noun()).collect();
        assert_eq!((names.len(), nouns.len()), (kinds.len(), kinds.len()));
    }
    for kind in all_kinds() {
        let (name, noun) = (kind.name(), kind.noun());
        assert!(kind.sibling(name).is_some_and(|found| found.name() == name), "{name}");
        assert!(noun.chars().all(|c| c.is_ascii_lowercase() || c == ' ') && name != noun, "{name}: {noun}");
    }
}

#[test]
fn a_kind_has_a_section_in_the_reference() {
    let pages = reference::pages(&Examples::default());
    for (path, kinds) in [("resources/stack.md", KINDS), ("resources/aws_stack.md", aws::kinds::KINDS)] {
        let page = &pages.iter().find(|page| page.path == path).unwrap().text;
        for kind in kinds {
            let heading = format!("\n## `{}`\n", kind.name());
            assert_eq!(page.matches(&heading).count(), 1, "{heading}");
        }
    }
}

#[test]
fn a_kind_is_shown_in_the_example_of_a_stack() {
    for kind in all_kinds() {
        let resource = kind.terms().resource();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/resources").join(resource);
        let example = std::fs::read_to_string(path.join("resource.tf")).unwrap();
        assert!(example.contains(&format!("\n  {} = {{\n", kind.name())), "{} is missing", kind.name());
    }
}

#[test]
fn wire_paths_are_camel_case() {
    for_all_attributes(|_, place| {
        let wire = place.attribute.extensions.get::<Wire>()?;
        let paths = match wire.place {
            Place::At(path) => vec![path],
            Place::With(codec) => codec.masks().to_vec(),
        };
        let bad: Vec<&str> = paths.into_iter().filter(|path| !WIRE_PATH.is_match(path)).collect();
        (!bad.is_empty()).then(|| format!("{bad:?}"))
    });
}

#[test]
fn no_two_attributes_are_written_to_one_place() {
    let mut bad = Vec::new();
    for (path, object) in all_kinds().flat_map(|kind| objects(kind.name().to_owned(), kind.object())) {
        let written: Vec<(&Attribute, &str)> = object
            .attributes
            .iter()
            .filter(|attribute| is_written(attribute))
            .filter_map(|attribute| match attribute.extensions.get::<Wire>()?.place {
                Place::At(place) => Some((attribute, place)),
                Place::With(_) => None,
            })
            .collect();
        for (index, (one, place)) in written.iter().enumerate() {
            for (other, other_place) in &written[index + 1..] {
                // Two maps may share a place when each touches only its own keys.
                let share = [one, other].iter().all(|attribute| attribute.extensions.get::<OwnKeys>().is_some());
                let below =
                    |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
                if !share && (below(place, other_place) || below(other_place, place)) {
                    bad.push(format!("{path}: {} at {place}, {} at {other_place}", one.name, other.name));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_default_obeys_the_rules_of_its_attribute() {
    let mut bad = Vec::new();
    for (name, schema) in stack_and_provider() {
        for place in attributes(name, &schema) {
            let Some(default) = &place.attribute.default else { continue };
            if place.attribute.presence != Presence::OptionalComputed {
                bad.push(format!("{}: a default needs the presence OptionalComputed", place.path));
            }
            if let Err(why) = (place.attribute.rules.check)(default) {
                bad.push(format!("{}: {why}", place.path));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The engine compares and refuses whole attributes of a component, and of the children in it; of a child also what it is
/// tied to, which only the provider sets.
#[test]
fn only_what_the_engine_compares_is_immutable() {
    for_all_attributes(|kind, place| {
        place.attribute.extensions.get::<Immutable>()?;
        let parts: Vec<&str> = place.path.split('.').collect();
        let parent = parts.get(1).and_then(|name| kind.object().attribute(name));
        let is_child = parts.len() == 3 && parent.is_some_and(|parent| parent.extensions.get::<Children>().is_some());
        let is_own = parts.len() == 2 && place.attribute.presence.is_configurable();
        let has_wire = place.attribute.extensions.get::<Wire>().is_some();
        (!(is_own || is_child) || !has_wire)
            .then(|| "Immutable is for attributes that the API has: those that a user sets on a component, and those of a child".to_owned())
    });
}

#[test]
fn only_what_the_provider_sets_is_volatile() {
    for_all_attributes(|_, place| {
        place.attribute.extensions.get::<Volatile>()?;
        (place.attribute.presence != Presence::Computed).then(|| "Volatile, but the user sets it".to_owned())
    });
}

#[test]
fn a_reference_is_to_an_attribute_that_its_kind_has() {
    for_all_attributes(|kind, place| {
        let refers = place.attribute.extensions.get::<Refers>()?;
        // Kinds may refer to one that is still to come.
        let target = kind.sibling(refers.kind)?;
        let attribute = target.object().attribute(refers.attribute);
        attribute.is_none().then(|| format!("{} have no {}", refers.kind, refers.attribute))
    });
}

#[test]
fn references_are_written_in_texts_that_the_user_sets() {
    for_all_attributes(|_, place| {
        let Attribute { extensions, shape, presence, .. } = place.attribute;
        let refers = extensions.get::<Refers>().is_some() || extensions.get::<FreeText>().is_some();
        let is_text = matches!(shape, Shape::Plain(plain) if *leaf(plain) == Type::String);
        (refers && !(is_text && presence.is_configurable()))
            .then(|| "a reference in what is no text of the user's".to_owned())
    });
}

#[test]
fn a_secret_is_write_only_and_has_a_version_to_send_it_again() {
    for kind in all_kinds() {
        for (path, object) in objects(kind.name().to_owned(), kind.object()) {
            for attribute in object.attributes.iter().filter(|attribute| attribute.write_only) {
                assert!(attribute.name.ends_with("_wo"), "{path}.{}", attribute.name);
                assert!(
                    attribute.extensions.get::<InputOnly>().is_some(),
                    "{path}.{} is never read back",
                    attribute.name
                );
                let version = object.attribute(&format!("{}_version", attribute.name));
                assert!(version.is_some_and(|version| !version.write_only), "{path}.{}", attribute.name);
            }
        }
    }
}

#[test]
fn labels_are_written_through_the_effective_ones() {
    for kind in all_kinds() {
        let object = kind.object();
        let own: Vec<&Attribute> =
            object.attributes.iter().filter(|attribute| attribute.extensions.get::<Labels>().is_some()).collect();
        assert!(own.len() <= 1, "{} has several attributes with labels", kind.name());
        let effective = object.attribute(kind.effective_labels());
        assert_eq!(own.is_empty(), effective.is_none(), "{}", kind.name());
        for attribute in own {
            assert!(attribute.extensions.get::<Wire>().is_none(), "{}.{}", kind.name(), attribute.name);
        }
    }
}

#[test]
fn an_object_is_found_by_its_name_or_by_the_id_that_the_server_gave() {
    for kind in all_kinds() {
        let attribute =
            |name: &str| kind.object().attribute(name).unwrap_or_else(|| panic!("{} have no {name}", kind.name()));
        if kind.is_named_by_cloud() {
            assert_eq!(attribute("id").presence, Presence::Computed, "{}", kind.name());
        } else if let Some(name) = kind.object().attribute("name") {
            assert_eq!(name.presence, Presence::OptionalComputed, "{}: it defaults to the KEY", kind.name());
            assert!(name.extensions.get::<Immutable>().is_some(), "{}", kind.name());
        } else {
            // What the cloud names after another attribute.
            let names = |attribute: &&Attribute| {
                let component = Dynamic::Object([(attribute.name.to_string(), Dynamic::string("https://a.b"))].into());
                kind.objects().name(&component, &Scope::default()).is_some()
            };
            let naming: Vec<&Attribute> = kind.object().attributes.iter().filter(names).collect();
            assert_eq!(naming.len(), 1, "{}", kind.name());
            assert_eq!(naming[0].presence, Presence::Required, "{}", kind.name());
            assert!(naming[0].extensions.get::<Immutable>().is_some(), "{}", kind.name());
        }
    }
}

#[test]
fn what_decides_about_the_collection_of_an_object_cannot_change() {
    let mut places = Vec::new();
    for kind in all_kinds() {
        for attribute in &kind.object().attributes {
            let collection = |value: &str| {
                let component = Dynamic::Object([(attribute.name.to_string(), Dynamic::string(value))].into());
                kind.objects().collection(&component, &Scope::default())
            };
            if collection("a") != collection("b") {
                places.push(format!("{}.{}", kind.name(), attribute.name));
                assert!(attribute.extensions.get::<Immutable>().is_some(), "{}.{}", kind.name(), attribute.name);
            }
        }
    }
    assert!(places.contains(&"services.location".to_owned()), "{places:?}");
    assert!(places.contains(&"budgets.billing_account".to_owned()), "{places:?}");
}

/// During validation nothing but the KEY may be known yet.
#[test]
fn a_component_of_unknowns_is_judged_without_an_error() {
    for kind in all_kinds() {
        let attributes = kind.object().attributes.iter();
        let unknown = |attribute: &Attribute| {
            if attribute.presence == Presence::Computed { Dynamic::Null } else { Dynamic::Unknown }
        };
        let component = Dynamic::Object(attributes.map(|a| (a.name.to_string(), unknown(a))).collect());
        let mut diagnostics = tfplugin::Diagnostics::new();
        kind.validate(&component, &tfplugin::Path::root().attribute(kind.name()).key("it"), &mut diagnostics);
        assert!(!diagnostics.has_error(), "{}: {diagnostics:?}", kind.name());
    }
}
