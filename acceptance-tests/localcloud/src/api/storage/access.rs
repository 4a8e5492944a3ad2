//! IAM on buckets, in Cloud Storage's spelling, and the access control lists from before it.
//!
//! A bucket's policy has the bucket's etag: writing one raises the metageneration of the other.

use serde_json::{Value, json};

use super::{HOST, bucket_path, bump, find, int, invalid, precondition_failed, uniform};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::json;
use crate::policy;
use crate::route::Api;
use crate::store::World;

/// Roles that exist on projects only.
const PROJECT_ROLES: &[&str] = &["roles/owner", "roles/editor", "roles/viewer"];

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/storage/v1/b/{bucket}/iam", get).on("PUT", "/storage/v1/b/{bucket}/iam", put).on(
        "GET",
        "/storage/v1/b/{bucket}/iam/testPermissions",
        test,
    )
}

/// Gives a new bucket its first policy: the project's owners, editors and viewers.
pub(super) fn found(world: &mut World, project_id: &str, bucket: &Value) {
    let name = bucket["name"].as_str().unwrap_or_default();
    let policy = json!({
        "kind": "storage#policy",
        "resourceId": format!("projects/_/buckets/{name}"),
        "version": 1,
        "etag": bucket["etag"],
        "bindings": legacy_bindings(project_id, uniform(bucket)),
    });
    world.state.policies.entry(HOST.to_owned()).or_default().insert(format!("b/{name}"), policy);
}

fn legacy_bindings(project_id: &str, uniform: bool) -> Vec<Value> {
    let owners = json!([format!("projectEditor:{project_id}"), format!("projectOwner:{project_id}")]);
    let viewers = json!([format!("projectViewer:{project_id}")]);
    let mut bindings = vec![
        json!({"role": "roles/storage.legacyBucketOwner", "members": owners}),
        json!({"role": "roles/storage.legacyBucketReader", "members": viewers}),
    ];
    if uniform {
        bindings.push(json!({"role": "roles/storage.legacyObjectOwner", "members": owners}));
        bindings.push(json!({"role": "roles/storage.legacyObjectReader", "members": viewers}));
    }
    bindings
}

