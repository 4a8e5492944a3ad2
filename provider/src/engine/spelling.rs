//! Values for people to read, in diagnostics and in the log: as a configuration has them, and without what must not be seen.

use tfplugin::{Attribute, Dynamic};

use super::marks::FreeText;

/// The longest value that is quoted in passing, in characters.
const LONGEST: usize = 120;

/// A value as a user would write it.
pub(crate) fn spell(value: &Dynamic) -> String {
    match value {
        Dynamic::Null => "null".to_owned(),
        Dynamic::Unknown => "(known after apply)".to_owned(),
        Dynamic::Bool(value) => value.to_string(),
        Dynamic::Number(value) => value.to_string(),
        Dynamic::String(text) => format!("{text:?}"),
        Dynamic::List(items) | Dynamic::Set(items) => {
            format!("[{}]", items.iter().map(spell).collect::<Vec<_>>().join(", "))
        }
        Dynamic::Map(entries) | Dynamic::Object(entries) => {
            let set = entries.iter().filter(|(_, value)| !value.is_null());
            format!(
                "{{ {} }}",
                set.map(|(key, value)| format!("{key} = {}", spell(value))).collect::<Vec<_>>().join(", ")
            )
        }
        Dynamic::Typed(_, inner) => spell(inner),
    }
}

/// The same, cut where it is long.
pub(crate) fn spell_short(value: &Dynamic) -> String {
    let text = spell(value);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether the value of an attribute is not to be shown: it is a secret, or a text in which people keep anything. What is
/// nested in it counts, too.
pub(crate) fn is_hidden(attribute: &Attribute) -> bool {
    attribute.sensitive
        || attribute.write_only
        || attribute.extensions.get::<FreeText>().is_some()
        || attribute.nested().is_some_and(|(_, object)| object.attributes.iter().any(is_hidden))
}
