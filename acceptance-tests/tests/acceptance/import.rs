//! Import of an environment as it stands.

use acceptance_tests::{Counts, Scene, Seed, Workdir, World, on_every_terraform};
use serde_json::json;

use crate::environment::managed;
use crate::wire::{bucket, bucket_path};

on_every_terraform! {
    the_ct_scan_environment_is_imported_whole_and_without_a_change,
    portals_of_another_team_come_in_with_their_load_balancers,
    a_selector_takes_a_service_and_what_it_uses,
    a_selector_that_does_not_follow_takes_the_service_alone,
    two_stacks_of_one_project_leave_each_other_alone,
    of_two_stacks_each_finds_the_accounts_that_it_uses,
    two_stacks_of_one_name_in_two_regions_are_two_stacks,
    the_import_command_reads_the_same,
    a_component_left_out_of_the_configuration_is_released,
    what_the_stack_made_is_deleted_and_what_it_imported_is_released,
    a_component_that_is_abandoned_stays_and_a_prevented_one_refuses_the_plan,
}

pub(crate) const ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";
pub(crate) const NAME: &str = "mlops_stack.ct_scan";

/// The inventory of the stack in a directory.
pub(crate) fn inventory(work: &Workdir) -> Vec<String> {
    let stack = work.state().resource(NAME);
    stack.get("/inventory").as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// Removes the configuration that an import has generated.
pub(crate) fn without_import(work: &Workdir) {
    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
}

/// How many components of each kind the stack in a directory has, by kind, without those that are not there.
fn counts(work: &Workdir) -> Vec<(String, usize)> {
    let stack = work.state().resource(NAME);
    let all = stack.get("").as_object().unwrap().clone();
    let maps = all.into_iter().filter_map(|(kind, value)| Some((kind, value.as_object()?.len())));
    maps.filter(|(kind, count)| *count > 0 && kind != "labels" && kind != "timeouts").collect()
}

pub(crate) fn imported(world: &World, id: &str) -> Workdir {
    let block = format!("import {{\n  to = mlops_stack.ct_scan\n  id = \"{id}\"\n}}\n");
    let work = world.directory("import", &block);
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    let change = planned.view().change("mlops_stack.ct_scan");
    assert_eq!((change.actions, change.importing.as_deref()), (vec!["no-op".to_owned()], Some(id)));
    let applied = work.apply(&[]).expect_success();
    assert_eq!(applied.counts, Counts { import: 1, ..Counts::default() });
    work
}

fn the_ct_scan_environment_is_imported_whole_and_without_a_change(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, ID);
    work.plan(&[]).expect_empty();
    work.plan(&["-refresh=false"]).expect_empty();
    let found = inventory(&work);
    assert_eq!(found.len(), 52);
    assert_eq!(found, managed());
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
    world.cloud.expect_no_writes();
}

/// One balancer serves three hosts from nine services, one is of the older kind; both say more than a component can.
fn portals_of_another_team_come_in_with_their_load_balancers(scene: Scene) {
    let world = scene.world(Seed::portals());
    let id = "plant-gateway-demo/asia-south1/portals";
    let work = world.directory("import", &format!("import {{\n  to = mlops_stack.portals\n  id = \"{id}\"\n}}\n"));
    work.write("main.tf", &work.read("main.tf").replace("europe-west1", "asia-south1"));
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    planned.diagnostics.warning(&["does not manage", "routes[0].headerAction", "cdnPolicy"]);
    let applied = work.apply(&[]).expect_success();
    assert_eq!(applied.counts, Counts { import: 1, ..Counts::default() });
    work.plan(&[]).expect_empty();
    let stack = work.state().resource("mlops_stack.portals");
    let lines = stack.get("/inventory").as_array().unwrap();
    let count = |part: &str| lines.iter().filter(|line| line.as_str().unwrap().contains(part)).count();
    let counts = [
        ("/services/", 10),
        ("/connectors/", 3),
        ("//cloudsql.googleapis.com/", 3),
        ("/networkEndpointGroups/", 11),
        ("/backendServices/", 11),
        ("/urlMaps/", 4),
        ("/sslCertificates/", 2),
        ("/targetHttpsProxies/", 2),
        ("/targetHttpProxies/", 2),
        ("/forwardingRules/", 4),
        ("/addresses/", 2),
    ];
    for (part, expected) in counts {
        assert_eq!(count(part), expected, "{part}");
    }
    assert_eq!(lines.len(), 54);
    world.cloud.expect_no_writes();
}

fn a_selector_takes_a_service_and_what_it_uses(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?services=ct-scan-api"));
    // The mounted bucket, the image's registry, the policies on it and their channel.
    let expected =
        [("alert_policies", 7), ("buckets", 1), ("notification_channels", 1), ("registries", 1), ("services", 1)];
    assert_eq!(counts(&work), expected.map(|(kind, count)| (kind.to_owned(), count)));
    work.plan(&[]).expect_empty();
    world.cloud.expect_no_writes();
}

