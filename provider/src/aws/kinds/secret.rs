//! Secrets of Secrets Manager.
//!
//! A value goes in through a write-only attribute and becomes the current version; what is read back of it is the version's
//! id. A deleted secret keeps its name while it can be restored: a creation under that name restores the stack's own.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use async_trait::async_trait;
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::tags;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, InputOnly, Labels, Volatile, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct Secret;

/// ARNs end in a hyphen and six letters of AWS's; this form of them is understood, too.
const ARN: &str = "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}";
/// The field of a secret's JSON with a value to be sent.
const VALUE: &str = "SecretString";
/// The field with the id of the version that is given to whoever reads the secret.
const CURRENT: &str = "CurrentVersionId";
/// The key of Secrets Manager's own.
const OWN_KEY: &str = "alias/aws/secretsmanager";
/// The largest value, in bytes.
const LARGEST: usize = 65_536;
/// How many days a deleted secret can be restored, unless the component says otherwise.
const WINDOW: i64 = 30;

/// Secrets of Secrets Manager, by KEY.
#[derive(Object, Clone)]
pub(super) struct SecretSpec {
    /// The secret's name, such as `prod/database-url`: 1 to 512 letters, digits and `/`, `_`, `+`, `=`, `.`, `@`, `-`. Defaults
    /// to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("Name"), Immutable))]
    name: Value<String>,
    /// What the secret is for.
    #[tf(optional, ext(wire("Description")))]
    description: Value<String>,
    /// The KMS key that values are encrypted with: its ARN, its id or its alias. With `aws/secretsmanager` when absent.
    #[tf(optional, ext(wire("KmsKeyId")))]
    kms_key_id: Value<String>,
    /// The secret's value. It is sent when the secret is made and whenever `value_wo_version` changes, each time as a new
    /// version, which becomes the current one. It is never stored: not in the state, not in a plan, not in a log. Without it
    /// the secret has no value until somebody puts one.
    #[tf(optional, write_only, sensitive, ext(wire(VALUE), InputOnly))]
    value_wo: Value<String>,
    /// Any number; change it to send `value_wo` as a new version. Without it nothing is sent to a secret that exists: remove
    /// both, and somebody else puts values from then on. To take over an imported secret with the value that it has, set it
    /// to any number: the first number after an import is recorded, and nothing is sent until it changes once more.
    #[tf(optional)]
    value_wo_version: Value<i64>,
    /// For how many days the secret can be restored after its deletion, and so for how long its name is taken: from 7 to 30,
    /// or 0 to delete it at once and for good.
    #[tf(default = 30)]
    recovery_window_in_days: Value<i64>,
    /// Tags of this secret, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The secret's ARN, with the six letters at its end.
    #[tf(computed, ext(wire("ARN")))]
    arn: Value<String>,
    /// The id of the current version; null while there is none.
    #[tf(computed, ext(wire(CURRENT), Volatile { with: VALUE }))]
    current_version_id: Value<String>,
}

impl Declared for Secret {
    type Spec = SecretSpec;
    const NAME: &'static str = "secrets";
    const NOUN: &'static str = "secret";

    fn validate(&self, spec: &SecretSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9/_+=.@-]{1,512}$").ok());
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        let fits = |name: &&String| NAME.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a secret: 1 to 512 letters, digits and / _ + = . @ - are allowed. It defaults to \
                 the KEY; set name where the KEY does not do."
            );
            error("name", "Invalid name of a secret", detail);
        }
        if let Some(days) = spec.recovery_window_in_days.known().filter(|days| **days != 0 && !(7..=30).contains(*days))
        {
            let detail = format!(
                "recovery_window_in_days is {days}. A deleted secret can be restored for 7 to 30 days; 0 deletes it at once."
            );
            error("recovery_window_in_days", "Invalid recovery window of a secret", detail);
        }
        // The value itself is in no message.
        match spec.value_wo.known().map(String::len) {
            Some(0) => {
                let detail = "value_wo is empty. Give it the value, or leave it out and put one by other means.";
                error("value_wo", "An empty secret", detail.to_owned());
            }
            Some(size) if size > LARGEST => {
                let detail = format!("value_wo has {size} bytes; a version holds at most {LARGEST}.");
                error("value_wo", "The secret is too large", detail);
            }
            _ => {}
        }
    }
}

impl Kind for Secret {
    fn holds_data(&self) -> bool {
        true
    }

    fn name_is_kept_for(&self) -> Option<&'static str> {
        Some("7 to 30 days, while the deleted secret can be restored (recovery_window_in_days)")
    }

    fn holds_secrets(&self, body: &Json) -> bool {
        body.get(CURRENT).is_some()
    }

    fn has_secrets(&self, component: &Dynamic) -> bool {
        component.get("current_version_id").as_str().is_some()
    }

    /// A secret that has lost its value is sent it again by the next apply, if that has it.
    fn observed(&self, component: &mut Dynamic, _: &Dynamic, found: &Dynamic, _: &Scope) {
        if found.get("current_version_id").is_null() {
            crate::engine::tree::set(component, "value_wo_version", Dynamic::Null);
        }
    }

    /// RDS and others keep secrets of their own.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        body.get("OwningService").is_some_and(|service| !service.is_null())
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["ARN", CURRENT, "CreatedDate", "LastAccessedDate", "LastChangedDate", "LastRotatedDate", "PrimaryRegion"]
    }
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::SECRETS_MANAGER, action, body)).await
}

/// What one value is told from another by: a value that is sent twice becomes one version.
fn token() -> String {
    let random = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", random(), random())
}

