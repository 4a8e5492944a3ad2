//! Who may take a role: trust policies in the words of what they are mostly about.
//!
//! A statement that says no more than a word does becomes the word; all others stay statements. Both ways go through the
//! document's one form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, ObjectSchema, Path, Value};

use super::words::principal;
use super::{Action, Effect, Principal, read, validate_condition, validate_sid, written};
use crate::aws::terms::is_arn;
use crate::engine::marks::{FreeText, Unordered, refers, wire};
use crate::engine::wire;

/// Where GitHub's tokens come from. An enterprise has a place of its own below it, or a server of its own.
const GITHUB: &str = "token.actions.githubusercontent.com";
/// For whom GitHub's tokens are when they are for AWS.
const AUDIENCE: &str = "sts.amazonaws.com";

/// Who may take a role.
#[derive(Object, Clone)]
pub struct Trust {
    /// Services of AWS: `ecs-tasks.amazonaws.com`.
    #[tf(optional, ext(wire("services")))]
    pub services: Value<BTreeSet<String>>,
    /// Accounts by their numbers, users and roles by their ARNs; or the KEY of one of `roles`.
    #[tf(optional, ext(wire("aws"), refers("roles", "arn").compared_by(principal)))]
    pub aws: Value<BTreeSet<String>>,
    /// Workflows of GitHub.
    #[tf(optional, ext(wire("github")))]
    pub github: Value<GitHub>,
    /// Everything else, as statements of the trust policy.
    #[tf(optional, ext(wire("statements"), Unordered))]
    pub statements: Value<Vec<TrustStatement>>,
}

/// Workflows of GitHub, which log in with a token and without a key.
#[derive(Object, Clone)]
#[tf(nested)]
pub struct GitHub {
    /// GitHub's identity provider: the KEY of one of `oidc_providers`, or the ARN of another.
    #[tf(required, ext(wire("provider"), refers("oidc_providers", "arn").named_as("arn:aws:iam::ACCOUNT:oidc-provider/HOST", is_arn)))]
    pub provider: Value<String>,
    /// Which workflows, as the tokens name them, with `*` for any text: `repo:OWNER/REPOSITORY:ref:refs/heads/main`.
    #[tf(required, ext(wire("subjects")))]
    pub subjects: Value<BTreeSet<String>>,
    /// For whom the token is.
    #[tf(default = "sts.amazonaws.com", ext(wire("audience").always()))]
    pub audience: Value<String>,
}

/// A statement of a trust policy.
#[derive(Object, Clone)]
pub struct TrustStatement {
    /// The name of the statement: letters and digits.
    #[tf(optional, ext(wire("Sid")))]
    pub sid: Value<String>,
    /// Whether it allows or denies.
    #[tf(default = "Allow", ext(wire("Effect").always()))]
    pub effect: Value<Effect>,
    /// Who, by type: `{ Federated = ["arn:aws:iam::123456789012:saml-provider/office"] }`.
    #[tf(required, ext(wire("Principal"), FreeText))]
    pub principals: Value<BTreeMap<String, BTreeSet<Principal>>>,
    /// The actions: `sts:AssumeRole` and the like.
    #[tf(required, ext(wire("Action")))]
    pub actions: Value<BTreeSet<Action>>,
    /// When it holds, as in the statements of policies.
    #[tf(optional, ext(wire("Condition"), FreeText))]
    pub condition: Value<BTreeMap<String, BTreeMap<String, BTreeSet<String>>>>,
}

impl Trust {
    /// Checks what the schema cannot say.
    pub fn validate(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let Self { services, aws, github, statements } = self;
        if services.is_null() && aws.is_null() && github.is_null() && statements.is_null() {
            let detail = "Nobody could take the role. Set services, aws, github or statements.";
            diagnostics.push(Diagnostic::error("Empty trust policy", detail).at(path.clone()));
        }
        for service in services.known().into_iter().flatten().filter(|service| !service.contains('.')) {
            let detail =
                format!("{service:?} is not a service of AWS. Write its principal, such as ecs-tasks.amazonaws.com.");
            diagnostics.push(Diagnostic::error("Invalid principal of a role", detail).at(path.attribute("services")));
        }
        let subjects = github.known().and_then(|github| github.subjects.known());
        for subject in subjects.into_iter().flatten().filter(|subject| !subject.contains(':')) {
            let detail = format!(
                "{subject:?} is not the subject of a token. Write repo:OWNER/REPOSITORY:*, or with a branch \
                 repo:OWNER/REPOSITORY:ref:refs/heads/main."
            );
            let path = path.attribute("github").attribute("subjects");
            diagnostics.push(Diagnostic::error("Invalid subject of GitHub's tokens", detail).at(path));
        }
        for (index, statement) in statements.known().into_iter().flatten().enumerate() {
            let path = path.attribute("statements").index(index);
            if let Some(sid) = statement.sid.known() {
                validate_sid(sid, &path, diagnostics);
            }
            validate_condition(&statement.condition, &path, diagnostics);
        }
    }

