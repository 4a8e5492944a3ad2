//! Values as they are written in HCL, for pages and messages.

use std::fmt::Write;

use crate::Dynamic;

/// `value` as an HCL expression on one line. An unknown value, which has none, is `(known after apply)`.
pub fn literal(value: &Dynamic) -> String {
    match value {
        Dynamic::Null => "null".to_owned(),
        Dynamic::Unknown => "(known after apply)".to_owned(),
        Dynamic::Bool(value) => value.to_string(),
        Dynamic::Number(value) => value.to_string(),
        Dynamic::String(text) => quoted(text),
        Dynamic::List(items) | Dynamic::Set(items) => {
            format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Dynamic::Map(entries) | Dynamic::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Dynamic::Map(entries) | Dynamic::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{} = {}", word(key), literal(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Dynamic::Typed(_, inner) => literal(inner),
    }
}

/// `text` as a code span, whatever backticks are in it.
pub(super) fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.replace("${", "$${").replace("%{", "%%{").chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A key that is an identifier needs no quotes.
fn word(key: &str) -> String {
    let plain = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    if plain { key.to_owned() } else { quoted(key) }
}

#[cfg(test)]
mod tests {
    use super::literal;
    use crate::Dynamic;

    #[test]
    fn templates_and_control_characters_are_escaped() {
        assert_eq!(literal(&Dynamic::string("a \"${b}\" %{c}\n\u{7}")), r#""a \"$${b}\" %%{c}\n\u0007""#);
    }

    #[test]
    fn keys_are_quoted_only_where_they_must_be() {
        let keys = ["plain", "us-east1", "roles/run.invoker", "1st"];
        let map = Dynamic::Map(keys.map(|key| (key.to_owned(), Dynamic::Bool(true))).into_iter().collect());
        assert_eq!(literal(&map), r#"{ "1st" = true, plain = true, "roles/run.invoker" = true, us-east1 = true }"#);
        assert_eq!(literal(&Dynamic::Object(Default::default())), "{}");
    }
}
