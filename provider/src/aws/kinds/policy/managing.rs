//! The statement of a policy that allows what managing its stack takes.

use serde_json::{Value as Json, json};

/// The name by which it is known.
const SID: &str = "ManagesTheStack";
/// The field of a document's JSON with its actions.
const FIELD: &str = "Managed";

fn statement(actions: &Json) -> Json {
    json!({ "Sid": SID, "Effect": "Allow", "Action": actions, "Resource": ["*"] })
}

/// A document with the statement apart. One of that name that somebody has changed stays a statement.
pub(super) fn apart(mut document: Json) -> Json {
    let Some(statements) = document["Statement"].as_array_mut() else { return document };
    let is_it = |one: &Json| one["Sid"] == SID && *one == statement(&one["Action"]);
    if let Some(at) = statements.iter().position(is_it) {
        document[FIELD] = statements.remove(at)["Action"].take();
    }
    document
}

/// A document as IAM takes it.
pub(super) fn joined(document: &Json) -> Json {
    let mut document = document.clone();
    let actions = document.as_object_mut().and_then(|fields| fields.remove(FIELD));
    let Some(actions) = actions else { return document };
    match document["Statement"].as_array_mut() {
        Some(statements) => statements.push(statement(&actions)),
        None => document["Statement"] = json!([statement(&actions)]),
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_stands_apart_and_goes_back() {
        let own = json!({"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["*"]});
        let whole = json!({"Version": "2012-10-17", "Statement": [own, statement(&json!(["sqs:CreateQueue"]))]});
        let parted = apart(whole.clone());
        assert_eq!((&parted["Statement"], &parted["Managed"]), (&json!([own]), &json!(["sqs:CreateQueue"])));
        assert_eq!(joined(&parted), whole);
    }

    #[test]
    fn one_that_somebody_has_narrowed_is_theirs() {
        let mut narrow = statement(&json!(["sqs:CreateQueue"]));
        narrow["Resource"] = json!(["arn:aws:sqs:eu-west-1:1:churn-*"]);
        let document = json!({"Statement": [narrow]});
        assert_eq!(apart(document.clone()), document);
    }
}
