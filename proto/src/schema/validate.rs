//! What Terraform refuses in a schema, or crashes on.
//!
//! Terraform checks schemas late, one at a time and in its own words; some mistakes make it panic. All of them are found
//! here, with the attribute's name, before anything is sent.

use std::collections::BTreeSet;

use super::{Attribute, Block, BlockNesting, Nesting, ObjectSchema, Presence, Shape};
use crate::Type;
use crate::value::msgpack;

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaRole {
    /// A provider block.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// The identity of a managed resource.
    Identity,
}

/// Everything that is wrong with a schema, one sentence each, beginning with the attribute's place.
pub fn problems(object: &ObjectSchema, role: SchemaRole) -> Vec<String> {
    let mut checker = Checker { role, problems: Vec::new() };
    checker.object(object, &mut Vec::new(), Surroundings::default());
    checker.problems
}

struct Checker {
    role: SchemaRole,
    problems: Vec<String>,
}

/// What an attribute is inside of.
#[derive(Clone, Copy, Default)]
struct Surroundings {
    set: bool,
    collection: bool,
    nested_attribute: bool,
}

const RESERVED_IN_RESOURCES: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];
const RESERVED_IN_PROVIDERS: [&str; 2] = ["alias", "version"];

impl Checker {
    fn report(&mut self, place: &[String], problem: &str) {
        self.problems.push(format!("{}: {problem}", place.join(".")));
    }

    fn object(&mut self, object: &ObjectSchema, place: &mut Vec<String>, around: Surroundings) {
        let mut names = BTreeSet::new();
        for attribute in &object.attributes {
            place.push(attribute.name.to_string());
            self.name(&attribute.name, place, &mut names);
            self.attribute(attribute, place, around);
            place.pop();
        }
        for block in &object.blocks {
            place.push(block.name.to_string());
            self.name(&block.name, place, &mut names);
            self.block(block, place, around);
            place.pop();
        }
    }

