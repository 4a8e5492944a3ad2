//! Policy documents, as the configuration has them and as AWS's JSON text has them.
//!
//! AWS writes the same policy in many ways: one element or a list of one, any order, statements with a number for a name,
//! text or boolean. Read, a document has one form; what a struct here does not say is kept.

mod trust;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Object, Path, Value};

use crate::engine::marks::{FreeText, wire};
use crate::engine::wire;

pub use trust::Trust;
pub use words::{Action, Principal};

/// The version of the language in which variables work. A document without one is of an older.
const VERSION: &str = "2012-10-17";
/// The members of a statement that are one text or a list of them.
const LISTS: [&str; 4] = ["Action", "NotAction", "Resource", "NotResource"];
/// The members of a statement that are `*`, or lists by the type of principal.
const PRINCIPALS: [&str; 2] = ["Principal", "NotPrincipal"];

/// What is allowed, or denied.
#[derive(Object, Clone)]
pub struct Statement {
    /// The name of the statement: letters and digits.
    #[tf(optional, ext(wire("Sid")))]
    pub sid: Value<String>,
    /// Whether it allows or denies.
    #[tf(default = "Allow", ext(wire("Effect").always()))]
    pub effect: Value<Effect>,
    /// The actions, in which `*` stands for any text: `sqs:SendMessage`, `s3:Get*`.
    #[tf(optional, ext(wire("Action")))]
    pub actions: Value<BTreeSet<Action>>,
    /// All actions but these, in place of `actions`.
    #[tf(optional, ext(wire("NotAction")))]
    pub not_actions: Value<BTreeSet<Action>>,
    /// The ARNs of what it is about, in which `*` stands for any text.
    #[tf(optional, ext(wire("Resource"), FreeText))]
    pub resources: Value<BTreeSet<String>>,
    /// All but these, in place of `resources`.
    #[tf(optional, ext(wire("NotResource"), FreeText))]
    pub not_resources: Value<BTreeSet<String>>,
    /// When it holds: operators, each with keys, each with the values of which one has to fit. All operators and keys have
    /// to fit.
    #[tf(optional, ext(wire("Condition"), FreeText))]
    pub condition: Value<BTreeMap<String, BTreeMap<String, BTreeSet<String>>>>,
}

/// The effect of a statement.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows.
    #[tf(name = "Allow")]
    Allow,
    /// It denies, whatever else allows.
    #[tf(name = "Deny")]
    Deny,
}

/// The operators of conditions, without `ForAllValues:`, `ForAnyValue:` and `IfExists`.
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

fn is_operator(text: &str) -> bool {
    let plain = ["ForAllValues:", "ForAnyValue:"].iter().find_map(|set| text.strip_prefix(set)).unwrap_or(text);
    let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
    OPERATORS.contains(&plain)
}

/// Checks statements of a policy that is attached to whom it is for.
pub fn validate(statements: &[Statement], path: &Path, diagnostics: &mut Diagnostics) {
    for (index, statement) in statements.iter().enumerate() {
        let path = path.index(index);
        if let Some(sid) = statement.sid.known() {
            validate_sid(sid, &path, diagnostics);
        }
        let pairs = [
            ("actions", &path, statement.actions.is_null() == statement.not_actions.is_null()),
            ("resources", &path, statement.resources.is_null() == statement.not_resources.is_null()),
        ];
        for (attribute, path, _) in pairs.into_iter().filter(|(_, _, is_wrong)| *is_wrong) {
            let detail = format!("A statement needs either {attribute} or not_{attribute}, and not both.");
            let path = path.attribute(attribute);
            diagnostics.push(Diagnostic::error("Incomplete policy statement", detail).at(path));
        }
        for (values, attribute) in [(&statement.resources, "resources"), (&statement.not_resources, "not_resources")] {
            let is_wrong = |text: &&String| !(*text == "*" || text.starts_with("arn:") || text.starts_with("{{"));
            for resource in values.known().into_iter().flatten().filter(is_wrong) {
                let detail = format!(
                    "{resource:?} is not what a policy can be about. Write an ARN, such as {{{{queues.KEY.arn}}}} or \
                     arn:aws:s3:::BUCKET/*, or * for everything."
                );
                diagnostics
                    .push(Diagnostic::error("Invalid resource of a policy", detail).at(path.attribute(attribute)));
            }
        }
        validate_condition(&statement.condition, &path, diagnostics);
    }
}

/// Checks that statements make no longer a document than IAM takes: `longest` characters, without those that are blank. What
/// is not known yet counts nothing.
pub fn validate_size(statements: &[Statement], longest: usize, path: &Path, diagnostics: &mut Diagnostics) {
    let has = size(statements);
    if has > longest {
        let detail = format!(
            "The statements make a document of {has} characters; at most {longest} are allowed, blanks not counted. Write \
             several actions as one with *, or move statements into another policy."
        );
        diagnostics.push(Diagnostic::error("The policy is too long", detail).at(path.clone()));
    }
}

/// How long the document of statements is at least, as IAM counts.
fn size(statements: &[Statement]) -> usize {
    let object = Statement::schema();
    let known = |statement: &Statement| without_references(wire::create(&object, &statement.encode()));
    let statements: Json = statements.iter().map(known).collect();
    let document = written(&json!({ "Statement": statements }));
    document.chars().filter(|one| !one.is_whitespace()).count()
}

/// A value in which texts that refer to what is not known here are empty.
fn without_references(value: Json) -> Json {
    match value {
        Json::String(text) if text.contains("{{") => json!(""),
        Json::Array(items) => items.into_iter().map(without_references).collect(),
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, without_references(value))).collect(),
        other => other,
    }
}

