//! One text for all values that mean the same: what digests are made of. It follows `equality` case by case.

use std::fmt::Write as _;

use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Attribute, Dynamic, ObjectSchema, Type};

use super::equality::is_blank;
use crate::engine::marks::{Children, OneForm, Refers, Unordered};

/// The text of a value of `attribute`. What the provider computes is no setting and does not count, nor do the KEYs of
/// children. `name` gives names of the cloud one form.
pub fn canonical(attribute: &Attribute, value: &Dynamic, name: &impl Fn(&Attribute, &str) -> String) -> String {
    if is_blank(attribute, value) {
        return "null".to_owned();
    }
    let is_unordered = attribute.extensions.get::<Unordered>().is_some();
    match &attribute.shape {
        Shape::Plain(plain) => of_plain(attribute, plain, is_unordered, value, name),
        Shape::Nested(nesting, object) => {
            let one = |value: &Dynamic| of_object(object, value, name);
            match nesting {
                Nesting::Single => match attribute.extensions.get::<OneForm>() {
                    Some(OneForm(form)) if value.is_wholly_known() => one(&form(object, value)),
                    _ => one(value),
                },
                Nesting::List | Nesting::Set => of_elements(value, is_unordered || *nesting == Nesting::Set, one),
                Nesting::Map if attribute.extensions.get::<Children>().is_some() => {
                    let children = value.as_entries().into_iter().flatten().map(|(_, child)| one(child));
                    bracketed(children.collect(), true)
                }
                Nesting::Map => of_entries(value, one),
            }
        }
    }
}

fn of_object(object: &ObjectSchema, value: &Dynamic, name: &impl Fn(&Attribute, &str) -> String) -> String {
    let mut text = String::from("{");
    for attribute in object.attributes.iter().filter(|attribute| attribute.presence.is_configurable()) {
        let value = value.get(&attribute.name);
        if !attribute.write_only && !is_blank(attribute, value) {
            let _ = write!(text, "{}:{},", attribute.name, canonical(attribute, value, name));
        }
    }
    text.push('}');
    text
}

fn of_plain(
    attribute: &Attribute,
    plain: &Type,
    is_unordered: bool,
    value: &Dynamic,
    name: &impl Fn(&Attribute, &str) -> String,
) -> String {
    let inner = |plain: &Type, value: &Dynamic| of_plain(attribute, plain, false, value, name);
    match plain {
        Type::List(plain) => of_elements(value, is_unordered, |value| inner(plain, value)),
        Type::Set(plain) => of_elements(value, true, |value| inner(plain, value)),
        Type::Map(plain) => of_entries(value, |value| inner(plain, value)),
        _ => of_scalar(attribute, value, name),
    }
}

fn of_scalar(attribute: &Attribute, value: &Dynamic, name: &impl Fn(&Attribute, &str) -> String) -> String {
    match (attribute.rules.canonical)(value) {
        Dynamic::String(text) => {
            let text = name(attribute, &text);
            let refers = attribute.extensions.get::<Refers>();
            format!("{:?}", refers.map_or(text.clone(), |refers| (refers.canonical)(&text)))
        }
        Dynamic::Number(number) => number.to_string(),
        Dynamic::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn of_elements(value: &Dynamic, is_unordered: bool, one: impl Fn(&Dynamic) -> String) -> String {
    bracketed(value.as_elements().unwrap_or_default().iter().map(one).collect(), is_unordered)
}

fn of_entries(value: &Dynamic, one: impl Fn(&Dynamic) -> String) -> String {
    let entries = value.as_entries().into_iter().flatten();
    bracketed(entries.map(|(key, value)| format!("{key:?}:{}", one(value))).collect(), false)
}

fn bracketed(mut parts: Vec<String>, sort: bool) -> String {
    if sort {
        parts.sort();
    }
    format!("[{}]", parts.join(","))
}
