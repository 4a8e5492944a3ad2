//! Judges the query of a request: parameter names and types, required ones, update masks and field selections.
//! A mask is a comma-separated list of field paths (camelCase or snake_case); `fields` is Google's partial response syntax
//! (`a,b(c,d),e/f,*`). Both are resolved against the schemas of the method.

use serde_json::Value;

use super::document::{Document, Method, text};
use super::schema::{Violation, camel};

/// All violations of a decoded query.
pub(super) fn check(document: &Document, method: &Method, query: &[(String, String)]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, value) in query {
        let known = document.query_parameter(method, name).or_else(|| document.query_parameter(method, &camel(name)));
        match known {
            // A mask that belongs into the body is taken from the query, too.
            None if name == "updateMask" && request_has_mask(document, method) => {}
            None => found.push(violation(
                name,
                format!(
                    "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
                ),
            )),
            Some(parameter) => found.extend(parameter_type(name, parameter, value)),
        }
        if name == "fields" && !value.is_empty() {
            found.extend(selection(document, method, value));
        }
    }
    for (name, parameter) in &method.query {
        let required = parameter.get("required").and_then(Value::as_bool) == Some(true);
        if required && !query.iter().any(|(given, value)| given == name && !value.is_empty()) {
            found.push(violation(name, format!("Required parameter: {name}")));
        }
    }
    if let (false, Some((_, mask)), Some(request)) = (
        request_has_mask(document, method),
        query.iter().find(|(name, _)| name == "updateMask"),
        method.request.as_deref(),
    ) {
        found.extend(mask_paths(document, request, mask));
    }
    found
}

fn request_has_mask(document: &Document, method: &Method) -> bool {
    let request = method.request.as_deref().and_then(|name| document.schema(name));
    request.is_some_and(|schema| schema.get("properties").is_some_and(|members| members.get("updateMask").is_some()))
}

/// All paths of a mask inside a body (`{"topic": …, "updateMask": "labels"}`) that lead nowhere.
pub(super) fn body_mask(document: &Document, method: &Method, body: &Value) -> Vec<Violation> {
    let Some(mask) = text(body, "updateMask") else {
        return Vec::new();
    };
    let properties = method.request.as_deref().and_then(|name| document.schema(name)?.get("properties")?.as_object());
    let targets: Vec<&str> = properties
        .into_iter()
        .flat_map(|members| members.values())
        .filter_map(|property| text(property, "$ref"))
        .collect();
    match targets.as_slice() {
        [target] => mask_paths(document, target, mask),
        _ => Vec::new(),
    }
}

fn violation(field: &str, description: String) -> Violation {
    Violation { field: field.to_owned(), description }
}

fn parameter_type(name: &str, parameter: &Value, value: &str) -> Option<Violation> {
    let format = text(parameter, "format");
    let fits = match text(parameter, "type") {
        Some("boolean") => ["true", "false"].iter().any(|known| known.eq_ignore_ascii_case(value)),
        Some("integer") => value.parse::<i64>().is_ok_and(|number| {
            let least = text(parameter, "minimum").and_then(|m| m.parse().ok());
            let most = text(parameter, "maximum").and_then(|m| m.parse().ok());
            least.is_none_or(|least: i64| number >= least) && most.is_none_or(|most: i64| number <= most)
        }),
        Some("number") => value.parse::<f64>().is_ok(),
        Some("string") if matches!(format, Some("int64" | "uint64")) => value.parse::<i64>().is_ok(),
        Some("string") if parameter.get("enum").is_some() => parameter
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|known| known.iter().any(|one| one.as_str() == Some(value))),
        _ => true,
    };
    (!fits).then(|| violation(name, format!("Invalid value at '{name}', \"{value}\"")))
}

fn mask_paths(document: &Document, schema: &str, mask: &str) -> Vec<Violation> {
    mask.split(',')
        .map(str::trim)
        .filter(|path| !path.is_empty() && *path != "*")
        .filter(|path| !leads_somewhere(document, schema, path))
        .map(|path| {
            violation(
                "update_mask",
                format!(
                    "Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\": field path '{path}' could not be found in message '{schema}'."
                ),
            )
        })
        .collect()
}

fn leads_somewhere(document: &Document, schema: &str, path: &str) -> bool {
    let Some(mut node) = document.schema(schema) else {
        return true;
    };
    for step in steps(path) {
        let step = step.as_str();
        node = match resolve(document, node) {
            Some(node) => node,
            None => return false,
        };
        if let Some(property) = node.get("properties").and_then(|p| p.get(step).or_else(|| p.get(camel(step)))) {
            node = property;
        } else if let Some(any) = node.get("additionalProperties") {
            node = any;
        } else {
            // Also an array: a mask cannot go into its elements.
            return false;
        }
    }
    true
}

/// The steps of a path; a step in backquotes may hold dots.
fn steps(path: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for letter in path.chars() {
        match (letter, out.last_mut()) {
            ('`', _) => quoted = !quoted,
            ('.', _) if !quoted => out.push(String::new()),
            (_, Some(last)) => last.push(letter),
            (_, None) => {}
        }
    }
    out
}

fn resolve<'d>(document: &'d Document, node: &'d Value) -> Option<&'d Value> {
    match text(node, "$ref") {
        Some(name) => document.schema(name),
        None => Some(node),
    }
}

fn selection(document: &Document, method: &Method, fields: &str) -> Option<Violation> {
    let schema = document.schema(method.response.as_deref()?)?;
    let mut rest = fields;
    let outcome = list(document, Some(schema), &mut rest);
    let wrong = match outcome {
        Err(name) => name,
        Ok(()) if !rest.is_empty() => rest.to_owned(),
        Ok(()) => return None,
    };
    Some(violation("fields", format!("Invalid field selection {wrong}")))
}

/// Reads `a,b(c),d/e`; `node` is `None` where anything may follow.
fn list(document: &Document, node: Option<&Value>, rest: &mut &str) -> Result<(), String> {
    loop {
        item(document, node, rest)?;
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Ok(()),
        }
    }
}

fn item(document: &Document, node: Option<&Value>, rest: &mut &str) -> Result<(), String> {
    let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let name = name.trim();
    *rest = after;
    if name.is_empty() {
        return Err(String::from(after));
    }
    let inner = if name == "*" { None } else { step(document, node, name)? };
    if let Some(after) = rest.strip_prefix('/') {
        *rest = after;
        return item(document, inner, rest);
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        list(document, inner, rest)?;
        *rest = rest.strip_prefix(')').ok_or_else(|| name.to_owned())?;
    }
    Ok(())
}

fn step<'d>(document: &'d Document, node: Option<&'d Value>, name: &str) -> Result<Option<&'d Value>, String> {
    let Some(node) = node.and_then(|node| resolve(document, node)) else {
        return Ok(None);
    };
    if let Some(element) = node.get("items") {
        return step(document, Some(element), name);
    }
    match node.get("properties").and_then(|p| p.get(name)) {
        Some(property) => Ok(Some(property)),
        None if node.get("additionalProperties").is_some() => Ok(None),
        None => Err(name.to_owned()),
    }
}
