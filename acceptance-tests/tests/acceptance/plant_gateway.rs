//! The Plant Gateway: six services, a database and a cache that only the network reaches, and a load balancer.

use std::path::PathBuf;

use acceptance_tests::{Counts, Scene, Seed, Workdir, World, on_every_terraform, workspace};
use serde_json::{Value, json};

use crate::wire::{COMPUTE, RUN};

on_every_terraform! {
    an_empty_project_gets_the_whole_environment_and_gives_it_back,
    the_database_is_migrated_before_its_services_start,
    one_image_and_one_route_are_a_write_each,
    what_others_change_is_shown_and_healed,
    what_stands_is_imported_and_then_called_by_other_keys,
    it_is_not_destroyed_while_it_is_protected,
    its_verification_is_proved,
    it_is_written_in_fewer_than_250_lines,
}

const NAME: &str = "mlops_stack.plant";
const UNPROTECTED: &str = "-var=deletion_protection=false";
const SECRETS: [&str; 3] = ["a-made-up-password", "a-made-up-signing-key", "a-made-up-sdk-key"];

fn example() -> PathBuf {
    workspace().join("examples/environments/plant-gateway")
}

/// Puts the example into a directory, with values for its secrets and with its phases in a folder of the world's.
fn load(world: &World, work: &Workdir) {
    work.copy(&example());
    let [password, signing_key, sdk_key] = SECRETS;
    work.write(
        "example.auto.tfvars",
        &format!(
            "store = \"file://{}\"\ndatabase_password = \"{password}\"\njwt_secret = \"{signing_key}\"\n\
             launchdarkly_sdk_key = \"{sdk_key}\"\n",
            world.path().join("rollout").display()
        ),
    );
}

/// A world with the environment applied.
fn applied(scene: Scene) -> World {
    let world = scene.world(Seed::plant_gateway());
    load(&world, &world.main);
    world.main.apply(&[]).expect_success();
    world
}

fn service(world: &World, name: &str) -> Value {
    let path = format!("/v2/projects/{}/locations/asia-south1/services/{name}", world.seed.project);
    world.cloud.snapshot().object(RUN, &path).unwrap().body
}

/// The place, among all requests, of the first successful one with this method and these words in its path or query.
#[track_caller]
fn place(world: &World, method: &str, words: &str) -> usize {
    let requests = world.cloud.requests();
    let is_it = |line: &str| line.contains(words);
    let found = requests
        .iter()
        .position(|one| one.method == method && one.status == 200 && is_it(&format!("{}?{}", one.path, one.query)));
    found.unwrap_or_else(|| panic!("no {method} {words} succeeded"))
}