/// A secret out of what `DescribeSecret` or `ListSecrets` says of it; `None` for one that is deleted.
pub(super) fn object(mut secret: Json) -> Option<Json> {
    let fields = secret.as_object_mut()?;
    if fields.get("DeletedDate").is_some_and(|date| !date.is_null()) {
        return None;
    }
    let stages = [fields.remove("VersionIdsToStages"), fields.remove("SecretVersionsToStages")];
    let has_current = |stages: &&Json| stages.as_array().into_iter().flatten().any(|stage| stage == "AWSCURRENT");
    let versions = stages.iter().flatten().filter_map(Json::as_object).flatten();
    let current = versions.filter(|(_, stages)| has_current(stages)).map(|(id, _)| id.clone()).next();
    if let Some(current) = current {
        fields.insert(CURRENT.to_owned(), Json::String(current));
    }
    if fields.get("RotationEnabled") == Some(&Json::Bool(false)) {
        fields.remove("RotationEnabled");
    }
    if fields.get("KmsKeyId").is_some_and(|key| key == OWN_KEY) {
        fields.remove("KmsKeyId");
    }
    let found = fields.remove("Tags").unwrap_or_default();
    tags::put(&mut secret, tags::of_pairs(&found));
    Some(secret)
}

/// Makes the value the current version, which gets the token for its id.
async fn put_value(name: &str, value: &Json, token: &str, run: Run<'_>) -> Result<(), ApiError> {
    let body = json!({ "SecretId": name, "ClientRequestToken": token, VALUE: value });
    call("PutSecretValue", body, run).await.map(drop)
}

/// Makes the tags what `after` says, where `before` does not.
async fn set_tags(name: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    if !change.set.is_empty() {
        call("TagResource", json!({ "SecretId": name, "Tags": tags::pairs(&change.set) }), run).await?;
    }
    if !change.remove.is_empty() {
        call("UntagResource", json!({ "SecretId": name, "TagKeys": change.remove }), run).await?;
    }
    Ok(())
}

/// Tells description and key.
async fn set_settings(name: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let key = wanted.get("KmsKeyId").cloned().unwrap_or_else(|| json!(OWN_KEY));
    let description = wire::text(wanted, "Description");
    let settings =
        json!({ "SecretId": name, "ClientRequestToken": token(), "Description": description, "KmsKeyId": key });
    call("UpdateSecret", settings, run).await.map(drop)
}

/// Restores the deleted secret that holds the name, if it has all tags that are `wanted`: by them stacks know their own.
/// `false`: there is none, or it has not.
async fn restore(wanted: &Json, run: Run<'_>) -> Result<bool, ApiError> {
    let named = json!({ "SecretId": wire::text(wanted, "Name") });
    let Some(deleted) = call("DescribeSecret", named.clone(), run).await.found()? else { return Ok(false) };
    let has = tags::of_pairs(&deleted["Tags"]);
    let is_own = tags::of(wanted).iter().all(|(key, value)| has.get(key) == Some(value));
    if deleted["DeletedDate"].is_null() || !is_own {
        return Ok(false);
    }
    call("RestoreSecret", named, run).await?;
    Ok(true)
}

#[async_trait]
impl Api for Secret {
    fn service(&self) -> Service {
        Service::SECRETS_MANAGER
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "Name")
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let request = Request::new(Service::SECRETS_MANAGER, "DescribeSecret", json!({ "SecretId": name }));
        Ok(run.call(request).await.found()?.and_then(object))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut secrets: Vec<Json> = Vec::new();
        let mut body = json!({ "MaxResults": 100 });
        loop {
            let mut page = call("ListSecrets", body.clone(), run).await?;
            let found = page["SecretList"].as_array_mut().map(std::mem::take).unwrap_or_default();
            secrets.extend(found.into_iter().filter_map(object));
            match page["NextToken"].as_str() {
                Some(token) => body["NextToken"] = json!(token),
                None => return Ok(secrets),
            }
        }
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "ClientRequestToken": token(), "Tags": tags::pairs(&tags::of(body)) });
        for field in ["Name", "Description", "KmsKeyId"] {
            if let Some(value) = body.get(field) {
                wanted[field] = value.clone();
            }
        }
        match call("CreateSecret", wanted, run).await {
            Err(error) if error.is_exists() || error.is_refused_with("InvalidRequestException") => {
                if restore(body, run).await? { Ok(()) } else { Err(error) }
            }
            made => made.map(drop),
        }
    }

    /// The value is sent by itself, so that one that did not arrive is known not to have: also to a secret that was restored,
    /// which may have been another one in other things, too.
    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(body);
        let found = self.read(name, None, run).await?.unwrap_or_default();
        if ["Description", "KmsKeyId"].iter().any(|field| wire::text(&found, field) != wire::text(body, field)) {
            set_settings(name, body, run).await?;
        }
        match body.get(VALUE) {
            Some(value) => put_value(name, value, &token(), run).await,
            None => Ok(()),
        }
    }

    /// The id of a new version is known before it is made.
    fn instruct(&self, _: &Dynamic, body: &mut Json) {
        if body.get(VALUE).is_some() {
            body[CURRENT] = json!(token());
        }
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        if changed.has("Description") || changed.has("KmsKeyId") {
            set_settings(name, after, run).await?;
        }
        if let Some(value) = after.get(VALUE) {
            put_value(name, value, wire::text(after, CURRENT), run).await?;
        }
        set_tags(name, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let window = known.get("recovery_window_in_days").as_number().map_or(WINDOW.to_string(), ToString::to_string);
        let body = match window.parse().unwrap_or(WINDOW) {
            0 => json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true }),
            days => json!({ "SecretId": name, "RecoveryWindowInDays": days }),
        };
        call("DeleteSecret", body, run).await.map(drop)
    }
}
