//! The attributes of a stack, as Terraform sees them in its schema.
//!
//! Nothing here knows a kind: what is declared tomorrow is walked, too. `samples` says which values the attributes get.

use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Attribute, ObjectSchema};

/// The KEY of every component, and of everything that a map holds inside one.
pub(crate) const KEY: &str = "sample";

/// An attribute, and those that it lies in.
#[derive(Clone)]
pub(crate) struct Place<'s> {
    /// `buckets.lifecycle_rules.age`
    pub(crate) path: String,
    pub(crate) attribute: &'s Attribute,
    /// From the outermost one to the one that holds it.
    pub(crate) parents: Vec<(String, &'s Attribute)>,
}

impl Place<'_> {
    /// The kind of component that it belongs to; none for the stack's own attributes.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.parents.first().map(|(path, _)| path.as_str()).filter(|path| *path != "timeouts")
    }

    /// Where the object that holds it lies in a configuration.
    pub(crate) fn holder(&self) -> Vec<String> {
        self.parents.iter().flat_map(|(_, parent)| steps(parent)).collect()
    }

    /// Where it lies itself.
    pub(crate) fn steps(&self) -> Vec<String> {
        let mut steps = self.holder();
        steps.push(self.attribute.name.to_string());
        steps
    }
}

/// From the object that holds a nested attribute into the nested object.
pub(crate) fn steps(nested: &Attribute) -> Vec<String> {
    let name = nested.name.to_string();
    match nested.shape {
        Shape::Nested(Nesting::Map, _) => vec![name, KEY.to_owned()],
        Shape::Nested(Nesting::List | Nesting::Set, _) => vec![name, "0".to_owned()],
        Shape::Nested(Nesting::Single, _) | Shape::Plain(_) => vec![name],
    }
}

/// Every attribute at every depth.
pub(crate) fn places(schema: &ObjectSchema) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    walk(schema, &[], &mut found);
    found
}

fn walk<'s>(object: &'s ObjectSchema, parents: &[(String, &'s Attribute)], found: &mut Vec<Place<'s>>) {
    for attribute in &object.attributes {
        let before = parents.last().map(|(path, _)| format!("{path}.")).unwrap_or_default();
        let path = format!("{before}{}", attribute.name);
        found.push(Place { path: path.clone(), attribute, parents: parents.to_vec() });
        if let Some((_, nested)) = attribute.nested() {
            let inside: Vec<_> = parents.iter().cloned().chain([(path, attribute)]).collect();
            walk(nested, &inside, found);
        }
    }
}