fn a_selector_that_does_not_follow_takes_the_service_alone(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?services=ct-scan-api&follow=false"));
    assert_eq!(counts(&work), [("services".to_owned(), 1)]);
    work.plan(&[]).expect_empty();
    world.cloud.expect_no_writes();
}

/// The configuration that an import has generated, with a label on everything.
fn labelled(work: &Workdir, label: &str) {
    let generated = work.read("generated.tf");
    let lines = generated.lines().filter(|line| !line.starts_with("  labels "));
    let text: String = lines
        .flat_map(|line| {
            let label = format!("  labels = {{ {label} = \"yes\" }}");
            let is_head = line.starts_with("resource \"mlops_stack\"");
            std::iter::once(line.to_owned()).chain(is_head.then_some(label))
        })
        .map(|line| line + "\n")
        .collect();
    work.write("generated.tf", &text);
}

fn two_stacks_of_one_project_leave_each_other_alone(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let block = |name: &str, selectors: &str| {
        let id = format!("dtu-mlops-data-482907/europe-west1/{name}?{selectors}");
        let work = world.directory(name, &format!("import {{\n  to = {NAME}\n  id = \"{id}\"\n}}\n"));
        assert!(work.generate_config("generated.tf").succeeded());
        work.apply(&[]).expect_success();
        work
    };
    let serving = block("serving", "services=ct-scan-api");
    let data = block("data", "buckets=dtu-mlops-dvc-*,ct-scan-*&secrets=*&follow=false");
    world.cloud.expect_no_writes();
    let (one, other) = (inventory(&serving), inventory(&data));
    assert!(one.iter().all(|line| !other.contains(line)), "{one:#?} {other:#?}");

    // Each labels its own objects, and neither sees that the other has.
    labelled(&serving, "serving");
    labelled(&data, "data");
    serving.apply(&[]).expect_success();
    data.apply(&[]).expect_success();
    for work in [&serving, &data] {
        work.plan(&[]).expect_empty();
    }
    let labels = |name: &str| bucket(&world, name)["labels"].clone();
    let (models, drift) = (labels("dtu-mlops-data-482907_cloudbuild"), labels("ct-scan-drift-logs-482907"));
    assert_eq!((&models["serving"], models.get("data")), (&json!("yes"), None));
    assert_eq!((&drift["data"], drift.get("serving")), (&json!("yes"), None));
    let elsewhere = labels("dtu-mlops-terraform-state-482907");
    assert!(elsewhere.get("data").is_none() && elsewhere.get("serving").is_none());
}

/// Imports a stack of the small project, and says what it has.
fn found_again(world: &World, id: &str) -> (Vec<String>, acceptance_tests::Diagnostics) {
    let folder = id.replace('/', "-");
    let work = world.directory(&folder, &format!("import {{\n  to = {NAME}\n  id = \"{id}\"\n}}\n"));
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    work.apply(&[]).expect_success();
    work.plan(&[]).expect_empty();
    (inventory(&work), planned.diagnostics)
}

