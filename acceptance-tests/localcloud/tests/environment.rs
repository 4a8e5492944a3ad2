//! A whole environment: every object of it is served, alone and in its list, with its policy, and a snapshot is the seed again.
#![allow(missing_docs)]

mod wire;

use std::collections::BTreeMap;

use localcloud::{Seed, Settings};
use serde_json::{Value, json};
use wire::{Cloud, ct_scan};

/// What lists of these collections need besides.
fn list_query(collection: &str, project: &str) -> String {
    match collection {
        "b" => format!("?project={project}"),
        "services" => "?pageSize=200".to_owned(),
        "fields" => "?filter=indexConfig.usesAncestorConfig:false%20OR%20ttlConfig:*".to_owned(),
        _ => String::new(),
    }
}

/// What differs between two reads of the same thing.
fn steady(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.remove("earliestVersionTime");
    }
    body
}

fn encoded(path: &str) -> String {
    path.replace('*', "%2A")
}

#[tokio::test]
async fn every_object_is_answered_as_it_was_seeded() {
    let seed = ct_scan();
    let cloud = Cloud::start(seed.clone(), Settings::PROMPT).await;
    for object in &seed.resources {
        let found = cloud.get(&object.service, &encoded(&object.path)).await;
        assert_eq!(steady(found), steady(object.body.clone()), "{}{}", object.service, object.path);
    }
}

#[tokio::test]
async fn every_object_is_in_its_list() {
    let seed = ct_scan();
    let cloud = Cloud::start(seed.clone(), Settings::PROMPT).await;
    for object in &seed.resources {
        let (parent, _) = object.path.rsplit_once('/').expect("a path");
        let collection = parent.rsplit('/').next().unwrap_or_default();
        // Projects are searched for, and stored objects have names with slashes.
        if collection == "projects" || object.path.contains("/o/") {
            continue;
        }
        let path = format!("{parent}{}", list_query(collection, &seed.project.project_id));
        let list = cloud.get(&object.service, &path).await;
        let items = list.as_object().into_iter().flat_map(|list| list.values()).filter_map(Value::as_array).flatten();
        let names: Vec<&Value> = items.map(|item| &item["name"]).collect();
        assert!(names.contains(&&object.body["name"]), "{}{} is not in {names:?}", object.service, object.path);
    }
}

#[tokio::test]
async fn every_policy_is_answered_as_it_was_seeded() {
    let seed = ct_scan();
    let cloud = Cloud::start(seed.clone(), Settings::PROMPT).await;
    for policy in &seed.iam_policies {
        let (host, resource) = (policy.service.as_str(), policy.resource.as_str());
        let version = "options.requestedPolicyVersion=3";
        let found = match host {
            "storage.googleapis.com" => {
                cloud.get(host, &format!("/storage/v1/{resource}/iam?optionsRequestedPolicyVersion=3")).await
            }
            "cloudresourcemanager.googleapis.com" | "iam.googleapis.com" => {
                let body = match host.starts_with("iam") {
                    true => Value::Null,
                    false => json!({"options": {"requestedPolicyVersion": 3}}),
                };
                let query = if host.starts_with("iam") { format!("?{version}") } else { String::new() };
                cloud.done("POST", host, &format!("/v1/{resource}:getIamPolicy{query}"), body).await
            }
            "run.googleapis.com" => cloud.get(host, &format!("/v2/{resource}:getIamPolicy?{version}")).await,
            _ => cloud.get(host, &format!("/v1/{resource}:getIamPolicy?{version}")).await,
        };
        assert_eq!(found["bindings"], policy.body["bindings"], "{host}/{resource}");
        assert_eq!(found["etag"], policy.body["etag"], "{host}/{resource}");
    }
}

#[tokio::test]
async fn a_snapshot_is_the_seed_again() {
    let seed = ct_scan();
    let cloud = Cloud::start(seed.clone(), Settings::PROMPT).await;
    for object in &seed.resources {
        cloud.get(&object.service, &encoded(&object.path)).await;
    }
    let snapshot = cloud.snapshot();
    let objects = |seed: &Seed| -> BTreeMap<(String, String), Value> {
        let of = |object: &localcloud::SeedObject| ((object.service.clone(), object.path.clone()), object.body.clone());
        seed.resources.iter().map(of).collect()
    };
    assert_eq!(objects(&snapshot), objects(&seed));
    let policies = |seed: &Seed| -> BTreeMap<(String, String), Value> {
        let of =
            |policy: &localcloud::SeedPolicy| ((policy.service.clone(), policy.resource.clone()), policy.body.clone());
        seed.iam_policies.iter().map(of).collect()
    };
    assert_eq!(policies(&snapshot), policies(&seed));
    assert_eq!(snapshot.enabled_services, seed.enabled_services);
}

#[tokio::test]
async fn the_billing_account_of_a_seeded_budget_is_there() {
    let seed = ct_scan();
    let project = seed.project.project_id.clone();
    let cloud = Cloud::start(seed, Settings::PROMPT).await;
    let host = "cloudbilling.googleapis.com";
    let info = cloud.get(host, &format!("/v1/projects/{project}/billingInfo")).await;
    assert_eq!(
        (&info["billingAccountName"], &info["billingEnabled"]),
        (&json!("billingAccounts/012345-6789AB-CDEF01"), &json!(true))
    );
    let account = cloud.get(host, "/v1/billingAccounts/012345-6789AB-CDEF01").await;
    assert_eq!((&account["currencyCode"], &account["open"]), (&json!("USD"), &json!(true)));
}
