//! What a provider said, as text, and values as JSON.

use serde_json::{Value as Json, json};
use tfplugin::Diagnostic;
use tfplugin::value::json as terraform_json;

/// A diagnostic in one line.
pub(crate) fn line(one: &Diagnostic) -> String {
    let path = one.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    let text = format!("{path}{}: {}", one.summary, one.detail);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as JSON; what is unknown is a text that says so.
pub(crate) fn readable(value: &tfplugin::Dynamic) -> Json {
    use tfplugin::Dynamic;
    match value {
        Dynamic::Unknown => json!("(known after apply)"),
        Dynamic::Object(entries) | Dynamic::Map(entries) => {
            entries.iter().map(|(name, value)| (name.to_string(), readable(value))).collect()
        }
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().map(readable).collect(),
        other => terraform_json::to_json(other).unwrap(),
    }
}

/// Where two values differ, in one line.
pub(crate) fn difference(before: &Json, after: &Json) -> String {
    let found = acceptance_tests::differences(before, after);
    let lines = found.iter().map(|one| format!("{}: {} -> {}", one.path, one.before, one.after));
    lines.collect::<Vec<_>>().join(", ")
}
