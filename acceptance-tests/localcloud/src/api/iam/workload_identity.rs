//! Workload identity pools and their providers.
//!
//! All changes are operations that end without a response. A deleted pool or provider stays for thirty days: it is read as `DELETED`, its name
//! is taken, and `:undelete` brings it back.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::HOST;
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::collection::{self, Change, Collection, Completion, Naming, Verb};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::operation;
use crate::pages::PageRule;
use crate::route::Api;

const POOLS: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools";
const PROVIDERS: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}/providers";
const POOL: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}";
const PROVIDER: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}/providers/{provider}";
const POOL_OPERATION: &str =
    "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}/operations/{operation}";
const PROVIDER_OPERATION: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}/providers/{provider}/operations/{operation}";
const RULES: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}:listAttestationRules";
const UNDELETE_POOL: &str = "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}:undelete";
const UNDELETE_PROVIDER: &str =
    "/v1/projects/{project}/locations/{location}/workloadIdentityPools/{pool}/providers/{provider}:undelete";

/// How long a deleted one can be brought back.
const KEPT_DAYS: i64 = 30;
/// The kinds of a provider: exactly one of these blocks.
const KINDS: [&str; 4] = ["aws", "oidc", "saml", "x509"];
/// Issuers that anybody gets tokens from: a condition on their claims is demanded.
const SHARED_ISSUERS: [&str; 3] =
    ["https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"];

/// Adds pools and providers to the API.
pub(super) fn serve(api: Api) -> Api {
    // First, so that these win over the standard ones.
    let api = serve_purged(serve_purged(api, POOLS, POOL, &Pool), PROVIDERS, PROVIDER, &Provider)
        .on("DELETE", POOL, |call| change_state(&Pool, call, State::Deleted))
        .on("DELETE", PROVIDER, |call| change_state(&Provider, call, State::Deleted))
        .on("POST", UNDELETE_POOL, |call| change_state(&Pool, call, State::Active))
        .on("POST", UNDELETE_PROVIDER, |call| change_state(&Provider, call, State::Active))
        .on("GET", RULES, list_rules);
    let api = operation::serve(operation::serve(api, POOL_OPERATION), PROVIDER_OPERATION);
    let api = collection::serve(collection::serve(api, Provider), Pool);
    crate::policy::serve(api, POOL, "POST", |call| {
        let name = call.resource();
        match call.world.has(HOST, &format!("/v1/{name}")) {
            true => Ok(name),
            false => Err(ApiError::not_found("Requested entity was not found.")),
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Deleted,
}

struct Pool;
struct Provider;

impl Collection for Pool {
    fn template(&self) -> &'static str {
        POOL
    }

    fn list_field(&self) -> &'static str {
        "workloadIdentityPools"
    }

    fn naming(&self) -> Naming {
        Naming::Query("workloadIdentityPoolId")
    }

    fn pages(&self) -> PageRule {
        PageRule { default: 50, max: 1000 }
    }

    fn named_by_number(&self) -> bool {
        true
    }

    fn completion(&self, _verb: Verb) -> Completion {
        Completion::Operation { metadata: Value::Null, response_type: "" }
    }

    fn operation_name(&self, name: &str, id: &str) -> String {
        below(name, id)
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["state", "expireTime"]
    }

    fn listed(&self, call: &Call<'_>, stored: &Value) -> Result<bool, ApiError> {
        Ok(is_listed(call, stored))
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, mask } = change;
        settle(call, &id, &mut wanted, prior)?;
        if mask.iter().any(|path| path.first().is_some_and(|first| first == "mode")) {
            return Err(ApiError::invalid_field("update_mask", "The mode of a pool cannot be changed."));
        }
        json::drop_zeros(&mut wanted, Presence::default());
        Ok(finish(wanted, &name))
    }
}

impl Collection for Provider {
    fn template(&self) -> &'static str {
        PROVIDER
    }

    fn list_field(&self) -> &'static str {
        "workloadIdentityPoolProviders"
    }

    fn naming(&self) -> Naming {
        Naming::Query("workloadIdentityPoolProviderId")
    }

    fn pages(&self) -> PageRule {
        PageRule { default: 50, max: 100 }
    }

    fn named_by_number(&self) -> bool {
        true
    }

    fn completion(&self, _verb: Verb) -> Completion {
        Completion::Operation { metadata: Value::Null, response_type: "" }
    }

    fn operation_name(&self, name: &str, id: &str) -> String {
        below(name, id)
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["state", "expireTime"]
    }

    fn listed(&self, call: &Call<'_>, stored: &Value) -> Result<bool, ApiError> {
        Ok(is_listed(call, stored))
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, .. } = change;
        settle(call, &id, &mut wanted, prior)?;
        let pool = call.path().split("/providers").next().unwrap_or_default().to_owned();
        match call.world.get(HOST, &pool) {
            Some(pool) if pool["state"] != "DELETED" => {}
            Some(_) => return Err(ApiError::failed_precondition("The workload identity pool is deleted.")),
            None => return Err(ApiError::not_found("Requested entity was not found.")),
        }
        wanted.retain(|_, value| !value.is_null());
        check_kind(&wanted, prior)?;
        check_mapping(&mut wanted)?;
        check_condition(&wanted)?;
        check_oidc(&mut wanted)?;
        json::drop_zeros(&mut wanted, Presence { kept: &[], maps: &["attributeMapping"] });
        Ok(finish(wanted, &name))
    }
}

