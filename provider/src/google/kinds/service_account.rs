//! Service accounts of IAM.
//!
//! Their path ends with the address. A fresh one is not known everywhere at once; `disabled` is a switch of its own, and
//! roles on the project are kept in the project's policy by the engine.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use crate::engine::kind::{Declared, Kind, Principal};
use crate::engine::marks::{AccountRoles, Codec, Immutable, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::PLAIN;
use crate::google::api::{ApiError, Host, Request};
use crate::google::patience;
use crate::google::rest::{IamStyle, Naming, Operations, Parts, Rest, RestKind, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct ServiceAccount;

/// What the addresses of a project's accounts end with.
const DOMAIN: &str = "iam.gserviceaccount.com";

/// Service accounts of IAM, by KEY: who services and pipelines act as.
#[derive(Object, Clone)]
pub(super) struct ServiceAccountSpec {
    /// The part of the address before the `@`: 6 to 30 lower-case letters, digits and `-`, with a letter first and no `-`
    /// last. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(&AccountId), Immutable))]
    pub(super) name: Value<String>,
    /// What the account is called in the console: at most 100 bytes.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// What the account is for: at most 256 bytes.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// Whether nobody can act as the account.
    #[tf(default = false, ext(wire("disabled")))]
    pub(super) disabled: Value<bool>,
    /// Roles that the account has on the project, such as `roles/datastore.user`, the KEY of a custom role of this stack, or
    /// `projects/P/roles/NAME`. Roles that others gave it are left alone. What it may do with single buckets, services and so
    /// on stands in the `iam` of those.
    #[tf(optional, ext(AccountRoles { email: "email" }))]
    pub(super) roles: Value<BTreeSet<String>>,
    /// The account's relative name: `projects/P/serviceAccounts/EMAIL`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// The account's address: `NAME@P.iam.gserviceaccount.com`.
    #[tf(computed, ext(wire("email")))]
    pub(super) email: Value<String>,
    /// The account's number, which no other account ever gets.
    #[tf(computed, ext(wire("uniqueId")))]
    pub(super) unique_id: Value<String>,
}

/// The address names the account; a creation is told its first part.
struct AccountId;

impl Codec for AccountId {
    fn read(&self, body: &Json) -> Dynamic {
        let email = body.get("email").map_or(Dynamic::Null, PLAIN.read);
        email.as_str().map_or(Dynamic::Null, |email| Dynamic::string(account_id(email)))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        body["accountId"] = (PLAIN.write)(value);
    }
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

fn account_id(email: &str) -> &str {
    email.split_once('@').map_or(email, |(name, _)| name)
}

/// The address of the account `name`. A project of a domain (`example.com:p`) is written the other way round.
fn email(name: &str, project: &str) -> String {
    format!("{name}@{}", domain(project))
}

fn domain(project: &str) -> String {
    match project.split_once(':') {
        Some((domain, project)) => format!("{project}.{domain}.{DOMAIN}"),
        None => format!("{project}.{DOMAIN}"),
    }
}

impl Declared for ServiceAccount {
    type Spec = ServiceAccountSpec;
    const NAME: &'static str = "service_accounts";
    const NOUN: &'static str = "service account";

    fn validate(&self, spec: &ServiceAccountSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_account_id(name)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid name of a service account",
                    format!(
                        "{name:?} cannot be the name of a service account: it must have 6 to 30 lower-case letters, digits \
                         and '-', with a letter first and a letter or digit last. It defaults to the KEY; set name where \
                         the KEY does not do."
                    ),
                )
                .at(path.attribute("name")),
            );
        }
        let texts = [("display_name", &spec.display_name, 100), ("description", &spec.description, 256)];
        for (attribute, text, limit) in texts {
            if let Some(text) = text.known().filter(|text| text.len() > limit) {
                diagnostics.push(
                    Diagnostic::error(
                        format!("The {attribute} is too long"),
                        format!("{attribute} must have at most {limit} bytes; it has {}.", text.len()),
                    )
                    .at(path.attribute(attribute)),
                );
            }
        }
    }
}

impl Kind for ServiceAccount {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let Some(name) = component.get("name").as_str() else { return Vec::new() };
        let email = email(name, &scope.place.account);
        vec![
            ("id", Dynamic::string(format!("projects/{}/serviceAccounts/{email}", scope.place.account))),
            ("email", Dynamic::String(email)),
        ]
    }

    /// Default accounts have addresses of other domains; Firebase makes one in the project's own.
    fn is_made_by_cloud(&self, body: &Json, scope: &Scope) -> bool {
        let text = |field: &str| body.get(field).and_then(Json::as_str).unwrap_or_default();
        let (name, domain_of) = text("email").split_once('@').unwrap_or_default();
        let is_firebase = name.starts_with("firebase-adminsdk-") && text("displayName") == "firebase-adminsdk";
        domain_of != domain(&scope.place.account) || is_firebase
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["etag", "oauth2ClientId", "projectId"]
    }

    fn principal(&self) -> Option<Principal> {
        Some(Principal { address: name!(ServiceAccountSpec.email) })
    }
}

impl RestKind for ServiceAccount {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::IAM,
            version: "v1",
            collection: "projects/{project}/serviceAccounts",
            items: "accounts",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 100),
            naming: Naming::Inside,
            update: Update::Wrapped("serviceAccount"),
            operations: Operations::default(),
            iam: Some(IamStyle::PostVerbsWithoutBody),
            full_name: "//iam.googleapis.com/{name}",
        }
    }

    fn last_segment(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        component.get("name").as_str().map(|name| email(name, &scope.place.account))
    }

    fn name_of(&self, leaf: &str) -> String {
        account_id(leaf).to_owned()
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        let fields = body.as_object_mut().map(std::mem::take).unwrap_or_default();
        let (outside, inside): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(field, _)| field == "accountId");
        *body = Json::Object(outside.into_iter().collect());
        body["serviceAccount"] = Json::Object(inside.into_iter().collect());
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for ServiceAccount {
    /// What a GET returns as a field, only calls of their own change.
    fn fields(&self) -> &'static [&'static str] {
        &["disabled"]
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        let is_off = |body: &Json| body.get("disabled").and_then(Json::as_bool).unwrap_or_default();
        if is_off(before) == is_off(after) {
            return Ok(());
        }
        let verb = if is_off(after) { "disable" } else { "enable" };
        let request = Request::post(Host::IAM, format!("v1/{name}:{verb}"))
            .idempotent(true)
            .also_retry(patience::NEW_PRINCIPAL, ApiError::is_not_found)
            .json(json!({}));
        let result = run.call(request).await.map(drop);
        if result.is_err() {
            after["disabled"] = Json::Bool(is_off(before));
        }
        result
    }
}

fn is_account_id(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (6..=30).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}
