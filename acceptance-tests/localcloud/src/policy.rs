//! IAM policies: get, set and test, alike for every API that has them.
//!
//! Members and roles are judged as IAM judges them; service accounts and identity pools of projects that live here must exist. Cloud
//! Storage spells the verbs differently and calls [`read`] and [`write()`] itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::etag;
use crate::json::{self, Object};
use crate::route::Api;
use crate::store::World;

/// The most members that one policy holds.
const MAX_MEMBERS: usize = 1500;

/// Adds `:getIamPolicy`, `:setIamPolicy` and `:testIamPermissions` to what `template` names. `read_method` is that of `:getIamPolicy`, GET or
/// POST. `resource` finds the resource that the call is about (no version in front), or refuses.
pub fn serve(
    api: Api,
    template: &'static str,
    read_method: &'static str,
    resource: impl Fn(&mut Call<'_>) -> Result<String, ApiError> + Clone + Send + Sync + 'static,
) -> Api {
    let verb = |verb: &str| -> &'static str { Box::leak(format!("{template}:{verb}").into_boxed_str()) };
    let reader = {
        let resource = resource.clone();
        move |call: &mut Call<'_>| {
            let resource = resource(call)?;
            let version = requested_version(call)?;
            Ok(Reply::json(read(call.world, call.host(), &resource, version)))
        }
    };
    let writer = {
        let resource = resource.clone();
        move |call: &mut Call<'_>| -> Outcome {
            let resource = resource(call)?;
            let body = call.body()?;
            let Some(Value::Object(policy)) = body.get("policy") else {
                return Err(ApiError::invalid("Policy is required"));
            };
            let mut policy = policy.clone();
            let mask = body.get("updateMask").and_then(Value::as_str).unwrap_or_default();
            if !json::parse_mask(mask).iter().any(|path| path.first().is_some_and(|first| first == "auditConfigs")) {
                // The mask is "bindings,etag" when nothing else is said: audit settings stay.
                let current = read(call.world, call.host(), &resource, 3);
                policy.remove("auditConfigs");
                policy.extend(current.get("auditConfigs").map(|audit| ("auditConfigs".to_owned(), audit.clone())));
            }
            let host = call.host();
            Ok(Reply::json(write(call.world, host, &resource, &policy)?))
        }
    };
    let tester = move |call: &mut Call<'_>| -> Outcome {
        resource(call)?;
        let body = call.body()?;
        Ok(Reply::json(match body.get("permissions") {
            Some(permissions) => json!({"permissions": permissions}),
            None => json!({}),
        }))
    };
    api.on(read_method, verb("getIamPolicy"), reader).on("POST", verb("setIamPolicy"), writer).on(
        "POST",
        verb("testIamPermissions"),
        tester,
    )
}

/// The policy version that the caller understands: query parameter or body, 0 when it does not say.
fn requested_version(call: &Call<'_>) -> Result<i64, ApiError> {
    let body = call.body()?;
    let in_body = body.get("options").and_then(|options| options.get("requestedPolicyVersion"));
    let text = match (call.query("options.requestedPolicyVersion"), in_body) {
        (Some(text), _) => text.to_owned(),
        (None, Some(Value::String(text))) => text.clone(),
        (None, Some(value)) => value.to_string(),
        (None, None) => return Ok(0),
    };
    version(&text)
}

/// A requested policy version: 0, 1 or 3.
///
/// # Errors
/// 400 for anything else.
pub fn version(text: &str) -> Result<i64, ApiError> {
    match text {
        "0" => Ok(0),
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err(ApiError::invalid(format!("Invalid requested policy version: {text}"))),
    }
}

/// The policy of a resource, as a caller sees it that understands `version`.
pub fn read(world: &World, host: &str, resource: &str, version: i64) -> Value {
    let stored = world.state.policies.get(host).and_then(|policies| policies.get(resource));
    let mut policy = stored.cloned().unwrap_or_else(|| json!({"etag": etag::EMPTY_POLICY}));
    if version < 3 && policy["version"] == json!(3) {
        policy["version"] = json!(1);
        for binding in policy["bindings"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            if let Some(condition) = binding.remove("condition") {
                let role = binding.get("role").and_then(Value::as_str).unwrap_or_default();
                let hash = etag::hex(&[&condition.to_string()], 20);
                binding.insert("role".to_owned(), json!(format!("{role}_withcond_{hash}")));
            }
        }
    }
    policy
}