fn inventory(work: &Workdir) -> Vec<String> {
    let stack = work.state().resource(NAME);
    stack.get("/inventory").as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

fn an_empty_project_gets_the_whole_environment_and_gives_it_back(scene: Scene) {
    let world = applied(scene);
    let [backend, gateway] = ["plant-backend-demo", "plant-gateway-demo"].map(|name| service(&world, name));
    let containers = gateway["template"]["containers"].as_array().unwrap();
    let env = |name: &str| {
        let all = containers[0]["env"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(env("PLANT_BACKEND_URL"), backend["uri"]);
    assert_eq!(containers.len(), 2);
    let state = world.main.state_file();
    assert!(SECRETS.iter().all(|secret| !state.contains(secret)));
    world.main.write("unprotected.auto.tfvars", "deletion_protection = false\n");
    world.main.apply(&[]).expect_success();
    world.finish();
    let made = |what: &str| place(&world, "POST", what);
    let gone = |what: &str| place(&world, "DELETE", what);
    assert!(made("/global/networks") < made("/connectors"), "the connector was made before its network");
    assert!(made("/instances") < made("/jobs"), "the job was made before its database");
    assert!(gone("/global/forwardingRules/") < gone("/services/plant-gateway-demo"), "the way in outlived the gateway");
    assert!(gone("/services/plant-backend-demo") < gone("/instances/"), "the database left before its service");
    assert!(gone("/services/plant-backend-demo") < gone("/connectors/"), "the connector left before its service");
    assert!(gone("/connectors/") < gone("/global/networks/"), "the network left before its connector");
}

fn the_database_is_migrated_before_its_services_start(scene: Scene) {
    let world = applied(scene);
    let migrated = place(&world, "POST", "/jobs/plant-migrations:run");
    let started = |name: &str| place(&world, "POST", &format!("serviceId={name}"));
    assert!(migrated < started("plant-backend-demo") && migrated < started("plant-gateway-demo"));
    // A new image of the services alone migrates nothing.
    let mark = world.cloud.mark();
    world.main.apply(&["-var=backend_tag=demo-2"]).expect_success();
    assert!(world.writes(mark).iter().all(|line| !line.contains("/jobs/")), "{:?}", world.writes(mark));
}

fn one_image_and_one_route_are_a_write_each(scene: Scene) {
    let world = applied(scene);
    world.main.write("image.auto.tfvars", "backend_tag = \"demo-2\"\n");
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let writes = world.writes(mark);
    assert!(writes.len() == 1 && writes[0].contains("/services/plant-backend-demo"), "{writes:?}");

    let text = world.main.read("main.tf");
    let moved = text.replacen(r#"paths = ["/api/*"], backend = "gateway""#, r#"paths = ["/api/*"], backend = "cp""#, 1);
    assert_ne!(text, moved);
    world.main.write("main.tf", &moved);
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let writes = world.writes(mark);
    assert!(writes.len() == 1 && writes[0].contains("/urlMaps/"), "{writes:?}");
    world.expect_settled();
}

fn what_others_change_is_shown_and_healed(scene: Scene) {
    let world = applied(scene);
    let path = format!("/v2/projects/{}/locations/asia-south1/services/plant-gateway-demo", world.seed.project);
    world.cloud.edit(RUN, &path, json!({"template": {"scaling": {"maxInstanceCount": 1}}}));
    let services = world.cloud.snapshot().objects_like(COMPUTE, "/backendServices/");
    let cp = services.iter().find(|one| one.path.ends_with("-cp")).unwrap();
    world.cloud.edit(COMPUTE, &cp.path, json!({"timeoutSec": 5}));
    let plan = world.main.plan(&[]).view();
    let paths = plan.change(NAME).changed_paths();
    assert!(paths.contains(&"/services/gateway/max_instances".to_owned()), "{paths:?}");
    assert!(paths.iter().any(|path| path.starts_with("/load_balancers/plant/backends/cp/")), "{paths:?}");
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes(mark).len(), 2, "{:?}", world.writes(mark));
    world.expect_settled();
}

fn what_stands_is_imported_and_then_called_by_other_keys(scene: Scene) {
    let world = applied(scene);
    let mark = world.cloud.mark();
    let id = format!("{}/asia-south1/plant", world.seed.project);
    let work = world.directory("import", &format!("import {{\n  to = {NAME}\n  id = \"{id}\"\n}}\n"));
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    let done = work.apply(&[]).expect_success();
    assert_eq!(done.counts, Counts { import: 1, ..Counts::default() });
    work.plan(&[]).expect_empty();
    // Who may look at the project is not the stack's own account: nothing tells such a grant from those of others.
    let mut whole = inventory(&world.main);
    whole.retain(|line| !line.contains("group:plant-operators@example.com"));
    assert_eq!(inventory(&work), whole);

    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
    std::fs::remove_file(work.path.join("main.tf")).unwrap();
    load(&world, &work);
    std::fs::remove_file(work.path.join("phases.tf")).unwrap();
    work.write("store.tf", "variable \"store\" {\n  type = string\n}\n");
    work.apply(&[]).expect_success();
    work.plan(&[]).expect_empty();
    assert_eq!(inventory(&work), inventory(&world.main));
    world.cloud.expect_no_writes_since(mark);
}

fn it_is_not_destroyed_while_it_is_protected(scene: Scene) {
    let world = applied(scene);
    let mark = world.cloud.mark();
    world.main.destroy().expect_failure().error(&["deletion_protection"]);
    world.cloud.expect_no_writes_since(mark);
    world.main.apply(&[UNPROTECTED]).expect_success();
}

fn its_verification_is_proved(scene: Scene) {
    let world = applied(scene);
    let healthy = format!("{}/_localcloud/snapshot", world.cloud.url);
    let text = world.main.read("phases.tf").replace("https://api.plant.example.com", &world.cloud.url);
    let done = text.replace("status            = \"ready\"", "status            = \"completed\"");
    let done = done.replace("status            = \"not_started\"", "status            = \"completed\"");
    assert_ne!(text, done);
    world.main.write("phases.tf", &done);
    // Nothing answers there as the gateway would.
    world.main.apply(&[]).expect_failure().error(&["criterion \"encrypted\" failed"]);
    world.main.write(
        "phases_override.tf",
        &format!(
            r#"resource "mlops_phase_checkpoint" "load_balancer" {{
  criteria = {{ encrypted = {{ http = {{ url = "{healthy}", attempts = 1 }} }} }}
}}
resource "mlops_phase_checkpoint" "verification" {{
  criteria = {{
    deployed      = {{ stack_in_sync = {{ stack = {NAME}.id, fingerprint = {NAME}.fingerprint }} }}
    healthy       = {{ http = {{ url = "{healthy}", attempts = 1 }} }}
    alerts_notify = {{ alert_policies = {{ stack = {NAME}.id, state = "enabled" }} }}
  }}
}}
"#
        ),
    );
    world.main.apply(&[]).expect_success();
    let phase = world.main.state().resource("mlops_phase_checkpoint.verification");
    assert_eq!((phase.get("/status"), phase.get("/progress")), (&json!("completed"), &json!(100)));
    assert_eq!(phase.get("/evidence/alerts_notify/passed"), &json!(true));
    world.main.plan(&[]).expect_empty();
}

fn it_is_written_in_fewer_than_250_lines(scene: Scene) {
    let text = std::fs::read_to_string(example().join("main.tf")).unwrap();
    assert!(text.lines().count() < 250, "{}: main.tf has {} lines", scene.name, text.lines().count());
    assert_eq!(text.matches("\nresource ").count(), 1);
}
