//! What a schema implies and Terraform does not check by itself.
//!
//! Terraform checks types, block counts and that required arguments are written down. It lets `null` pass for a
//! required one, values for attributes that only the provider sets, and everything that a scalar type refuses.

use crate::core::walk::{Child, children, means_the_same};
use crate::schema::{Attribute, Nesting, ObjectSchema, Shape};
use crate::value::Dynamic;
use crate::{Diagnostic, Diagnostics, Path};

/// What the client can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// Whether it knows write-only attributes.
    pub(crate) write_only: bool,
}

/// Checks a configuration. Unknown values could be valid.
pub(crate) fn config(object: &ObjectSchema, config: &Dynamic, client: Client) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    check_object(object, config, &Path::root(), client, &mut diagnostics);
    diagnostics
}

fn check_object(object: &ObjectSchema, value: &Dynamic, path: &Path, client: Client, diagnostics: &mut Diagnostics) {
    if !matches!(value, Dynamic::Object(_)) {
        return;
    }
    if let Some(message) = &object.deprecated {
        diagnostics.push(Diagnostic::warning("Deprecated", message.to_string()).at(path.clone()));
    }
    for child in children(object) {
        check_child(&child, value.get(child.name), &path.attribute(child.name), client, diagnostics);
    }
}

fn check_child(child: &Child<'_>, value: &Dynamic, path: &Path, client: Client, diagnostics: &mut Diagnostics) {
    if let Some(attribute) = child.attribute
        && !check_attribute(attribute, value, path, client, diagnostics)
    {
        return;
    }
    if let Some(nested) = &child.nested {
        let mut object = |value: &Dynamic, path: &Path| check_object(nested.object, value, path, client, diagnostics);
        match (nested.nesting, value) {
            (Nesting::Single, value) => object(value, path),
            (Nesting::List, Dynamic::List(items)) => {
                items.iter().enumerate().for_each(|(index, item)| object(item, &path.index(index)));
            }
            // Elements of sets have no key.
            (Nesting::Set, Dynamic::Set(items)) => items.iter().for_each(|item| object(item, path)),
            (Nesting::Map, Dynamic::Map(entries)) => {
                entries.iter().for_each(|(key, item)| object(item, &path.key(key)));
            }
            _ => {}
        }
    }
}

/// Whether it is worth while to look inside.
fn check_attribute(
    attribute: &Attribute,
    value: &Dynamic,
    path: &Path,
    client: Client,
    diagnostics: &mut Diagnostics,
) -> bool {
    use crate::schema::Presence;
    let name = &attribute.name;
    match (attribute.presence, value) {
        (_, Dynamic::Unknown) => return false,
        (Presence::Required, Dynamic::Null) => {
            diagnostics.push(
                Diagnostic::error(
                    "Missing required argument",
                    format!("The attribute {name:?} is required: it must be set, and not to null."),
                )
                .at(path.clone()),
            );
            return false;
        }
        (_, Dynamic::Null) => return false,
        (Presence::Computed, _) => {
            diagnostics.push(
                Diagnostic::error(
                    "Value for unconfigurable attribute",
                    format!("The attribute {name:?} is computed: only the provider sets it. Remove it from the configuration."),
                )
                .at(path.clone()),
            );
            return false;
        }
        _ => {}
    }
    if attribute.write_only && !client.write_only {
        diagnostics.push(
            Diagnostic::error(
                "Write-only attribute needs Terraform 1.11 or newer",
                format!(
                    "The attribute {name:?} is write-only, which this version of Terraform would store in the state. \
                     Use Terraform 1.11 or newer, or OpenTofu 1.11 or newer, or leave the attribute out."
                ),
            )
            .at(path.clone()),
        );
    }
    if let Some(message) = &attribute.deprecated {
        diagnostics.push(Diagnostic::warning("Deprecated attribute", message.to_string()).at(path.clone()));
    }
    if let Shape::Plain(_) = &attribute.shape {
        check_scalars(attribute, value, path, diagnostics);
        if let Dynamic::Set(items) = value {
            check_distinct(attribute, items, path, diagnostics);
        }
    }
    true
}

fn check_scalars(attribute: &Attribute, value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
    let mut inside = |value: &Dynamic, path: &Path| check_scalars(attribute, value, path, diagnostics);
    match value {
        Dynamic::Null | Dynamic::Unknown | Dynamic::Typed(..) => {}
        Dynamic::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| inside(item, &path.index(index)));
        }
        Dynamic::Set(items) => items.iter().for_each(|item| inside(item, path)),
        Dynamic::Map(entries) => entries.iter().for_each(|(key, item)| inside(item, &path.key(key))),
        Dynamic::Object(entries) => entries.iter().for_each(|(name, item)| inside(item, &path.attribute(name))),
        Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_) => {
            if let Err(reason) = (attribute.rules.check)(value) {
                diagnostics.push(refusal(attribute, value, path, &reason));
            }
        }
    }
}

/// A server keeps one of two elements that mean the same; Terraform would then miss the other.
fn check_distinct(attribute: &Attribute, items: &[Dynamic], path: &Path, diagnostics: &mut Diagnostics) {
    let known = |item: &&Dynamic| !item.is_null() && item.is_wholly_known();
    let twice = items.iter().enumerate().find_map(|(position, item)| {
        let earlier =
            items[..position].iter().filter(known).find(|earlier| means_the_same(attribute, earlier, item))?;
        Some((earlier, item))
    });
    let Some((one, other)) = twice else { return };
    let which = match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) if !attribute.sensitive && !attribute.write_only => format!("{one:?} and {other:?}"),
        _ => "two elements".to_owned(),
    };
    diagnostics.push(
        Diagnostic::error(
            "Duplicate set element",
            format!("In {:?}, {which} mean the same. Remove one of them.", attribute.name),
        )
        .at(path.clone()),
    );
}

/// The reason might repeat the value, so a secret gets none.
fn refusal(attribute: &Attribute, value: &Dynamic, path: &Path, reason: &str) -> Diagnostic {
    let name = &attribute.name;
    let secret = attribute.sensitive || attribute.write_only;
    let mut detail = match value {
        _ if secret => format!("The value of {name:?} is not allowed. It is a secret, so it is not shown."),
        Dynamic::String(text) => format!("{name:?} cannot be {text:?}: {reason}"),
        _ => format!("The value of {name:?} is not allowed: {reason}"),
    };
    if !detail.ends_with(['.', '?', '!']) {
        detail.push('.');
    }
    let choices = attribute.rules.choices;
    if !choices.is_empty() && (secret || !choices.iter().all(|choice| detail.contains(choice))) {
        detail.push_str(&format!(" Allowed are {}.", choices.join(", ")));
    }
    Diagnostic::error("Invalid value", detail).at(path.clone())
}