/// The operations of an object stand below it.
fn below(name: &str, id: &str) -> String {
    format!("{name}/operations/{}", id.replace('-', ""))
}

fn is_listed(call: &Call<'_>, stored: &Value) -> bool {
    call.query("showDeleted") == Some("true") || stored["state"] != "DELETED"
}

/// What pools and providers have in common.
fn settle(call: &Call<'_>, id: &str, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
    if call.param("location") != "global" {
        return Err(ApiError::invalid_field("parent", "The location of a workload identity pool is global."));
    }
    match prior {
        None => check_id(id)?,
        Some(prior) if prior["state"] == "DELETED" => {
            return Err(ApiError::failed_precondition("The resource is deleted: undelete it first."));
        }
        Some(_) => {}
    }
    let length = |field: &str| wanted.get(field).and_then(Value::as_str).map_or(0, |text| text.chars().count());
    if length("displayName") > 32 {
        return Err(ApiError::invalid_field("display_name", "The display name has at most 32 characters."));
    }
    if length("description") > 256 {
        return Err(ApiError::invalid_field("description", "The description has at most 256 characters."));
    }
    Ok(())
}

fn finish(mut wanted: Object, name: &str) -> Value {
    wanted.insert("name".to_owned(), json!(name));
    wanted.insert("state".to_owned(), json!("ACTIVE"));
    Value::Object(wanted)
}

fn check_id(id: &str) -> Result<(), ApiError> {
    let sane =
        (4..=32).contains(&id.len()) && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    match (sane, id.starts_with("gcp-")) {
        (true, false) => Ok(()),
        (true, true) => Err(ApiError::invalid(format!("Invalid id \"{id}\": the prefix gcp- is reserved."))),
        (false, _) => Err(ApiError::invalid(format!(
            "Invalid id \"{id}\": it has 4 to 32 characters, lower case letters, digits and dashes."
        ))),
    }
}

fn check_kind(wanted: &Object, prior: Option<&Value>) -> Result<(), ApiError> {
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| wanted.contains_key(*kind)).collect();
    let [kind] = kinds.as_slice() else {
        return Err(ApiError::invalid("Exactly one of aws, oidc, saml and x509 is needed."));
    };
    match prior {
        Some(prior) if prior.get(*kind).is_none() => {
            Err(ApiError::invalid("The kind of a workload identity pool provider cannot be changed."))
        }
        _ => Ok(()),
    }
}

fn check_mapping(wanted: &mut Object) -> Result<(), ApiError> {
    let is_aws = wanted.contains_key("aws");
    let mapping = wanted.get("attributeMapping").and_then(Value::as_object).cloned().unwrap_or_default();
    if mapping.is_empty() && is_aws {
        let usual = json!({
            "google.subject": "assertion.arn",
            "attribute.aws_role": "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + \
                'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn",
        });
        wanted.insert("attributeMapping".to_owned(), usual);
        return Ok(());
    }
    let refuse = |text: String| Err(ApiError::invalid_field("attribute_mapping", text));
    if !mapping.contains_key("google.subject") {
        return refuse("The attribute mapping must include google.subject.".to_owned());
    }
    if mapping.keys().filter(|key| key.starts_with("attribute.")).count() > 50 {
        return refuse("At most 50 custom attributes are mapped.".to_owned());
    }
    for (key, expression) in &mapping {
        let custom = key.strip_prefix("attribute.").is_some_and(|name| {
            (1..=100).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        });
        if !custom && key != "google.subject" && key != "google.groups" {
            return refuse(format!("Invalid mapped attribute key: {key}"));
        }
        let expression = expression.as_str().unwrap_or_default();
        if expression.is_empty() || expression.len() > 2048 {
            return refuse(format!("Invalid attribute mapping expression of {key}."));
        }
    }
    Ok(())
}

