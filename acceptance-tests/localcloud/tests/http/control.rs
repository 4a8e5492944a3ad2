use std::path::{Path, PathBuf};

use localcloud::{Seed, Server, Settings};
use serde_json::{Value, json};

use crate::world::{Cloud, PROJECT, seed};

/// The lists of an environment in one order: a snapshot is sorted, a file need not be.
fn sorted(mut environment: Value) -> Value {
    for (list, keys) in [("resources", ["service", "path"]), ("iam_policies", ["service", "resource"])] {
        if let Some(list) = environment[list].as_array_mut() {
            list.sort_by_key(|entry| keys.map(|key| entry[key].as_str().unwrap_or_default().to_owned()));
        }
    }
    if let Some(services) = environment["enabled_services"].as_array_mut() {
        services.sort_by_key(ToString::to_string);
    }
    environment
}

fn ct_scan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments/ct-scan.json")
}

#[tokio::test]
async fn a_seed_comes_back_as_it_went_in() {
    let file = ct_scan();
    let text = std::fs::read_to_string(&file).expect("an environment");
    let cloud = Cloud::of(Server::builder().seed(Seed::from_file(&file).expect("an environment"))).await;
    let snapshot = cloud.get("_localcloud/snapshot").await.ok();
    assert_eq!(sorted(snapshot), sorted(serde_json::from_str(&text).expect("JSON")));
}

#[tokio::test]
async fn reading_a_seeded_cloud_changes_nothing() {
    let seed = Seed::from_file(&ct_scan()).expect("an environment");
    let project = seed.project.project_id.clone();
    let objects: Vec<_> = seed
        .resources
        .iter()
        .map(|object| (object.service.clone(), object.path.clone(), object.body.clone()))
        .collect();
    let cloud = Cloud::of(Server::builder().seed(seed)).await;
    let before = cloud.handle.snapshot();
    let served = [
        "storage.googleapis.com",
        "artifactregistry.googleapis.com",
        "iam.googleapis.com",
        "serviceusage.googleapis.com",
    ];
    for (service, path, body) in objects {
        if served.contains(&service.as_str()) && !path.contains("workloadIdentityPools") {
            assert_eq!(cloud.get(&format!("{service}{path}")).await.ok(), body);
        }
    }
    cloud.get(&format!("storage.googleapis.com/storage/v1/b?project={project}")).await.ok();
    assert_eq!(cloud.handle.snapshot(), before);
}

#[tokio::test]
async fn requests_are_listed_in_order_and_can_be_forgotten() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    cloud.get("storage.googleapis.com/storage/v1/b/none?fields=name").await;
    let requests = cloud.get("_localcloud/requests").await.ok();
    assert_eq!(requests.as_array().map(Vec::len), Some(2), "control calls are none: {requests}");
    let second = &requests[1];
    assert_eq!(second["method"], "GET");
    assert_eq!(second["host"], "storage.googleapis.com");
    assert_eq!(second["path"], "/storage/v1/b/none");
    assert_eq!(second["query"], "fields=name");
    assert_eq!(second["status"], json!(404));
    assert!(second["at_ms"].is_number());
    cloud.delete("_localcloud/requests").await.ok();
    assert_eq!(cloud.get("_localcloud/requests").await.ok(), json!([]));
}

#[tokio::test]
async fn an_edit_goes_past_all_rules() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"labels": {"a": "1"}})).await;
    let edit = json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/a-bucket",
                      "merge": {"labels": {"a": null, "B": "x"}, "location": "MARS"}});
    cloud.post("_localcloud/edit", edit).await.ok();
    let bucket = cloud.get("storage.googleapis.com/storage/v1/b/a-bucket").await.ok();
    assert_eq!(bucket["labels"], json!({"B": "x"}));
    assert_eq!(bucket["location"], "MARS");
    let delete = json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/a-bucket", "delete": true});
    cloud.post("_localcloud/edit", delete.clone()).await.ok();
    assert_eq!(cloud.get("storage.googleapis.com/storage/v1/b/a-bucket").await.status, 404);
    assert_eq!(cloud.post("_localcloud/edit", delete).await.status, 404);
}

#[tokio::test]
async fn an_edited_policy_has_a_new_etag() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let path = "storage.googleapis.com/storage/v1/b/a-bucket/iam";
    let before = cloud.get(path).await.ok();
    let merge = json!({"bindings": [{"role": "roles/storage.admin", "members": ["user:eve@example.com"]}]});
    cloud
        .post(
            "_localcloud/edit",
            json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/a-bucket/iam", "merge": merge}),
        )
        .await
        .ok();
    let after = cloud.get(path).await.ok();
    assert_eq!(after["bindings"], merge["bindings"]);
    assert_ne!(after["etag"], before["etag"]);
    cloud.put(path, before).await.refused(412);
}

#[tokio::test]
async fn the_state_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let start = || Cloud::of(Server::builder().seed(seed()).settings(Settings::PROMPT).state(file.clone()));
    let cloud = start().await;
    cloud.bucket(json!({"labels": {"a": "1"}})).await;
    let before = cloud.handle.state();
    cloud.handle.stop().unwrap();
    let cloud = start().await;
    assert_eq!(cloud.handle.state(), before);
    assert_eq!(cloud.get("storage.googleapis.com/storage/v1/b/a-bucket").await.ok()["labels"]["a"], "1");
}

#[tokio::test]
async fn a_snapshot_is_a_seed() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let path = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name=a%2Fb";
    cloud.raw("POST", path, "text/plain", "hello").await.ok();
    cloud.handle.plant(&Seed::empty_project("other-project", "999", &["run.googleapis.com"]));
    let snapshot = cloud.handle.snapshot().unwrap();
    assert_eq!(snapshot.other_projects[0].project.project_id, PROJECT);
    let copy = Cloud::of(Server::builder().seed(snapshot.clone())).await;
    assert_eq!(copy.handle.snapshot(), Some(snapshot));
    assert_eq!(copy.get("storage.googleapis.com/storage/v1/b/a-bucket/o/a%2Fb?alt=media").await.text, "hello");
}

#[tokio::test]
async fn two_clouds_tell_the_same_story_with_the_same_ids() {
    let mut snapshots = Vec::new();
    for _ in 0..2 {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = localcloud::clock::Clock::stepping(start, std::time::Duration::from_millis(1));
        let cloud = Cloud::of(Server::builder().clock(clock).seed(seed()).settings(Settings::PROMPT)).await;
        cloud.bucket(json!({})).await;
        snapshots.push(cloud.handle.snapshot());
    }
    assert_eq!(snapshots[0], snapshots[1]);
}