/// Keeps a bucket's policy in step with a change of the bucket.
pub(super) fn follow(world: &mut World, name: &str, prior: &Value, bucket: &Value) {
    let project =
        bucket["projectNumber"].as_str().and_then(|number| world.project(number)).map(|p| p.project_id.clone());
    let policies = world.state.policies.entry(HOST.to_owned()).or_default();
    let Some(policy) = policies.get_mut(&format!("b/{name}")) else { return };
    policy["etag"] = bucket["etag"].clone();
    if uniform(bucket) && !uniform(prior) {
        // What the lists on objects said before is now said by roles.
        let there: Vec<String> = policy["bindings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|binding| binding["role"].as_str().map(ToOwned::to_owned))
            .collect();
        let missing = legacy_bindings(&project.unwrap_or_default(), true)
            .into_iter()
            .filter(|binding| binding["role"].as_str().is_none_or(|role| !there.iter().any(|t| t == role)));
        match policy["bindings"].as_array_mut() {
            Some(bindings) => bindings.extend(missing),
            None => policy["bindings"] = Value::Array(missing.collect()),
        }
    }
}

fn resource(call: &Call<'_>) -> String {
    format!("b/{}", call.param("bucket"))
}

/// The policy as Cloud Storage writes it: with `kind`, `resourceId`, the bucket's etag, and always a version.
fn dressed(call: &Call<'_>, mut policy: Value, bucket: &Value) -> Value {
    policy["kind"] = json!("storage#policy");
    policy["resourceId"] = json!(format!("projects/_/buckets/{}", call.param("bucket")));
    if policy.get("version").is_none() {
        policy["version"] = json!(1);
        policy["etag"] = bucket["etag"].clone();
    }
    policy
}

fn get(call: &mut Call<'_>) -> Outcome {
    let bucket = find(call)?;
    let version = policy::version(call.query("optionsRequestedPolicyVersion").unwrap_or("0"))?;
    let policy = policy::read(call.world, HOST, &resource(call), version);
    Ok(Reply::json(dressed(call, policy, &bucket)))
}

fn put(call: &mut Call<'_>) -> Outcome {
    let mut bucket = find(call)?;
    let wanted = call.body()?;
    let current = dressed(call, policy::read(call.world, HOST, &resource(call), 3), &bucket);
    if wanted.get("etag").and_then(Value::as_str).is_some_and(|etag| !etag.is_empty() && current["etag"] != etag) {
        return Err(precondition_failed());
    }
    let bindings = policy::normal_bindings(call.world, HOST, &wanted)?;
    for binding in &bindings {
        let role = binding["role"].as_str().unwrap_or_default();
        if PROJECT_ROLES.contains(&role) {
            return Err(invalid(format!("Role {role} is not supported for this resource.")));
        }
        if binding.get("condition").is_some() && !uniform(&bucket) {
            return Err(ApiError::storage(
                412,
                "conditionNotMet",
                "Conditions in a bucket's policy need uniform bucket-level access.",
            ));
        }
        let public = |member: &Value| member == "allUsers" || member == "allAuthenticatedUsers";
        let prevented = json::at(&bucket, "iamConfiguration.publicAccessPrevention") == Some(&json!("enforced"));
        if prevented && binding["members"].as_array().is_some_and(|members| members.iter().any(public)) {
            return Err(ApiError::storage(
                412,
                "conditionNotMet",
                "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.",
            ));
        }
    }
    let conditional = bindings.iter().any(|binding| binding.get("condition").is_some());
    let now = clock::millis(call.world.clock.now());
    bump(&mut bucket, &now);
    let mut policy = json!({
        "kind": "storage#policy",
        "resourceId": current["resourceId"],
        "version": if conditional { 3 } else { 1 },
        "etag": bucket["etag"],
    });
    if !bindings.is_empty() {
        policy["bindings"] = Value::Array(bindings);
    }
    let resource = resource(call);
    call.world.state.policies.entry(HOST.to_owned()).or_default().insert(resource, policy.clone());
    let path = bucket_path(call.param("bucket"));
    call.world.put(HOST, &path, bucket);
    Ok(Reply::json(policy))
}

fn test(call: &mut Call<'_>) -> Outcome {
    find(call)?;
    let permissions: Vec<&str> = call.request.query_all("permissions").collect();
    if permissions.is_empty() {
        return Err(ApiError::storage(400, "required", "Required parameter: permissions"));
    }
    Ok(Reply::json(json!({"kind": "storage#testIamPermissionsResponse", "permissions": permissions})))
}

/// The access control list of a new bucket.
pub(super) fn default_acl(name: &str, number: &str, etag: &Value) -> Value {
    let entries = TEAMS.iter().map(|(team, role)| {
        let entity = format!("project-{team}-{number}");
        json!({
            "kind": "storage#bucketAccessControl",
            "id": format!("{name}/{entity}"),
            "selfLink": format!("https://www.googleapis.com/storage/v1/b/{name}/acl/{entity}"),
            "bucket": name,
            "entity": entity,
            "role": role,
            "etag": etag,
            "projectTeam": {"projectNumber": number, "team": team},
        })
    });
    Value::Array(entries.collect())
}

/// The access control list that new objects of a new bucket get.
pub(super) fn default_object_acl(number: &str, etag: &Value) -> Value {
    let entries = TEAMS.iter().map(|(team, role)| {
        json!({
            "kind": "storage#objectAccessControl",
            "entity": format!("project-{team}-{number}"),
            "role": role,
            "etag": etag,
            "projectTeam": {"projectNumber": number, "team": team},
        })
    });
    Value::Array(entries.collect())
}

const TEAMS: &[(&str, &str)] = &[("owners", "OWNER"), ("editors", "OWNER"), ("viewers", "READER")];

/// Raises a bucket's metageneration because its policy was edited from outside, and returns the new etag; none for other resources.
pub(crate) fn touch(world: &mut World, host: &str, resource: &str) -> Option<Value> {
    if host != HOST {
        return None;
    }
    let name = resource.strip_prefix("b/")?;
    let mut bucket = world.get(HOST, &bucket_path(name))?.clone();
    int(&bucket["metageneration"])?;
    let now = clock::millis(world.clock.now());
    bump(&mut bucket, &now);
    let etag = bucket["etag"].clone();
    world.put(HOST, &bucket_path(name), bucket);
    Some(etag)
}