    fn name<'n>(&mut self, name: &'n str, place: &[String], names: &mut BTreeSet<&'n str>) {
        if !is_identifier(name) {
            self.report(
                place,
                "a name consists of lower-case letters, digits and underscores, and starts with a letter",
            );
        }
        if !names.insert(name) {
            self.report(place, "there are two attributes or blocks of this name");
        }
        let reserved: &[&str] = match self.role {
            SchemaRole::Provider => &RESERVED_IN_PROVIDERS,
            SchemaRole::Resource | SchemaRole::DataSource => &RESERVED_IN_RESOURCES,
            SchemaRole::Identity => &[],
        };
        if place.len() == 1 && reserved.contains(&name) {
            self.report(place, "Terraform keeps this name for itself");
        }
    }

    fn attribute(&mut self, attribute: &Attribute, place: &mut Vec<String>, around: Surroundings) {
        if attribute.write_only {
            if attribute.presence.is_computed() {
                self.report(place, "a write-only attribute cannot be computed");
            }
            if around.set {
                self.report(place, "there can be no write-only attribute in a set");
            }
            if self.role != SchemaRole::Resource {
                self.report(place, "only managed resources have write-only attributes");
            }
        }
        if attribute.deprecated.as_deref() == Some("") {
            self.report(place, "a deprecation needs a message");
        }
        if self.role == SchemaRole::Identity {
            self.identity_attribute(attribute, place);
        }
        if let Some(default) = &attribute.default {
            let ty = attribute.shape.type_expression();
            if attribute.presence != Presence::OptionalComputed {
                self.report(place, "an attribute with a default is optional and computed");
            }
            if let Err(error) = msgpack::encode(&ty, default) {
                self.report(place, &format!("the default has another type: {error}"));
            } else if let Err(reason) = attribute.rules.check_all(default) {
                self.report(place, &format!("the default is not allowed: {reason}"));
            }
        }
        match &attribute.shape {
            Shape::Plain(ty) => self.plain(ty, place, around),
            Shape::Nested(nesting, object) => {
                if !object.blocks.is_empty() {
                    self.report(place, "nested attributes cannot have blocks in them");
                }
                let set = around.set || *nesting == Nesting::Set;
                let collection = around.collection || *nesting != Nesting::Single;
                self.object(object, place, Surroundings { set, collection, nested_attribute: true });
            }
        }
    }

    fn plain(&mut self, ty: &Type, place: &[String], around: Surroundings) {
        if collects_dynamic(ty) || (around.collection && has_dynamic(ty)) {
            self.report(
                place,
                "a value that brings its own type cannot stand in a collection: Terraform crashes on it",
            );
        }
        if let Some(name) = bad_member(ty) {
            self.report(place, &format!("{name:?} is not a valid name for a member of an object"));
        }
    }

    fn identity_attribute(&mut self, attribute: &Attribute, place: &[String]) {
        let primitive = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
        let fits = match &attribute.shape {
            Shape::Plain(Type::List(element)) => primitive(element),
            Shape::Plain(ty) => primitive(ty),
            Shape::Nested(..) => false,
        };
        if !fits {
            self.report(place, "an identity consists of primitives and lists of primitives");
        }
        if !matches!(attribute.presence, Presence::Required | Presence::Optional) {
            self.report(place, "an identity's attribute is required or optional for import");
        }
    }

    fn block(&mut self, block: &Block, place: &mut Vec<String>, around: Surroundings) {
        if around.nested_attribute {
            self.report(place, "nested attributes cannot have blocks in them");
        }
        if self.role == SchemaRole::Identity {
            self.report(place, "an identity has no blocks");
        }
        let set = match block.nesting {
            BlockNesting::List { min, max } | BlockNesting::Set { min, max } => {
                if min < 0 || max < 0 || (max != 0 && min > max) {
                    self.report(place, "the least number of blocks is larger than the most");
                }
                matches!(block.nesting, BlockNesting::Set { .. })
            }
            BlockNesting::Single | BlockNesting::Group | BlockNesting::Map => false,
        };
        let single = matches!(block.nesting, BlockNesting::Single | BlockNesting::Group);
        let collection = around.collection || !single;
        self.object(&block.object, place, Surroundings { set: around.set || set, collection, nested_attribute: false });
    }
}

/// Whether `name` can name an attribute, a function or a parameter.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::String | Type::Number | Type::Bool => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Object(attributes) => attributes.values().any(has_dynamic),
        Type::Tuple(types) => types.iter().any(has_dynamic),
    }
}

/// Elements of one collection have one type, so nothing inside may choose its own.
fn collects_dynamic(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Object(attributes) => attributes.values().any(collects_dynamic),
        Type::Tuple(types) => types.iter().any(collects_dynamic),
        Type::String | Type::Number | Type::Bool | Type::Dynamic => false,
    }
}

