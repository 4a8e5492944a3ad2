//! The examples: environments are applied, the rest is validated. The CT-scan environment has tests of its own.

use acceptance_tests::{Scene, Seed, World, on_every_terraform, workspace};
use serde_json::json;

use crate::wire::RUN;

on_every_terraform! {
    the_plant_gateway_environment_applies,
    the_retainwise_phases_are_kept_in_a_folder_too,
    the_resource_example_is_valid,
}

fn load(world: &World, folder: &str) {
    world.main.copy(&workspace().join("examples").join(folder));
}

fn the_plant_gateway_environment_applies(scene: Scene) {
    let world = scene.world(Seed::plant_gateway());
    load(&world, "environments/plant-gateway");
    world.main.apply(&[]).expect_success();
    let path = "/v2/projects/plant-gateway-demo/locations/asia-south1/services/";
    let snapshot = world.cloud.snapshot();
    let backend = snapshot.object(RUN, &format!("{path}plant-backend-demo")).unwrap().body;
    let gateway = snapshot.object(RUN, &format!("{path}plant-gateway-demo")).unwrap().body;
    let env = gateway["template"]["containers"][0]["env"].as_array().unwrap();
    let url = env.iter().find(|one| one["name"] == "PLANT_BACKEND_URL").unwrap();
    assert_eq!(url["value"], backend["uri"]);
    assert_eq!(gateway["template"]["scaling"], json!({"minInstanceCount": 1, "maxInstanceCount": 10}));
    world.expect_settled();
    world.expect_importable();
}

fn the_retainwise_phases_are_kept_in_a_folder_too(scene: Scene) {
    let world = scene.small_world();
    load(&world, "environments/retainwise");
    world.main.write("store.auto.tfvars", &format!("store = \"file://{}\"\n", world.path().join("store").display()));
    world.main.apply(&[]).expect_success();
    let phase = world.main.state().resource("mlops_phase_checkpoint.hardening");
    assert_eq!((phase.get("/status"), phase.get("/progress")), (&json!("ready"), &json!(0)));
    let count = |list: &str| phase.get(list).as_array().map(Vec::len);
    assert_eq!((count("/steps"), count("/checklists")), (Some(8), Some(5)));
    world.main.plan(&[]).expect_empty();
    world.main.destroy().expect_success();
}

fn the_resource_example_is_valid(scene: Scene) {
    let world = scene.small_world();
    load(&world, "provider");
    load(&world, "resources/mlops_stack");
    world.main.validate().expect_none();
}