    /// The words of a trust policy in its one form.
    pub fn read(mut document: Json) -> Json {
        let statements = document["Statement"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let mut words = document;
        let Some(members) = words.as_object_mut() else { return json!({}) };
        members.remove("Statement");
        for statement in statements {
            if let Some((word, found)) = simple(&statement) {
                let list = members.entry(word).or_insert_with(|| json!([]));
                let found = found.iter().filter(|one| !list.as_array().is_some_and(|list| list.contains(one)));
                let found: Vec<Json> = found.cloned().collect();
                if let Some(list) = list.as_array_mut() {
                    list.extend(found);
                }
            } else if let Some(github) = of_github(&statement).filter(|_| !members.contains_key("github")) {
                members.insert("github".to_owned(), github);
            } else if let Some(list) = members.entry("statements").or_insert_with(|| json!([])).as_array_mut() {
                list.push(statement);
            }
        }
        words
    }

    /// The document that says these words.
    pub fn written(words: &Json) -> Json {
        let mut document = words.clone();
        let Some(members) = document.as_object_mut() else { return json!({}) };
        let mut take = |word: &str| members.remove(word).filter(|value| !value.is_null());
        let mut statements = Vec::new();
        for (word, of_type) in SIMPLE {
            if let Some(principals) = take(word) {
                let principal: Map<String, Json> = [(of_type.to_owned(), principals)].into_iter().collect();
                statements.push(json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }));
            }
        }
        if let Some(github) = take("github") {
            let issuer = github["provider"].as_str().and_then(issuer).unwrap_or(GITHUB);
            statements.push(json!({
                "Effect": "Allow",
                "Principal": { "Federated": github["provider"] },
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": { format!("{issuer}:aud"): github.get("audience").cloned().unwrap_or_else(|| json!(AUDIENCE)) },
                    "StringLike": { format!("{issuer}:sub"): github["subjects"] },
                },
            }));
        }
        if let Some(Json::Array(others)) = take("statements") {
            statements.extend(others);
        }
        document["Statement"] = Json::Array(statements);
        document
    }

    /// The form of a trust in which a statement that says no more than a word does is the word.
    pub fn one_form(object: &ObjectSchema, trust: &Dynamic) -> Dynamic {
        let mut words = wire::create(object, trust);
        // Its provider may be a KEY, which only the place of the object makes an ARN.
        let github = words.as_object_mut().and_then(|words| words.remove("github"));
        let mut form = Trust::read(read(&written(&Trust::written(&words))));
        match (github, form.get("github")) {
            (Some(_), Some(_)) => return trust.clone(),
            (Some(github), None) => form["github"] = github,
            (None, _) => {}
        }
        wire::read(object, &form)
    }
}

/// Whose tokens an identity provider knows, by its ARN: what the keys of conditions begin with.
fn issuer(provider: &str) -> Option<&str> {
    provider.split_once(":oidc-provider/").map(|(_, issuer)| issuer)
}

/// The words for principals of one type, with the type.
const SIMPLE: [(&str, &str); 2] = [("services", "Service"), ("aws", "AWS")];

/// The members of a statement that allows one thing, and nothing beside them: its principals of one type, and its condition.
fn allowed<'s>(statement: &'s Json, action: &str) -> Option<(&'s str, &'s Vec<Json>, Option<&'s Json>)> {
    let members = statement.as_object()?;
    let is_plain = members.keys().all(|name| ["Effect", "Principal", "Action", "Condition"].contains(&name.as_str()));
    let actions = members.get("Action")?.as_array()?;
    let is_action = actions.len() == 1 && actions[0].as_str().is_some_and(|one| one.eq_ignore_ascii_case(action));
    let principals = members.get("Principal")?.as_object()?;
    let (of_type, principals) = principals.iter().next().filter(|_| principals.len() == 1)?;
    let is_allowed = is_plain && is_action && members.get("Effect")? == "Allow";
    is_allowed.then_some((of_type.as_str(), principals.as_array()?, members.get("Condition")))
}

/// The word for a statement, and the principals under it.
fn simple(statement: &Json) -> Option<(&'static str, &Vec<Json>)> {
    let (of_type, principals, condition) = allowed(statement, "sts:AssumeRole")?;
    let (word, _) = SIMPLE.into_iter().find(|(_, one)| *one == of_type)?;
    condition.is_none().then_some((word, principals))
}

