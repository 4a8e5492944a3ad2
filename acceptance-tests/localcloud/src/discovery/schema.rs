//! Compares a JSON value with a schema of a discovery document.
//! A request is judged as Google's proto3 JSON parser judges it (null is absent, numbers may be strings); a response is
//! judged by what Google's writer produces, which is narrower. Every violation is collected, with Google's wording.

use base64::Engine as _;
use serde_json::Value;

use super::document::{Document, text};

/// Whose JSON is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// One thing that is wrong with a body, a query parameter or a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field as Google writes it (`service.template.containers[0]`); empty for the root.
    pub field: String,
    /// The sentence that Google answers with.
    pub description: String,
}

/// All violations of `value` against the schema called `name`; `root` is the path of the value itself, or empty.
pub(super) fn check(document: &Document, side: Side, name: &str, value: &Value, root: &str) -> Vec<Violation> {
    let mut walk = Walk { document, side, found: Vec::new() };
    match document.schema(name) {
        Some(schema) => walk.value(schema, value, root),
        None => walk.complain(root, format!("The schema {name} is not in the discovery document.")),
    }
    walk.found
}

/// The name that Google's messages give to a body of that schema: `service` for `GoogleCloudRunV2Service`, nothing for a request message.
pub(super) fn body_field(schema: &str) -> String {
    if schema.ends_with("Request") {
        return String::new();
    }
    let bytes = schema.as_bytes();
    let after_version = (1..bytes.len())
        .filter(|&i| bytes[i].is_ascii_digit() && bytes[i - 1] == b'V')
        .filter_map(|i| (i..bytes.len()).find(|&j| bytes[j].is_ascii_uppercase()))
        .next_back();
    snake(&schema[after_version.unwrap_or(0)..])
}

/// `notificationRateLimit` as `notification_rate_limit`.
pub(super) fn snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// `notification_rate_limit` as `notificationRateLimit`.
pub(super) fn camel(snake: &str) -> String {
    let mut out = String::with_capacity(snake.len());
    let mut upper = false;
    for letter in snake.chars() {
        match (letter, upper) {
            ('_', _) => upper = true,
            (_, true) => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            _ => out.push(letter),
        }
    }
    out
}

struct Walk<'d> {
    document: &'d Document,
    side: Side,
    found: Vec<Violation>,
}