/// Judges and stores a policy, `auditConfigs` included, and returns it as stored.
///
/// # Errors
/// 409 when the etag is not the stored one, 400 for a malformed member, role or condition and for a principal that does not exist.
pub fn write(world: &mut World, host: &str, resource: &str, wanted: &Object) -> Result<Value, ApiError> {
    let current = read(world, host, resource, 3);
    if let Some(sent) = wanted.get("etag").and_then(Value::as_str).filter(|sent| !sent.is_empty())
        && current["etag"] != sent
    {
        return Err(stale());
    }
    let bindings = normal_bindings(world, host, wanted)?;
    check_custom_roles(world, &bindings, &current)?;
    let conditional = bindings.iter().any(|binding| binding.get("condition").is_some());
    let mut policy = json!({
        "version": if conditional { 3 } else { 1 },
        "etag": etag::policy(world.tick()),
    });
    if !bindings.is_empty() {
        policy["bindings"] = Value::Array(bindings);
    }
    if let Some(audit) =
        wanted.get("auditConfigs").filter(|audit| audit.as_array().is_some_and(|list| !list.is_empty()))
    {
        policy["auditConfigs"] = audit.clone();
    }
    world.state.policies.entry(host.to_owned()).or_default().insert(resource.to_owned(), policy.clone());
    Ok(policy)
}

/// 409: somebody else wrote the policy in between.
pub fn stale() -> ApiError {
    ApiError::aborted(
        "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The request's \
         ETag did not match the current policy's ETag.",
    )
}

/// Bindings merged by role and condition, members in their canonical spelling, both sorted.
///
/// # Errors
/// 400, as [`write()`].
pub fn normal_bindings(world: &mut World, host: &str, wanted: &Object) -> Result<Vec<Value>, ApiError> {
    let sent_version = match wanted.get("version") {
        None => 0,
        Some(Value::Number(n)) => n.as_i64().unwrap_or(-1),
        Some(Value::String(text)) => text.parse().unwrap_or(-1),
        Some(_) => -1,
    };
    if ![0, 1, 3].contains(&sent_version) {
        return Err(ApiError::invalid("Invalid policy version"));
    }
    let mut merged: BTreeMap<(String, String), (Value, BTreeSet<String>)> = BTreeMap::new();
    for binding in wanted.get("bindings").and_then(Value::as_array).into_iter().flatten() {
        let role = binding["role"].as_str().unwrap_or_default();
        check_role(role)?;
        let condition = normal_condition(binding.get("condition"))?;
        if !condition.is_null() && sent_version != 3 {
            return Err(ApiError::invalid(
                "Policies with conditional role bindings must specify version 3 in the request's policy.",
            ));
        }
        let (_, members) =
            merged.entry((role.to_owned(), condition.to_string())).or_insert_with(|| (condition, BTreeSet::new()));
        for member in binding["members"].as_array().into_iter().flatten() {
            let member = member.as_str().ok_or_else(|| ApiError::invalid("Invalid member"))?;
            members.insert(normal_member(host, member)?);
        }
    }
    merged.retain(|_, (_, members)| !members.is_empty());
    let all: BTreeSet<&String> = merged.values().flat_map(|(_, members)| members).collect();
    if all.len() > MAX_MEMBERS {
        return Err(ApiError::invalid(format!(
            "The policy has {} members; at most {MAX_MEMBERS} are allowed",
            all.len()
        )));
    }
    let all: Vec<String> = all.into_iter().cloned().collect();
    check_principals(world, &all)?;
    Ok(merged
        .into_iter()
        .map(|((role, _), (condition, members))| {
            let mut binding = json!({"role": role, "members": members});
            if !condition.is_null() {
                binding["condition"] = condition;
            }
            binding
        })
        .collect())
}

fn check_role(role: &str) -> Result<(), ApiError> {
    let name_is_sane =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    let parts: Vec<&str> = role.split('/').collect();
    let ok = match parts.as_slice() {
        ["roles", name] => name_is_sane(name),
        ["projects" | "organizations", parent, "roles", name] => !parent.is_empty() && name_is_sane(name),
        _ => false,
    };
    if ok {
        Ok(())
    } else if role.is_empty() {
        Err(ApiError::invalid("Role must be specified in a binding."))
    } else {
        Err(ApiError::invalid(format!("Role ({role}) does not exist in the resource's hierarchy.")))
    }
}

/// A custom role of a project that lives here must exist to be granted. What a policy grants of a deleted one stays in it.
fn check_custom_roles(world: &World, bindings: &[Value], current: &Value) -> Result<(), ApiError> {
    let granted =
        |role: &str| current["bindings"].as_array().into_iter().flatten().any(|binding| binding["role"] == role);
    for role in bindings.iter().filter_map(|binding| binding["role"].as_str()) {
        let ["projects", project, "roles", _] = role.split('/').collect::<Vec<_>>()[..] else { continue };
        let found = world.get("iam.googleapis.com", &format!("/v1/{role}"));
        let is_there = found.is_some_and(|found| found.get("deleted").is_none());
        if world.project(project).is_some() && !is_there && !granted(role) {
            return Err(ApiError::invalid(format!("Role ({role}) does not exist in the resource's hierarchy.")));
        }
    }
    Ok(())
}

fn normal_condition(condition: Option<&Value>) -> Result<Value, ApiError> {
    let Some(Value::Object(condition)) = condition else { return Ok(Value::Null) };
    let text = |name: &str| condition.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("expression").is_empty() {
        return Err(ApiError::invalid("Condition expression must not be empty."));
    }
    if text("title").is_empty() {
        return Err(ApiError::invalid("Condition title must not be empty."));
    }
    let mut condition = condition.clone();
    condition.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::Object(condition))
}