fn inventory_of(world: &World, address: &str) -> Vec<String> {
    let stack = world.main.state().resource(address);
    stack.get("/inventory").as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

fn of_two_stacks_each_finds_the_accounts_that_it_uses(scene: Scene) {
    let world = scene.small_world();
    let stack = |name: &str, more: &str| {
        format!(
            r#"
resource "mlops_stack" "{name}" {{
  name                = "{name}"
  deletion_protection = false
  buckets = {{ "{name}-data" = {{ name = "ml-test-{name}", iam = {{ "roles/storage.objectViewer" = ["{name}-reader"] }} }} }}
  service_accounts = {{ "{name}-reader" = {{ roles = ["roles/logging.logWriter"]{more} }} }}
}}
"#
        )
    };
    let login = r#", iam = { "roles/iam.workloadIdentityUser" = ["principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/a/b"] } }, unused = { name = "nobody-uses-it""#;
    let one = stack("one", login).replace(
        "  service_accounts",
        r#"  workload_identity_pools = { github = { providers = { hub = { name = "github-hub", issuer_uri = "https://token.actions.githubusercontent.com", attribute_mapping = { "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }, attribute_condition = "assertion.repository == 'a/b'" } } } }
  service_accounts"#,
    );
    world.config(&format!("{one}{}", stack("two", "")));
    world.main.apply(&[]).expect_success();
    let (one, diagnostics) = found_again(&world, "ml-test-project/europe-west1/one");
    let is_used = |line: &String| !line.contains("nobody-uses-it");
    assert_eq!(one, inventory_of(&world, "mlops_stack.one").into_iter().filter(is_used).collect::<Vec<_>>());
    assert!(one.iter().any(|line| line.ends_with("/workloadIdentityPools/github")), "{one:#?}");
    diagnostics.warning(&["nobody-uses-it", "two-reader"]);
    let (two, _) = found_again(&world, "ml-test-project/europe-west1/two");
    assert_eq!(two, inventory_of(&world, "mlops_stack.two"));
}

fn two_stacks_of_one_name_in_two_regions_are_two_stacks(scene: Scene) {
    let world = scene.small_world();
    let stack = |address: &str, region: &str, channel: &str| {
        format!(
            r#"
resource "mlops_stack" "{address}" {{
  name                = "it"
  region              = "{region}"
  deletion_protection = false
  buckets               = {{ data = {{ name = "ml-test-{region}" }}, far = {{ name = "ml-test-far-{region}", location = "us-east1" }} }}
  notification_channels = {{ team = {{ type = "email", display_name = "{channel}", labels = {{ email_address = "a@example.com" }} }} }}
}}
"#
        )
    };
    let near = stack("near", "europe-west1", "Near");
    world.config(&near);
    world.main.apply(&[]).expect_success();
    let mark = world.cloud.mark();
    world.config(&format!("{near}{}", stack("far", "us-central1", "Far")));
    world.main.apply(&[]).expect_success();
    // Nothing was taken over: the second has objects of its own.
    assert_eq!(
        world.writes(mark).iter().filter(|line| line.starts_with("POST ")).count(),
        3,
        "{:#?}",
        world.writes(mark)
    );
    assert_eq!(crate::wire::channels(&world).len(), 2);
    for (address, region) in [("mlops_stack.near", "europe-west1"), ("mlops_stack.far", "us-central1")] {
        let (found, _) = found_again(&world, &format!("ml-test-project/{region}/it"));
        assert_eq!(found, inventory_of(&world, address));
    }
    world.main.plan(&[]).expect_empty();
    // A name that the other one has is refused.
    let stolen = stack("far", "us-central1", "Far").replace("ml-test-us-central1", "ml-test-europe-west1");
    world.config(&format!("{near}{}", stolen.replace("data = {", "stolen = {")));
    world.failed_apply().error(&["ml-test-europe-west1", "exists"]);
    assert_eq!(bucket(&world, "ml-test-europe-west1")["labels"]["mlops-component"], "data");
}

fn the_import_command_reads_the_same(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = world.directory("import", "resource \"mlops_stack\" \"ct_scan\" {\n  name = \"ct-scan\"\n}\n");
    let output = work.import("mlops_stack.ct_scan", &format!("{ID}?buckets=ct-scan-*&follow=false"));
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    let stack = work.state().resource("mlops_stack.ct_scan");
    assert_eq!(stack.get("/buckets").as_object().unwrap().len(), 1);
    assert!(stack.get("/services").as_object().is_none_or(|map| map.is_empty()));
}

fn a_component_left_out_of_the_configuration_is_released(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?buckets=*&follow=false"));
    let config = "resource \"mlops_stack\" \"ct_scan\" {\n  name = \"ct-scan\"\n}\n";
    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
    work.write("main.tf", &format!("{}\n{config}", world.header()));
    let planned = work.plan(&[]);
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    assert!(!planned.diagnostics.warnings().is_empty(), "{}", planned.diagnostics);
    work.apply_plan().expect_success();
    work.plan(&[]).expect_empty();
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
}

fn what_the_stack_made_is_deleted_and_what_it_imported_is_released(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?buckets=ct-scan-*&follow=false"));
    without_import(&work);
    let stack = |body: &str| {
        let head = "  name = \"ct-scan\"\n  deletion_protection = false";
        let stack = format!("resource \"mlops_stack\" \"ct_scan\" {{\n{head}\n{body}\n}}\n");
        work.write("main.tf", &format!("{}\n{stack}", world.header()));
    };
    // The imported bucket leaves the configuration as another comes.
    stack("  buckets = { made = { name = \"ct-scan-made-482907\" } }");
    let planned = work.plan(&[]);
    planned.diagnostics.warning(&["ct_scan_drift_logs_482907", "released"]);
    work.apply_plan().expect_success();
    assert_eq!(bucket(&world, "ct-scan-made-482907")["name"], "ct-scan-made-482907");
    stack("");
    let mark = world.cloud.mark();
    work.apply(&[]).expect_success();
    assert_eq!(world.writes(mark), [format!("DELETE storage.googleapis.com{}", bucket_path("ct-scan-made-482907"))]);
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
    work.plan(&[]).expect_empty();
}

fn a_component_that_is_abandoned_stays_and_a_prevented_one_refuses_the_plan(scene: Scene) {
    let world = scene.small_world();
    let left = r#"left = { name = "ml-test-left", deletion_policy = "ABANDON" }"#;
    let held = r#"held = { name = "ml-test-held", deletion_policy = "PREVENT" }"#;
    world.apply_stack(&format!("buckets = {{ {left}, {held} }}"));
    world.plan_stack(&format!("buckets = {{ {left} }}")).expect_refused().error(&["PREVENT", "held"]);
    let mark = world.cloud.mark();
    world.apply_stack(&format!("buckets = {{ {held} }}"));
    // It is taken off what says whose it was, and nothing else.
    assert_eq!(world.writes(mark), ["PATCH storage.googleapis.com/storage/v1/b/ml-test-left"]);
    assert!(bucket(&world, "ml-test-left")["labels"].is_null());
    assert_eq!(bucket(&world, "ml-test-left")["name"], "ml-test-left");
    world.main.plan(&[]).expect_empty();
    world.failed_destroy().error(&["PREVENT", "held"]);
}