impl Walk<'_> {
    fn complain(&mut self, at: &str, description: String) {
        self.found.push(Violation { field: at.to_owned(), description });
    }

    fn wrong(&mut self, at: &str, kind: &str, value: &Value) {
        self.complain(at, format!("Invalid value at '{at}' ({kind}), {value}"));
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        if value.is_null() && self.side == Side::Request {
            return;
        }
        if let Some(name) = text(schema, "$ref") {
            match self.document.schema(name) {
                Some(target) => self.value(target, value, at),
                None => self.complain(at, format!("The schema {name} is not in the discovery document.")),
            }
            return;
        }
        match text(schema, "type").unwrap_or("any") {
            "object" => self.object(schema, value, at),
            "array" => self.array(schema, value, at),
            "boolean" if !value.is_boolean() => self.wrong(at, "TYPE_BOOL", value),
            "string" => self.string(schema, value, at),
            "integer" => self.integer(schema, value, at),
            "number" if !self.is_number(value) => self.wrong(at, "TYPE_DOUBLE", value),
            _ => {}
        }
    }

    fn object(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else {
            if value.is_array() {
                let (parent, name) = at.rsplit_once('.').unwrap_or(("", at));
                let place = if parent.is_empty() { String::new() } else { format!(" at '{parent}'") };
                self.complain(
                    at,
                    format!(
                        "Invalid JSON payload received. Unknown name \"{name}\"{place}: Proto field is not repeating, cannot start list."
                    ),
                );
            } else {
                self.wrong(at, "TYPE_MESSAGE", value);
            }
            return;
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let additional = schema.get("additionalProperties");
        if properties.is_none() && additional.is_none() {
            return;
        }
        for (name, member) in members {
            let inner = join(at, name);
            if let Some(known) = properties.and_then(|p| p.get(name)) {
                self.value(known, member, &inner);
            } else if let Some(any) = additional {
                if member.is_null() && self.side == Side::Request && text(any, "type") != Some("any") {
                    // A null label is how a JSON merge patch removes it; the API that has no merge patch refuses it itself.
                    continue;
                }
                self.value(any, member, &inner);
            } else {
                let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
                self.complain(
                    at,
                    format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."),
                );
            }
        }
        if self.side == Side::Response {
            self.any_message(members, additional, at);
        }
    }

    /// A `google.protobuf.Any` names its type, and that type may be in the document.
    fn any_message(&mut self, members: &serde_json::Map<String, Value>, additional: Option<&Value>, at: &str) {
        let Some(kind) = members.get("@type").and_then(Value::as_str) else {
            return;
        };
        let full_name = kind.rsplit('/').next().unwrap_or(kind);
        if additional.is_none() {
            return;
        }
        if let Some(schema) = self.document.schema_of_message(full_name) {
            let mut inner = members.clone();
            inner.remove("@type");
            let schema = schema.clone();
            self.value(&schema, &Value::Object(inner), at);
        }
    }

    fn array(&mut self, schema: &Value, value: &Value, at: &str) {
        let (Some(items), Some(item)) = (value.as_array(), schema.get("items")) else {
            if !value.is_array() {
                self.wrong(at, "TYPE_LIST", value);
            }
            return;
        };
        for (index, element) in items.iter().enumerate() {
            let inner = format!("{at}[{index}]");
            if element.is_null() && text(item, "type") != Some("any") {
                self.wrong(&inner, "TYPE_LIST", element);
            } else {
                self.value(item, element, &inner);
            }
        }
    }

    fn string(&mut self, schema: &Value, value: &Value, at: &str) {
        let format = text(schema, "format");
        if matches!(format, Some("int64" | "uint64")) {
            if !self.is_wide_integer(value, format == Some("uint64")) {
                let kind = if format == Some("uint64") { "TYPE_UINT64" } else { "TYPE_INT64" };
                self.wrong(at, kind, value);
            }
            return;
        }
        let Some(content) = value.as_str() else {
            self.wrong(at, if schema.get("enum").is_some() { "TYPE_ENUM" } else { "TYPE_STRING" }, value);
            return;
        };
        if let Some(known) = schema.get("enum").and_then(Value::as_array) {
            if !self.is_enum_value(known, content) {
                self.wrong(at, "TYPE_ENUM", value);
            }
            return;
        }
        let (fits, kind) = match format {
            Some("google-duration") => (self.is_duration(content), "type.googleapis.com/google.protobuf.Duration"),
            Some("google-datetime" | "date-time") => {
                (content.parse::<jiff::Timestamp>().is_ok(), "type.googleapis.com/google.protobuf.Timestamp")
            }
            Some("date") => (content.parse::<jiff::civil::Date>().is_ok(), "TYPE_DATE"),
            Some("byte") => (is_base64(content), "TYPE_BYTES"),
            _ => (true, "TYPE_STRING"),
        };
        if !fits {
            self.wrong(at, kind, value);
        }
    }

    fn is_enum_value(&self, known: &[Value], content: &str) -> bool {
        known.iter().filter_map(Value::as_str).any(|name| {
            name == content
                || self.side == Side::Request && self.document.caseless_enums && name.eq_ignore_ascii_case(content)
        })
    }

    fn is_duration(&self, content: &str) -> bool {
        let unit_length = content.len().saturating_sub(1);
        let (Some(number), Some(unit)) = (content.get(..unit_length), content.get(unit_length..)) else {
            return false;
        };
        let long = self.side == Side::Request && self.document.long_durations && matches!(unit, "d" | "h" | "m");
        let number = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        (unit == "s" || long) && is_digits(whole) && whole.len() <= 12 && is_digits(fraction) && fraction.len() <= 9
    }

    fn integer(&mut self, schema: &Value, value: &Value, at: &str) {
        let unsigned = text(schema, "format") == Some("uint32");
        let number = match value {
            Value::Number(number) => integral(number),
            Value::String(content) if self.side == Side::Request => content.parse::<i64>().ok(),
            _ => None,
        };
        let range = if unsigned { 0..=i64::from(u32::MAX) } else { i64::from(i32::MIN)..=i64::from(i32::MAX) };
        if !number.is_some_and(|n| range.contains(&n)) {
            self.wrong(at, if unsigned { "TYPE_UINT32" } else { "TYPE_INT32" }, value);
        }
    }

    fn is_wide_integer(&self, value: &Value, unsigned: bool) -> bool {
        match value {
            Value::String(content) if unsigned => content.parse::<u64>().is_ok(),
            Value::String(content) => content.parse::<i64>().is_ok(),
            Value::Number(number) if self.side == Side::Request => {
                number.as_u64().is_some() || !unsigned && number.as_i64().is_some()
            }
            _ => false,
        }
    }

    fn is_number(&self, value: &Value) -> bool {
        match value {
            Value::Number(_) => true,
            Value::String(content) => {
                matches!(content.as_str(), "NaN" | "Infinity" | "-Infinity")
                    || self.side == Side::Request && content.parse::<f64>().is_ok()
            }
            _ => false,
        }
    }
}

fn join(at: &str, name: &str) -> String {
    let name = snake(name);
    if at.is_empty() { name } else { format!("{at}.{name}") }
}

fn integral(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        // Google takes 80.0 for an int32; beyond 2^53 the question does not arise.
        (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
    })
}

fn is_digits(content: &str) -> bool {
    !content.is_empty() && content.bytes().all(|b| b.is_ascii_digit())
}

fn is_base64(content: &str) -> bool {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().any(|engine| engine.decode(content).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_field_is_the_message_without_package_and_version() {
        assert_eq!(body_field("GoogleCloudRunV2Service"), "service");
        assert_eq!(body_field("AlertPolicy"), "alert_policy");
        assert_eq!(body_field("SetIamPolicyRequest"), "");
        assert_eq!(body_field("GoogleFirestoreAdminV1Database"), "database");
    }

    #[test]
    fn names_change_between_the_two_cases_and_back() {
        assert_eq!(snake("notificationRateLimit"), "notification_rate_limit");
        assert_eq!(camel("notification_rate_limit"), "notificationRateLimit");
    }
}
