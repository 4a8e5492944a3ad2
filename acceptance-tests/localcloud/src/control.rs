//! `/_localcloud`: what a test may do to the cloud that no user of it can.
//!
//! Faults, the request log, the snapshot, settings, and edits behind the provider's back. Nothing else in this crate is there for tests alone.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::storage;
use crate::etag;
use crate::fault::{FaultSpec, Faults};
use crate::json;
use crate::request_log::RequestLog;
use crate::seed;
use crate::store::{Settings, World, resource_of};

/// An edit: `{"service", "path", "merge"}` or `{"service", "path", "delete": true}`. A path that ends in `:getIamPolicy` or, for
/// Cloud Storage, in `/iam` means the policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// API host.
    pub service: String,
    /// Path of the object.
    pub path: String,
    /// A JSON merge patch. No validation, no defaults.
    #[serde(default)]
    pub merge: Option<Value>,
    /// Remove it, and what is below it.
    #[serde(default)]
    pub delete: bool,
}

/// What control calls reach.
pub(crate) struct Reach<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) faults: &'a mut Faults,
    pub(crate) log: &'a mut RequestLog,
}

/// Answers a control call: status and body.
pub(crate) fn answer(reach: Reach<'_>, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let Reach { world, faults, log } = reach;
    match (method, path) {
        ("DELETE", "faults") => {
            faults.clear();
            world.end_the_endless();
            (200, json!({}))
        }
        ("GET", "snapshot") => match seed::snapshot(world) {
            Some(seed) => (200, json!(seed)),
            None => (200, json!({"resources": [], "iam_policies": [], "enabled_services": []})),
        },
        ("GET", "settings") => (200, json!(world.settings)),
        ("POST", "settings") => match changed_settings(world.settings, body) {
            Ok(settings) => {
                world.settings = settings;
                (200, json!(settings))
            }
            Err(error) => refuse(&error),
        },
        ("POST", "edit") => match serde_json::from_slice::<Edit>(body) {
            Ok(edit) => apply(world, &edit),
            Err(error) => refuse(&error),
        },
        _ => of_any(faults, log, method, path, body).unwrap_or_else(|| (404, json!({"error": "no such control call"}))),
    }
}

/// Answers the control calls that every cloud here has; `None` where it is none of them.
pub(crate) fn of_any(
    faults: &mut Faults,
    log: &mut RequestLog,
    method: &str,
    path: &str,
    body: &[u8],
) -> Option<(u16, Value)> {
    Some(match (method, path) {
        ("POST", "faults") => match serde_json::from_slice::<FaultSpec>(body) {
            Ok(spec) => match faults.add(spec) {
                Ok(()) => (200, json!({})),
                Err(error) => refuse(&error),
            },
            Err(error) => refuse(&error),
        },
        ("GET", "faults") => (200, json!(faults.unspent())),
        ("GET", "requests") => (200, json!(log.records())),
        ("DELETE", "requests") => {
            log.clear();
            (200, json!({}))
        }
        _ => return None,
    })
}

/// The settings with those that `body` names replaced, such as `{"operations": "3s"}`.
fn changed_settings(now: Settings, body: &[u8]) -> serde_json::Result<Settings> {
    let mut settings = json!(now);
    json::merge_patch(&mut settings, &serde_json::from_slice(body)?);
    serde_json::from_value(settings)
}

fn refuse(error: &dyn std::fmt::Display) -> (u16, Value) {
    (400, json!({"error": error.to_string()}))
}

/// Carries out an edit.
pub(crate) fn apply(world: &mut World, edit: &Edit) -> (u16, Value) {
    let path = world.with_project_ids(&edit.path);
    let found = match policy_resource(&path) {
        Some(resource) => edit_policy(world, edit, &resource),
        None => edit_object(world, edit, &path),
    };
    match found {
        true => (200, json!({})),
        false => (404, json!({"error": format!("{} has nothing at {}", edit.service, edit.path)})),
    }
}

fn edit_object(world: &mut World, edit: &Edit, path: &str) -> bool {
    if edit.delete {
        return world.remove(&edit.service, path).is_some();
    }
    let object = world.state.objects.get_mut(&edit.service).and_then(|objects| objects.get_mut(path));
    match (object, &edit.merge) {
        (Some(object), Some(patch)) => {
            json::merge_patch(&mut object.body, patch);
            true
        }
        (object, _) => object.is_some(),
    }
}

fn edit_policy(world: &mut World, edit: &Edit, resource: &str) -> bool {
    // Whoever read the policy before must notice. A bucket's policy has the bucket's etag.
    let counter = world.tick();
    let etag = storage::touch(world, &edit.service, resource).unwrap_or_else(|| json!(etag::policy(counter)));
    let policies = world.state.policies.entry(edit.service.clone()).or_default();
    if edit.delete {
        return policies.remove(resource).is_some();
    }
    let policy = policies.entry(resource.to_owned()).or_insert_with(|| json!({"version": 1}));
    policy["etag"] = etag;
    if let Some(patch) = &edit.merge {
        json::merge_patch(policy, patch);
    }
    true
}

fn policy_resource(path: &str) -> Option<String> {
    let path = path
        .strip_suffix(":getIamPolicy")
        .or_else(|| path.strip_suffix(":setIamPolicy"))
        .or_else(|| path.strip_suffix("/iam").filter(|_| path.starts_with("/storage/")))?;
    Some(resource_of(path).to_owned())
}
