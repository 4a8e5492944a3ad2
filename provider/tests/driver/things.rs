//! What is in a cloud, object by object and policy by policy, without what changes by itself.

use std::collections::BTreeMap;

use localcloud::{Seed, SeedObject};
use serde_json::{Value as Json, json};

/// What is different after any write, and between any two objects.
const BY_ITSELF: [&str; 20] = [
    "creationRecord",
    "etag",
    "executionCount",
    "freeTier",
    "generation",
    "latestCreatedExecution",
    "latestCreatedRevision",
    "latestReadyRevision",
    "metageneration",
    "mutationRecord",
    "oauth2ClientId",
    "observedGeneration",
    "reconciling",
    "terminalCondition",
    "timeCreated",
    "trafficStatuses",
    "uid",
    "uniqueId",
    "updated",
    "userUpdateTime",
];

/// The same, of the objects of Compute Engine.
const OF_COMPUTE: [&str; 4] = ["creationTimestamp", "fingerprint", "id", "labelFingerprint"];

/// The same, wherever it lies.
const TIMES: [&str; 11] = [
    "createTime",
    "earliestVersionTime",
    "effectiveTime",
    "lastEnableTime",
    "lockedTime",
    "mutationRecords",
    "rdbNextSnapshotTime",
    "settingsVersion",
    "terminalStorageClassUpdateTime",
    "toggleTime",
    "updateTime",
];

/// The name of an object or of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Object(String, String),
    Policy(String, String),
}

/// Everything that lasts.
pub(crate) fn things(seed: &Seed) -> BTreeMap<Thing, Json> {
    let lasting = |object: &&SeedObject| {
        let by_the_way = ["/operations/", "/revisions/", "/executions/"].iter().any(|part| object.path.contains(part));
        // Some objects are kept for a while after their deletion.
        let deleted =
            object.body["state"] == "DELETED" || object.body["deleted"] == true || !object.body["deleteTime"].is_null();
        !by_the_way && !deleted
    };
    let objects = seed.resources.iter().filter(lasting).map(|object| {
        let mut body = object.body.clone();
        without_times(&mut body);
        if let Some(body) = body.as_object_mut() {
            let status = object.service == "run.googleapis.com";
            let compute = object.service == "compute.googleapis.com";
            body.retain(|name, _| {
                let by_itself = BY_ITSELF.contains(&name.as_str());
                !(by_itself || status && name == "conditions" || compute && OF_COMPUTE.contains(&name.as_str()))
            });
            body.extend(object.media.iter().map(|media| ("media".to_owned(), json!(media))));
        }
        (Thing::Object(object.service.clone(), object.path.clone()), body)
    });
    let policies = seed
        .iam_policies
        .iter()
        .map(|policy| (Thing::Policy(policy.service.clone(), policy.resource.clone()), json!(grants(&policy.body))));
    objects.chain(policies).filter(|(_, body)| *body != json!([])).collect()
}

fn without_times(json: &mut Json) {
    match json {
        Json::Object(members) => {
            // The server names the conditions of alert policies.
            let names = |name: &str, value: &Json| name == "name" && json_has(value, "/conditions/");
            members.retain(|name, value| !TIMES.contains(&name.as_str()) && !names(name, value));
            members.values_mut().for_each(without_times);
        }
        Json::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

fn json_has(value: &Json, part: &str) -> bool {
    value.as_str().is_some_and(|text| text.contains(part))
}

/// A policy as sorted lines `role member`.
fn grants(policy: &Json) -> Vec<String> {
    let bindings = policy["bindings"].as_array().into_iter().flatten();
    let mut lines: Vec<String> = bindings
        .flat_map(|binding| {
            let role = binding["role"].as_str().unwrap_or_default();
            let members = binding["members"].as_array().into_iter().flatten();
            members
                .map(move |member| format!("{role} {} {}", member.as_str().unwrap_or_default(), binding["condition"]))
        })
        .collect();
    lines.sort();
    lines
}