/// The canonical spelling of a member.
fn normal_member(host: &str, member: &str) -> Result<String, ApiError> {
    if member == "allUsers" || member == "allAuthenticatedUsers" {
        if host == "cloudresourcemanager.googleapis.com" {
            return Err(ApiError::invalid(format!("Members of type {member} are not supported on projects.")));
        }
        return Ok(member.to_owned());
    }
    let unknown = || {
        ApiError::invalid(format!(
            "The member {member} is of an unknown type. Please set a valid type prefix for the member."
        ))
    };
    let (kind, rest) = member.split_once(':').ok_or_else(unknown)?;
    match kind {
        "principal" | "principalSet" | "principalHierarchy" => {
            if !rest.starts_with("//") {
                return Err(ApiError::invalid(format!("Invalid principal ({member}).")));
            }
            Ok(member.to_owned())
        }
        "user" | "group" | "serviceAccount" => {
            // `serviceAccount:P.svc.id.goog[ns/name]` is Kubernetes' form.
            let address = rest.contains('@') || (kind == "serviceAccount" && rest.contains(".svc.id.goog["));
            if !address || rest.chars().any(char::is_whitespace) {
                return Err(ApiError::invalid(format!("Invalid email address ({rest}) in member {member}.")));
            }
            Ok(format!("{kind}:{}", rest.to_lowercase()))
        }
        "domain" if rest.contains('.') => Ok(format!("{kind}:{}", rest.to_lowercase())),
        "projectOwner" | "projectEditor" | "projectViewer" if !rest.is_empty() => Ok(member.to_owned()),
        "deleted" => match rest.split_once(':') {
            Some(("user" | "group" | "serviceAccount", rest)) if rest.contains("?uid=") => Ok(member.to_owned()),
            Some(("principal" | "principalSet", _)) => Ok(member.to_owned()),
            _ => Err(unknown()),
        },
        "domain" | "projectOwner" | "projectEditor" | "projectViewer" => {
            Err(ApiError::invalid(format!("Invalid member ({member}).")))
        }
        _ => Err(unknown()),
    }
}

/// Principals of projects that live here must exist. All are looked at even if the first one is refused: a refused write is one more that the
/// fresh accounts in it have seen.
fn check_principals(world: &mut World, members: &[String]) -> Result<(), ApiError> {
    let mut verdict = Ok(());
    for member in members {
        let judged = check_principal(world, member, members);
        verdict = verdict.and(judged);
    }
    verdict
}

fn check_principal(world: &mut World, member: &str, members: &[String]) -> Result<(), ApiError> {
    if let Some(email) = member.strip_prefix("serviceAccount:") {
        let deleted = format!("deleted:serviceAccount:{email}?uid=");
        if members.iter().any(|other| other.starts_with(&deleted)) {
            return Err(ApiError::invalid(format!("Inconsistent representation of deleted member {member}.")));
        }
        return check_account(world, email);
    }
    if member.starts_with("principal://") || member.starts_with("principalSet://") {
        return check_pool(world, member);
    }
    Ok(())
}

fn check_account(world: &mut World, email: &str) -> Result<(), ApiError> {
    let missing = || ApiError::invalid(format!("Service account {email} does not exist."));
    let now = world.clock.now();
    if world.state.fresh_accounts.get_mut(email).is_some_and(|fresh| !fresh.policies.look(now)) {
        return Err(missing());
    }
    let Some(project) = email
        .strip_suffix(".iam.gserviceaccount.com")
        .and_then(|rest| rest.split_once('@'))
        .and_then(|(_, project)| world.project(project))
    else {
        return Ok(());
    };
    let path = format!("/v1/projects/{}/serviceAccounts/{email}", project.project_id);
    let body = world.get("iam.googleapis.com", &path);
    if body.is_some() { Ok(()) } else { Err(missing()) }
}

fn check_pool(world: &World, member: &str) -> Result<(), ApiError> {
    let Some((_, rest)) = member.split_once("iam.googleapis.com/projects/") else { return Ok(()) };
    let parts: Vec<&str> = rest.split('/').collect();
    let [number, "locations", location, "workloadIdentityPools", pool, ..] = parts.as_slice() else { return Ok(()) };
    if !number.chars().all(|c| c.is_ascii_digit()) {
        return Err(ApiError::invalid(format!("Invalid principal ({member}): the project number is expected.")));
    }
    let Some(project) = world.project(number) else { return Ok(()) };
    let path = format!("/v1/projects/{}/locations/{location}/workloadIdentityPools/{pool}", project.project_id);
    match world.get("iam.googleapis.com", &path) {
        Some(pool) if pool["state"] != "DELETED" => Ok(()),
        _ => Err(ApiError::invalid(format!(
            "Identity Pool does not exist (projects/{number}/locations/{location}/workloadIdentityPools/{pool}). Please check that \
             you specified a valid resource name as returned in the `name` attribute in the configuration API."
        ))),
    }
}