fn validate_sid(sid: &str, path: &Path, diagnostics: &mut Diagnostics) {
    let path = path.attribute("sid");
    if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let detail = format!("{sid:?} cannot name a statement: letters and digits are allowed.");
        diagnostics.push(Diagnostic::error("Invalid name of a policy statement", detail).at(path));
    } else if is_meaningless(sid) {
        let detail =
            format!("{sid:?} is a number, which AWS makes up by itself for statements without a name. Leave it out.");
        diagnostics.push(Diagnostic::error("Invalid name of a policy statement", detail).at(path));
    }
}

fn validate_condition(
    condition: &Value<BTreeMap<String, BTreeMap<String, BTreeSet<String>>>>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    for operator in condition.known().into_iter().flat_map(BTreeMap::keys).filter(|operator| !is_operator(operator)) {
        let near = tfplugin::suggest::nearest(operator, OPERATORS);
        let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let detail = format!("{operator:?} is not an operator of conditions, as StringEquals is.{near}");
        let path = path.attribute("condition").key(operator);
        diagnostics.push(Diagnostic::error("Invalid operator of a condition", detail).at(path));
    }
}

/// Whether the name of a statement is one that AWS gives to those without.
fn is_meaningless(sid: &str) -> bool {
    sid.bytes().all(|byte| byte.is_ascii_digit())
}

/// The document of a text, which may be encoded as in a URL, in the one form; an object without statements when it is not
/// one.
pub fn read(text: &str) -> Json {
    let plain = serde_json::from_str(text).ok().filter(Json::is_object);
    let decoded = || percent_decoded(text).and_then(|text| serde_json::from_str(&text).ok()).filter(Json::is_object);
    let mut document = plain.or_else(decoded).unwrap_or_else(|| json!({}));
    let statements = listed(document["Statement"].take());
    document["Statement"] = statements.into_iter().map(in_form).collect();
    document
}

/// The text of a document: in the version that it has, else in the newest.
pub fn written(document: &Json) -> String {
    let mut document = document.clone();
    if document.get("Version").is_none() {
        document["Version"] = json!(VERSION);
    }
    document.to_string()
}

fn listed(value: Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items,
        Json::Null => Vec::new(),
        one => vec![one],
    }
}

/// A value of a condition as text.
fn text(value: Json) -> Json {
    match value {
        Json::Bool(_) | Json::Number(_) => Json::String(value.to_string()),
        other => other,
    }
}

fn texts(value: Json) -> Json {
    listed(value).into_iter().map(text).collect()
}

/// A statement with lists for everything that can be one, and without a name that means nothing.
fn in_form(mut statement: Json) -> Json {
    let Some(members) = statement.as_object_mut() else { return statement };
    if members.get("Sid").and_then(Json::as_str).is_some_and(is_meaningless) {
        members.remove("Sid");
    }
    for name in LISTS {
        if let Some(value) = members.get_mut(name) {
            *value = texts(value.take());
        }
    }
    for name in PRINCIPALS {
        match members.get_mut(name) {
            Some(Json::Object(types)) => types.values_mut().for_each(|value| *value = texts(value.take())),
            // Everybody, which is everybody of AWS.
            Some(value @ Json::String(_)) => *value = json!({ "AWS": [value.take()] }),
            _ => {}
        }
    }
    let operators = members.get_mut("Condition").and_then(Json::as_object_mut);
    for keys in operators.into_iter().flat_map(Map::values_mut).filter_map(Json::as_object_mut) {
        keys.values_mut().for_each(|value| *value = texts(value.take()));
    }
    statement
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_into_one_form_however_it_is_written() {
        let long = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
        }]});
        let short = json!({"Version": "2012-10-17", "Statement": {
            "Sid": "1", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": true}},
        }});
        assert_eq!((read(&long.to_string()), read(&short.to_string())), (long.clone(), long.clone()));
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
        assert_eq!(read(encoded), json!({"Version": "2012-10-17", "Statement": []}));
        assert_eq!(read("<html>"), json!({"Statement": []}));
    }

    #[test]
    fn a_document_keeps_its_version_and_gets_the_newest_without_one() {
        for (document, version) in
            [(json!({"Statement": []}), VERSION), (json!({"Version": "2008-10-17", "Statement": []}), "2008-10-17")]
        {
            let text: Json = serde_json::from_str(&written(&document)).unwrap();
            assert_eq!(text["Version"], version);
        }
    }

    fn statement(resource: &str) -> Statement {
        let said = json!({ "Action": ["sqs:SendMessage"], "Resource": [resource] });
        let tree = wire::read(&Statement::schema(), &said);
        Statement::decode(&tree, &Path::root(), &mut Diagnostics::new()).unwrap()
    }

    #[test]
    fn a_document_is_as_long_as_iam_counts_it() {
        let whole = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage"],"Resource":["*"]}]}"#;
        assert_eq!(size(&[statement("*")]), whole.len());
        assert_eq!(size(&[statement("{{queues.jobs.arn}}")]), whole.len() - 1);
        for (longest, expected) in [(whole.len(), 0), (whole.len() - 1, 1)] {
            let mut diagnostics = Diagnostics::new();
            validate_size(&[statement("*")], longest, &Path::root(), &mut diagnostics);
            assert_eq!(diagnostics.iter().count(), expected);
        }
    }

    #[test]
    fn operators_are_told_from_what_looks_like_them() {
        for (text, expected) in [
            ("StringEquals", true),
            ("ForAnyValue:StringLike", true),
            ("ArnLikeIfExists", true),
            ("StringEqual", false),
            ("stringequals", false),
        ] {
            assert_eq!(is_operator(text), expected, "{text}");
        }
    }
}