fn check_condition(wanted: &Object) -> Result<(), ApiError> {
    let condition = wanted.get("attributeCondition").and_then(Value::as_str).unwrap_or_default();
    if condition.len() > 4096 {
        return Err(ApiError::invalid_field("attribute_condition", "The condition has at most 4096 characters."));
    }
    let issuer = wanted.get("oidc").and_then(|oidc| oidc.get("issuerUri")).and_then(Value::as_str).unwrap_or_default();
    let shared = SHARED_ISSUERS.iter().any(|known| issuer.trim_end_matches('/') == *known);
    let names_a_claim = ["assertion.", "attribute.", "google."].iter().any(|root| condition.contains(root));
    if shared && !names_a_claim {
        return Err(ApiError::invalid_field(
            "attribute_condition",
            "The attribute condition must reference one of the provider's claims. For more information, see \
             https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions",
        ));
    }
    Ok(())
}

fn check_oidc(wanted: &mut Object) -> Result<(), ApiError> {
    let Some(Value::Object(oidc)) = wanted.get_mut("oidc") else { return Ok(()) };
    let issuer = oidc.get("issuerUri").and_then(Value::as_str).unwrap_or_default();
    if !issuer.starts_with("https://") || issuer.len() > 2000 {
        return Err(ApiError::invalid_field("oidc.issuer_uri", "The issuer URI must be an HTTPS endpoint."));
    }
    let audiences = oidc.get("allowedAudiences").and_then(Value::as_array).cloned().unwrap_or_default();
    if audiences.len() > 10 || audiences.iter().any(|audience| audience.as_str().is_none_or(|text| text.len() > 256)) {
        return Err(ApiError::invalid_field(
            "oidc.allowed_audiences",
            "At most 10 audiences of at most 256 characters are allowed.",
        ));
    }
    if let Some(text) = oidc.get("jwksJson").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        match serde_json::from_str::<Value>(text) {
            Ok(keys) if keys["keys"].is_array() => oidc.insert("jwksJson".to_owned(), json!(keys.to_string())),
            _ => return Err(ApiError::invalid_field("oidc.jwks_json", "The JWKS is no JSON with keys.")),
        };
    }
    Ok(())
}

/// The attestation rules of a pool, which has none here. hashicorp/google reads them with every pool and takes a 404 for a pool that is
/// gone; that there are such rules says IAM's discovery document.
fn list_rules(call: &mut Call<'_>) -> Outcome {
    match call.world.has(HOST, &format!("/v1/{}", call.resource())) {
        true => Ok(Reply::empty_object()),
        false => Err(ApiError::not_found("Requested entity was not found.")),
    }
}

/// Deletes or undeletes.
fn change_state(kind: &dyn Collection, call: &mut Call<'_>, wanted: State) -> Outcome {
    let path = format!("/v1/{}", call.resource());
    let name = collection::shown_name(kind, call, &path);
    let mut body =
        call.world.get(HOST, &path).and_then(Value::as_object).cloned().ok_or_else(|| kind.not_found(&name))?;
    let deleted = body.get("state").is_some_and(|state| state == "DELETED");
    match (deleted, wanted) {
        (true, State::Deleted) => return Err(ApiError::failed_precondition("The resource is deleted already.")),
        (false, State::Active) => return Err(ApiError::failed_precondition("The resource is not deleted.")),
        (false, State::Deleted) => {
            body.insert("state".to_owned(), json!("DELETED"));
            let gone = clock::days_later(call.world.clock.now(), KEPT_DAYS);
            body.insert("expireTime".to_owned(), json!(clock::micros(gone)));
        }
        (true, State::Active) => {
            body.insert("state".to_owned(), json!("ACTIVE"));
            body.remove("expireTime");
        }
    }
    if !call.is_condemned() {
        call.world.put(HOST, &path, Value::Object(body));
    }
    let id = call.world.uuid();
    Ok(operation::start(call, below(&name, &id), None, Value::Null))
}

/// Reads and creates of a kind, which find nothing whose thirty days are over.
fn serve_purged(api: Api, parent: &'static str, template: &'static str, kind: &'static dyn Collection) -> Api {
    api.on("GET", template, move |call| {
        purge(call);
        collection::get(kind, call)
    })
    .on("GET", parent, move |call| {
        purge(call);
        collection::list(kind, call)
    })
    .on("POST", parent, move |call| {
        purge(call);
        collection::create(kind, call)
    })
}

fn purge(call: &mut Call<'_>) {
    let now = call.world.clock.now();
    let is_over = |body: &Value| {
        body["expireTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok()).is_some_and(|at| at <= now)
    };
    let objects = call.world.state.objects.get(HOST).into_iter().flatten();
    let over: Vec<String> = objects.filter(|(_, object)| is_over(&object.body)).map(|(path, _)| path.clone()).collect();
    for path in over {
        call.world.remove(HOST, &path);
    }
}
