//! The seven problems that the CT-scan team met when it moved to Terraform. A user of this provider meets none of them.
//!
//! Each test does what the team did, and shows that it does no harm, or is refused with the way out.

use acceptance_tests::{CloudOptions, Counts, OrFail, Scene, Seed, Workdir, World, on_every_terraform};
use regex::Regex;
use serde_json::{Value, json};

use crate::wire::{RUN, STORAGE, policies, registry, registry_path};

on_every_terraform! {
    a_location_mismatch_recreates_no_bucket,
    cloud_run_drift_overwrites_neither_env_nor_account_nor_scaling,
    older_than_is_written_in_days,
    a_bucket_that_exists_already_is_taken_over_by_the_command_in_the_error,
    alert_policies_need_no_runbook_files,
    the_firestore_api_is_switched_on,
    budgets_need_no_quota_project,
}

const ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";

/// A directory into which a part of the CT-scan environment was imported, configuration and all.
fn imported(world: &World, selectors: &str) -> Workdir {
    let block = format!("import {{\n  to = mlops_stack.ct_scan\n  id = \"{ID}?{selectors}&follow=false\"\n}}\n");
    let work = world.directory("import", &block);
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    let applied = work.apply(&[]).expect_success();
    assert_eq!(applied.counts, Counts { import: 1, ..Counts::default() });
    work.plan(&[]).expect_empty();
    work
}

/// Replaces the generated configuration by one that somebody wrote.
fn by_hand(world: &World, work: &Workdir, body: &str) {
    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
    let stack = format!("resource \"mlops_stack\" \"ct_scan\" {{\n  name = \"ct-scan\"\n{body}\n}}\n");
    work.write("main.tf", &format!("{}\n{stack}", world.header()));
}

fn a_location_mismatch_recreates_no_bucket(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let mark = world.cloud.mark();
    let work = imported(&world, "buckets=dtu-mlops-data-482907_cloudbuild");
    let stack = work.state().resource("mlops_stack.ct_scan");
    assert_eq!(stack.get("/buckets/dtu_mlops_data_482907_cloudbuild/location"), "US");
    // The team's module put every bucket into the region.
    by_hand(
        &world,
        &work,
        "  buckets = {\n    models = {\n      name     = \"dtu-mlops-data-482907_cloudbuild\"\n      location = \"europe-west1\"\n    }\n  }",
    );
    work.plan(&[]).expect_refused().error(&["US", "europe-west1", "allow_replacement"]);
    work.apply(&[]).expect_failure();
    world.cloud.expect_no_writes_since(mark);
}

fn cloud_run_drift_overwrites_neither_env_nor_account_nor_scaling(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let path = "/v2/projects/dtu-mlops-data-482907/locations/europe-west1/services/ct-scan-api";
    let template = |world: &World| world.cloud.snapshot().object(RUN, path).unwrap().body["template"].clone();
    let before = template(&world);
    let work = imported(&world, "services=ct-scan-api");
    // What runs is what is declared, so that the next change of anything else carries none of it.
    let generated = work.read("generated.tf");
    for part in ["MODEL_PATH", "777769481436-compute@developer.gserviceaccount.com", "max_instances"] {
        assert!(generated.contains(part), "{part} is missing in:\n{generated}");
    }
    let mark = world.cloud.mark();
    // Terraform's versions differ in whether they write what is as usual.
    let usual = Regex::new(r"(?m)^\s*session_affinity\s*=.*\n").unwrap().replace(&generated, "").into_owned();
    let labelled = Regex::new(r"(?m)^(\s*)(image\s*=)").unwrap();
    let changed = labelled.replace(&usual, "${1}session_affinity = true\n${1}${2}");
    assert!(changed != generated, "{generated}");
    work.write("generated.tf", &changed);
    let paths = work.plan(&[]).view().change("mlops_stack.ct_scan").changed_paths();
    for part in ["/env", "/service_account", "/max_instances", "/min_instances"] {
        assert!(!paths.iter().any(|path| path.contains(part)), "{part} changes in {paths:?}");
    }
    work.apply_plan().expect_success();
    assert_eq!(world.cloud.writes_since(mark).len(), 1);
    let after = template(&world);
    for part in ["/containers/0/env", "/serviceAccount", "/scaling"] {
        assert_eq!(after.pointer(part), before.pointer(part), "{part}");
    }
    // What the team's module said instead is shown value by value before anything happens.
    by_hand(
        &world,
        &work,
        &format!(
            "  services = {{\n    ct_scan_api = {{\n      name = \"ct-scan-api\"\n      image = {}\n      env = {{ LOG_LEVEL = \"info\" }}\n      \
         service_account = \"cloud-run@dtu-mlops-data-482907.iam.gserviceaccount.com\"\n      max_instances = 10\n    }}\n  }}",
            before["containers"][0]["image"]
        ),
    );
    let mark = world.cloud.mark();
    let change = work.plan(&[]).view().change("mlops_stack.ct_scan");
    assert_eq!(change.actions, ["update"]);
    let account = "/services/ct_scan_api/service_account";
    assert_eq!(change.before("/services/ct_scan_api/max_instances"), &json!(20));
    assert_eq!(change.before(account), "777769481436-compute@developer.gserviceaccount.com");
    assert_eq!(change.after(account), "cloud-run@dtu-mlops-data-482907.iam.gserviceaccount.com");
    assert_eq!(change.before("/services/ct_scan_api/env/MODEL_PATH"), "/gcs/outputs/checkpoints/model.pt");
    world.cloud.expect_no_writes_since(mark);
}