fn bad_member(ty: &Type) -> Option<&str> {
    match ty {
        Type::Object(attributes) => attributes
            .iter()
            .find_map(|(name, ty)| if is_identifier(name) { bad_member(ty) } else { Some(name.as_str()) }),
        Type::List(element) | Type::Set(element) | Type::Map(element) => bad_member(element),
        Type::Tuple(types) => types.iter().find_map(bad_member),
        Type::String | Type::Number | Type::Bool | Type::Dynamic => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::schema::Extensions;
    use crate::value::{Dynamic, ScalarRules};

    fn attribute(name: &'static str, ty: Type) -> Attribute {
        Attribute {
            name: Cow::Borrowed(name),
            description: Cow::Borrowed(""),
            shape: Shape::Plain(ty),
            presence: Presence::Optional,
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            requires_replace: false,
            rules: ScalarRules::PLAIN,
            extensions: Extensions::default(),
        }
    }

    fn text(name: &'static str) -> Attribute {
        attribute(name, Type::String)
    }

    fn found(attributes: Vec<Attribute>, role: SchemaRole) -> String {
        problems(&ObjectSchema { attributes, ..ObjectSchema::default() }, role).join("\n")
    }

    /// Holds that a resource with this attribute is refused for this reason.
    fn refused(attribute: Attribute, reason: &str) {
        assert_eq!(found(vec![attribute], SchemaRole::Resource), reason);
    }

    #[test]
    fn names_are_checked() {
        refused(
            text("Name"),
            "Name: a name consists of lower-case letters, digits and underscores, and starts with a letter",
        );
        refused(text("count"), "count: Terraform keeps this name for itself");
        assert_eq!(found(vec![text("count")], SchemaRole::Provider), "");
        assert_eq!(found(vec![text("alias")], SchemaRole::Provider), "alias: Terraform keeps this name for itself");
        let twice = found(vec![text("a"), text("a")], SchemaRole::Resource);
        assert_eq!(twice, "a: there are two attributes or blocks of this name");
    }

    #[test]
    fn nested_names_are_nobodys() {
        let inner = ObjectSchema { attributes: vec![text("count")], ..ObjectSchema::default() };
        let nested = Attribute { shape: Shape::Nested(Nesting::List, Box::new(inner)), ..text("rules") };
        assert_eq!(found(vec![nested], SchemaRole::Resource), "");
    }

    #[test]
    fn collections_of_dynamic_values_are_refused() {
        let reason = "a: a value that brings its own type cannot stand in a collection: Terraform crashes on it";
        refused(attribute("a", Type::List(Box::new(Type::Dynamic))), reason);
        let object = Type::Object([("x".into(), Type::Dynamic)].into());
        refused(attribute("a", object.clone()), "");
        refused(attribute("a", Type::Map(Box::new(object))), reason);
        let inner = ObjectSchema { attributes: vec![attribute("x", Type::Dynamic)], ..ObjectSchema::default() };
        let nested = |nesting| Attribute { shape: Shape::Nested(nesting, Box::new(inner.clone())), ..text("a") };
        refused(nested(Nesting::Single), "");
        refused(nested(Nesting::Map), &reason.replace("a: ", "a.x: "));
    }

    #[test]
    fn write_only_attributes_have_limits() {
        let secret = || Attribute { write_only: true, ..text("s") };
        refused(secret(), "");
        refused(
            Attribute { presence: Presence::OptionalComputed, ..secret() },
            "s: a write-only attribute cannot be computed",
        );
        assert_eq!(
            found(vec![secret()], SchemaRole::DataSource),
            "s: only managed resources have write-only attributes"
        );
        let inner = ObjectSchema { attributes: vec![secret()], ..ObjectSchema::default() };
        let set = Attribute { shape: Shape::Nested(Nesting::Set, Box::new(inner)), ..text("a") };
        refused(set, "a.s: there can be no write-only attribute in a set");
    }

    #[test]
    fn defaults_fit_their_attribute() {
        let default = |value| Attribute { default: Some(value), presence: Presence::OptionalComputed, ..text("a") };
        refused(default(Dynamic::string("x")), "");
        refused(default(Dynamic::Bool(true)), "a: the default has another type: a string is needed, found a bool");
        refused(
            Attribute { presence: Presence::Optional, ..default(Dynamic::string("x")) },
            "a: an attribute with a default is optional and computed",
        );
    }

    #[test]
    fn identities_are_flat() {
        let flat = vec![text("a"), attribute("b", Type::List(Box::new(Type::Number)))];
        assert_eq!(found(flat, SchemaRole::Identity), "");
        assert_eq!(
            found(vec![attribute("m", Type::Map(Box::new(Type::String)))], SchemaRole::Identity),
            "m: an identity consists of primitives and lists of primitives"
        );
        let computed = Attribute { presence: Presence::Computed, ..text("a") };
        assert_eq!(
            found(vec![computed], SchemaRole::Identity),
            "a: an identity's attribute is required or optional for import"
        );
    }
}
