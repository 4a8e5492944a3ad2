//! The rig's own view of localcloud: calls, faults, edits, snapshots. No Terraform here.

use acceptance_tests::{Cloud, CloudOptions, Fault, Seed};
use serde_json::json;

const CRM: &str = "cloudresourcemanager.googleapis.com";
const STORAGE: &str = "storage.googleapis.com";

fn cloud() -> (tempfile::TempDir, Cloud, Seed) {
    let folder = tempfile::tempdir().unwrap();
    let seed = Seed::small();
    let options = CloudOptions { seeds: vec![seed.file.clone()], ..CloudOptions::default() };
    let cloud = Cloud::start(folder.path(), &options);
    (folder, cloud, seed)
}

#[test]
fn calls_are_listed_and_writes_are_told_apart() {
    let (_folder, cloud, seed) = cloud();
    let mark = cloud.mark();
    let (status, project) = cloud.call("GET", CRM, &format!("/v1/projects/{}", seed.project), None);
    assert_eq!((status, &project["projectNumber"]), (200, &json!(seed.number)));
    cloud.call("POST", CRM, &format!("/v1/projects/{}:getIamPolicy", seed.project), Some(&json!({})));
    cloud.expect_no_writes_since(mark);
    assert_eq!(cloud.requests_since(mark).len(), 2);
}

#[test]
fn a_fault_fails_the_calls_it_matches() {
    let (_folder, cloud, seed) = cloud();
    cloud.fault(&Fault::on("GET", "/v1/projects/.*").host(CRM).status(503, "UNAVAILABLE").times(1));
    let get = || cloud.call("GET", CRM, &format!("/v1/projects/{}", seed.project), None).0;
    assert_eq!((get(), get()), (503, 200));
    cloud.clear_faults();
}

#[test]
fn what_is_made_edited_and_removed_shows_in_the_snapshot() {
    let (_folder, cloud, seed) = cloud();
    let before = cloud.snapshot();
    let path = format!("/storage/v1/b?project={}", seed.project);
    let (status, answer) = cloud.call("POST", STORAGE, &path, Some(&json!({"name": "rig-bucket", "location": "EU"})));
    assert_eq!(status, 200, "{answer}");
    cloud.edit(STORAGE, "/storage/v1/b/rig-bucket", json!({"labels": {"a": "b"}}));
    let found = cloud.snapshot().object(STORAGE, "/storage/v1/b/rig-bucket").unwrap();
    assert_eq!(found.body["labels"]["a"], "b");
    assert!(!cloud.snapshot().differences_from(&before).is_empty());
    cloud.delete(STORAGE, "/storage/v1/b/rig-bucket");
    assert_eq!(cloud.snapshot().objects_like(STORAGE, "rig-bucket"), []);
}