fn older_than_is_written_in_days(scene: Scene) {
    let world = scene.world(Seed::small());
    let images = |older_than: &str| {
        format!(
            "registries = {{ images = {{ cleanup_policies = {{ old = {{ action = \"DELETE\", tag_state = \"ANY\", older_than = \"{older_than}\" }} }} }} }}"
        )
    };
    world.apply_stack(&images("90d"));
    let made = registry(&world, "images");
    assert_eq!(
        made["cleanupPolicies"]["old"]["condition"]["olderThan"],
        "7776000s",
        "{}",
        registry_path(&world, "images")
    );
    // Both ways of writing it are one value.
    let mark = world.cloud.mark();
    world.apply_stack(&images("7776000s"));
    world.cloud.expect_no_writes_since(mark);
    world.finish();
}

fn a_bucket_that_exists_already_is_taken_over_by_the_command_in_the_error(scene: Scene) {
    let world = scene.small_world();
    let create = format!("/storage/v1/b?project={}", world.seed.project);
    let by_gsutil = json!({"name": "ml-test-state", "location": "EUROPE-WEST1", "versioning": {"enabled": true},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}});
    assert_eq!(world.cloud.call("POST", STORAGE, &create, Some(&by_gsutil)).0, 200);
    world.stack(r#"buckets = { state = { name = "ml-test-state", versioning = true } }"#);
    let refused = world.main.apply(&[]);
    let said = refused.expect_failure().error(&["ml-test-state", "terraform import"]).text();
    let command = Regex::new(r"terraform import mlops_stack\.RESOURCE '([^']+)'").unwrap();
    let id = command.captures(&said).or_fail(format!("find a command in: {said}"))[1].to_owned();
    let mark = world.cloud.mark();
    world.main.run(&["state", "rm", "mlops_stack.it"]);
    let output = world.main.import("mlops_stack.it", &id);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    world.main.apply(&[]).expect_success();
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!((stack.str("/buckets/state/name"), stack.str("/status")), ("ml-test-state", "complete"));
    // No second one was made, and the old one not deleted.
    let writes = world.writes(mark);
    assert!(!writes.iter().any(|line| line.starts_with("POST") || line.starts_with("DELETE")), "{writes:?}");
    world.expect_settled();
}

fn alert_policies_need_no_runbook_files(scene: Scene) {
    let world = scene.small_world();
    let presets =
        ["api_downtime", "high_error_rate", "memory_exhaustion", "crash_loop", "high_latency", "high_cpu_usage"];
    let list: Vec<String> =
        presets.iter().map(|name| format!("{name} = {{ preset = \"{name}\", service = \"api\" }}")).collect();
    let image = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1";
    world.apply_stack(&format!(
        "services = {{ api = {{ image = \"{image}\" }} }}\nalert_policies = {{\n{}\n}}",
        list.join("\n")
    ));
    let made = policies(&world);
    assert_eq!(made.len(), presets.len());
    for policy in &made {
        let text = policy.body["documentation"]["content"].as_str().unwrap_or_default();
        assert!(text.len() > 200, "{} has no runbook: {text:?}", policy.body["displayName"]);
    }
    world.finish();
}

fn the_firestore_api_is_switched_on(scene: Scene) {
    let world = scene.small_world();
    assert!(!world.before.enabled_services().iter().any(|host| host == "firestore.googleapis.com"));
    world.apply_stack(
        r#"firestore_databases = { main = { location = "eur3", ttl_fields = { feedback = "expireAt" } } }"#,
    );
    assert!(world.cloud.snapshot().enabled_services().iter().any(|host| host == "firestore.googleapis.com"));
    world.finish_keeping(&["//firestore.googleapis.com/"]);
}

/// The small project, paid for by a billing account.
fn with_billing(folder: &std::path::Path) -> Seed {
    let small = std::fs::read_to_string(Seed::small().file).unwrap();
    let mut seed: Value = serde_json::from_str(&small).unwrap();
    let name = "billingAccounts/012345-6789AB-CDEF01";
    let account =
        json!({"name": name, "open": true, "displayName": "Team", "masterBillingAccount": "", "currencyCode": "USD"});
    let info = json!({"name": "projects/ml-test-project/billingInfo", "projectId": "ml-test-project",
        "billingAccountName": name, "billingEnabled": true});
    let objects = [(format!("/v1/{name}"), account), ("/v1/projects/ml-test-project/billingInfo".to_owned(), info)];
    for (path, body) in objects {
        let object = json!({"service": "cloudbilling.googleapis.com", "path": path, "body": body});
        seed["resources"].as_array_mut().unwrap().push(object);
    }
    let file = folder.join("with-billing.json");
    std::fs::write(&file, seed.to_string()).unwrap();
    Seed::at(&file)
}

fn budgets_need_no_quota_project(scene: Scene) {
    let folder = tempfile::tempdir().unwrap();
    // Callers are people who logged in with gcloud, whose credentials name no quota project.
    let options = CloudOptions { user_credentials: true, ..CloudOptions::default() };
    let world = World::new(&scene, with_billing(folder.path()), options);
    let path = "/v1/billingAccounts/012345-6789AB-CDEF01/budgets";
    let (status, answer) = world.cloud.call("GET", "billingbudgets.googleapis.com", path, None);
    assert_eq!(status, 403, "others should be refused: {answer}");
    world.apply_stack(
        r#"budgets = { monthly = { billing_account = "012345-6789AB-CDEF01", display_name = "Monthly", amount = 100, thresholds = [0.5, 1.0] } }"#,
    );
    let made = world.cloud.snapshot().objects_like("billingbudgets.googleapis.com", "/budgets/");
    assert_eq!(made.iter().map(|budget| budget.body["displayName"].clone()).collect::<Vec<_>>(), ["Monthly"]);
    world.finish();
}
