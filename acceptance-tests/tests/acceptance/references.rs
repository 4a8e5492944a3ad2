//! References between components: by KEY, and in free text.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::service;

on_every_terraform! {
    an_address_in_free_text_is_filled_in,
    other_braces_stay_as_they_are,
    an_unknown_key_is_a_plan_error,
    a_cycle_names_its_members,
    a_referenced_bucket_is_made_first,
    a_change_of_what_is_referred_to_reaches_the_reference,
}

const IMAGE: &str = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1";

fn env(world: &acceptance_tests::World, service_name: &str, name: &str) -> serde_json::Value {
    let made = service(world, service_name);
    let list = made["template"]["containers"][0]["env"].as_array().cloned().unwrap_or_default();
    list.into_iter().find(|one| one["name"] == name).map(|one| one["value"].clone()).unwrap_or_default()
}

fn an_address_in_free_text_is_filled_in(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"services = {{
          front = {{ image = "{IMAGE}", env = {{ BACKEND = "{{{{services.back.url}}}}/v1", BUCKET = "{{{{buckets.data.url}}}}" }} }}
          back  = {{ image = "{IMAGE}" }}
        }}
        buckets = {{ data = {{ name = "ml-test-data" }} }}"#
    ));
    let url = service(&world, "back")["uri"].as_str().unwrap().to_owned();
    assert_eq!(env(&world, "front", "BACKEND"), json!(format!("{url}/v1")));
    assert_eq!(env(&world, "front", "BUCKET"), "gs://ml-test-data");
    world.finish();
}

fn other_braces_stay_as_they_are(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"services = {{ a = {{ image = "{IMAGE}", env = {{ T = "{{{{ user.name }}}} {{x}}", P = "$$${{ok}}" }} }} }}"#
    ));
    assert_eq!(env(&world, "a", "T"), "{{ user.name }} {x}");
    world.finish();
}

fn an_unknown_key_is_a_plan_error(scene: Scene) {
    let world = scene.small_world();
    world.stack(&format!(
        "services = {{\n a = {{\n image = \"{IMAGE}\"\n env = {{\n U = \"{{{{services.nobody.url}}}}\"\n }}\n }}\n}}"
    ));
    let planned = world.main.plan(&[]);
    let error = planned.expect_refused().error(&["nobody"]);
    assert!(error.code.as_deref().unwrap_or_default().contains('U') || error.text().contains("env"), "{error}");
}

fn a_cycle_names_its_members(scene: Scene) {
    let world = scene.small_world();
    world.stack(&format!(
        r#"services = {{
          one = {{ image = "{IMAGE}", env = {{ U = "{{{{services.two.url}}}}" }} }}
          two = {{ image = "{IMAGE}", env = {{ U = "{{{{services.one.url}}}}" }} }}
        }}"#
    ));
    world.main.plan(&[]).expect_refused().error(&["services[\"one\"] -> services[\"two\"]"]);
}

fn a_referenced_bucket_is_made_first(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"services = {{ a = {{ image = "{IMAGE}", volumes = {{ data = {{ bucket = "data", mount_path = "/data" }} }} }} }}
        buckets = {{ data = {{ name = "ml-test-data" }} }}"#
    ));
    let writes: Vec<String> = world
        .cloud
        .requests()
        .iter()
        .filter(|call| call.is_write() && call.method == "POST")
        .map(|call| call.host.clone())
        .collect();
    assert_eq!(writes, ["storage.googleapis.com", "run.googleapis.com"]);
    assert_eq!(service(&world, "a")["template"]["volumes"][0]["gcs"]["bucket"], "ml-test-data");
    world.finish();
}

fn a_change_of_what_is_referred_to_reaches_the_reference(scene: Scene) {
    let world = scene.small_world();
    let with = |bucket: &str| {
        format!(
            r#"services = {{ a = {{ image = "{IMAGE}", env = {{ B = "{{{{buckets.data.name}}}}" }} }} }}
            buckets = {{ data = {{ name = "{bucket}", allow_replacement = true }} }}"#
        )
    };
    world.apply_stack(&with("ml-test-one"));
    world.apply_stack(&with("ml-test-two"));
    assert_eq!(env(&world, "a", "B"), "ml-test-two");
    world.finish();
}