/// What a statement says of GitHub, if it says no more than [`GitHub`] can.
fn of_github(statement: &Json) -> Option<Json> {
    let (of_type, principals, condition) = allowed(statement, "sts:AssumeRoleWithWebIdentity")?;
    let provider = principals.first().filter(|_| principals.len() == 1 && of_type == "Federated")?;
    let issuer = issuer(provider.as_str()?)?;
    let (mut audience, mut subjects) = (None, None);
    for (operator, keys) in condition?.as_object()? {
        for (key, values) in keys.as_object()? {
            let values = values.as_array()?;
            let has_patterns = values.iter().any(|value| value.as_str().is_none_or(|text| text.contains(['*', '?'])));
            let means_the_same = operator == "StringLike" || (operator == "StringEquals" && !has_patterns);
            let slot = match key.strip_prefix(issuer)? {
                ":aud" if values.len() == 1 && !has_patterns => &mut audience,
                ":sub" => &mut subjects,
                _ => return None,
            };
            if !means_the_same || slot.replace(values).is_some() {
                return None;
            }
        }
    }
    let (audience, subjects) = (audience?, subjects?);
    // A server of an enterprise is known by what its tokens are about.
    let is_of_repository = |subject: &Json| subject.as_str().is_some_and(|subject| subject.starts_with("repo:"));
    let is_github = issuer.starts_with(GITHUB) || subjects.iter().all(is_of_repository);
    is_github.then(|| json!({ "provider": provider, "audience": audience[0], "subjects": subjects }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(statements: &Json) -> Json {
        Trust::read(read(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()))
    }

    #[test]
    fn what_a_word_says_becomes_the_word_however_it_is_written() {
        let service =
            |name: &str| json!({"Effect": "Allow", "Principal": {"Service": name}, "Action": "sts:AssumeRole"});
        let (tasks, lambda) = ("ecs-tasks.amazonaws.com", "lambda.amazonaws.com");
        let both = json!({"Version": "2012-10-17", "services": [tasks, lambda]});
        assert_eq!(words(&json!([service(tasks), service(lambda)])), both);
        let one = json!({"Sid": "", "Effect": "Allow", "Principal": {"Service": [tasks, lambda]}, "Action": ["sts:AssumeRole"]});
        assert_eq!(words(&one), both);
    }

    #[test]
    fn githubs_workflows_are_known_by_provider_audience_and_subject() {
        let provider = format!("arn:aws:iam::123456789012:oidc-provider/{GITHUB}");
        let statement = |operator: &str, subject: &str| {
            json!({
                "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {format!("{GITHUB}:aud"): AUDIENCE}, operator: {format!("{GITHUB}:sub"): subject}},
            })
        };
        let found = words(&json!([statement("StringLike", "repo:a/b:*")]));
        let expected = json!({"provider": provider, "audience": AUDIENCE, "subjects": ["repo:a/b:*"]});
        assert_eq!(found["github"], expected);
        // As the same words again.
        assert_eq!(Trust::read(read(&written(&Trust::written(&found)))), found);
        // A star that stands for itself is not a pattern.
        let odd = statement("ForAnyValue:StringEquals", "repo:a/b:*");
        assert_eq!(words(&json!([odd]))["statements"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn an_enterprises_workflows_are_known_by_its_own_issuer() {
        for issuer in ["token.actions.githubusercontent.com/octo", "github.example.com/_services/token"] {
            let said = json!({
                "provider": format!("arn:aws:iam::123456789012:oidc-provider/{issuer}"),
                "audience": AUDIENCE,
                "subjects": ["repo:a/b:*"],
            });
            let document = Trust::written(&json!({ "github": said }));
            let conditions = &document["Statement"][0]["Condition"];
            assert_eq!(conditions["StringLike"][format!("{issuer}:sub")], json!(["repo:a/b:*"]));
            assert_eq!(Trust::read(read(&written(&document)))["github"], said);
        }
        // Clusters of Kubernetes have conditions of the same shape.
        let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE";
        let other = Trust::written(&json!({"github": {
            "provider": format!("arn:aws:iam::123456789012:oidc-provider/{issuer}"),
            "subjects": ["system:serviceaccount:default:api"],
        }}));
        assert_eq!(Trust::read(read(&written(&other))).get("github"), None);
    }

    #[test]
    fn what_no_word_says_stays_a_statement() {
        let named = json!({"Sid": "Tasks", "Effect": "Allow", "Principal": {"Service": ["a.com"]}, "Action": ["sts:AssumeRole"]});
        let with_condition = json!({
            "Effect": "Allow", "Principal": {"AWS": ["123456789012"]}, "Action": ["sts:AssumeRole"],
            "Condition": {"StringEquals": {"sts:ExternalId": ["x"]}},
        });
        let found = words(&json!([named, with_condition]));
        assert_eq!(found, json!({"Version": "2012-10-17", "statements": [named, with_condition]}));
        assert_eq!(Trust::written(&found)["Statement"], json!([named, with_condition]));
    }
}
