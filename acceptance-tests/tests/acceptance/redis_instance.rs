//! Redis instances.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{REDIS, redis, redis_path, service};

on_every_terraform! {
    an_instance_is_made_as_declared,
    fields_are_written_one_by_one,
    a_version_is_raised_and_never_lowered,
    what_is_immutable_is_refused_and_a_protected_instance_stays,
    a_changed_instance_is_shown_and_healed,
    a_change_that_stops_half_way_is_gone_on_with,
    a_creation_whose_reply_is_lost_makes_one,
    a_service_is_given_the_address_and_nobody_the_string,
}

fn with(settings: &str) -> String {
    format!("redis_instances = {{ cache = {{ memory_size_gb = 1\n {settings} }} }}")
}

fn an_instance_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(
        r#"tier = "STANDARD_HA"
        redis_version      = "REDIS_7_2"
        redis_configs      = { "maxmemory-policy" = "allkeys-lru" }
        auth_enabled       = true
        persistence        = { snapshot_period = "SIX_HOURS" }
        maintenance_window = { day = "SUNDAY", hour = 3 }
        labels             = { purpose = "sessions" }"#,
    ));
    let made = redis(&world, "cache");
    assert_eq!((&made["tier"], &made["redisVersion"]), (&json!("STANDARD_HA"), &json!("REDIS_7_2")));
    assert_eq!((&made["authEnabled"], &made["labels"]["purpose"]), (&json!(true), &json!("sessions")));
    assert_eq!(made["redisConfigs"], json!({"maxmemory-policy": "allkeys-lru"}));
    assert_eq!(made["persistenceConfig"]["rdbSnapshotPeriod"], "SIX_HOURS");
    assert_eq!(made["maintenancePolicy"]["weeklyMaintenanceWindow"][0]["day"], "SUNDAY");
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/redis_instances/cache/host"), made["host"].as_str().unwrap());
    world.finish();
}

fn fields_are_written_one_by_one(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let mark = world.cloud.mark();
    world.apply_stack(&with("display_name = \"Cache\"\n auth_enabled = true").replace("= 1", "= 2"));
    let mut queries: Vec<String> = world.cloud.writes_since(mark).into_iter().map(|request| request.query).collect();
    queries.sort();
    assert_eq!(queries, ["updateMask=authEnabled", "updateMask=displayName", "updateMask=memorySizeGb"]);
    let made = redis(&world, "cache");
    assert_eq!((&made["memorySizeGb"], &made["displayName"]), (&json!(2), &json!("Cache")));
    world.finish();
}

fn a_version_is_raised_and_never_lowered(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("redis_version = \"REDIS_6_X\""));
    let mark = world.cloud.mark();
    world.apply_stack(&with("redis_version = \"REDIS_7_2\""));
    assert_eq!(world.writes(mark), [format!("POST {REDIS}{}:upgrade", redis_path("cache"))]);
    let lowered = world.plan_stack(&with("redis_version = \"REDIS_7_0\""));
    lowered.expect_refused().error(&["cannot be lowered", "REDIS_7_2", "REDIS_7_0"]);
    world.apply_stack(&with("redis_version = \"REDIS_7_2\""));
    world.finish();
}

fn what_is_immutable_is_refused_and_a_protected_instance_stays(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    world.plan_stack(&with("tier = \"STANDARD_HA\"")).expect_refused().error(&["BASIC", "STANDARD_HA"]);
    world.apply_stack(&with("deletion_policy = \"PREVENT\""));
    let mark = world.cloud.mark();
    world.plan_stack("labels = { purpose = \"empty\" }").expect_refused().error(&["redis_instances[\"cache\"]"]);
    world.cloud.expect_no_writes_since(mark);
    world.apply_stack(&with("deletion_policy = \"DELETE\""));
    world.finish();
}

fn a_changed_instance_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    world.cloud.edit(REDIS, &redis_path("cache"), json!({"memorySizeGb": 4}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/redis_instances/cache/memory_size_gb"), &json!(4));
    world.main.apply_plan().expect_success();
    assert_eq!(redis(&world, "cache")["memorySizeGb"], 1);
    world.finish();
}

fn a_change_that_stops_half_way_is_gone_on_with(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    world.stack(&with("display_name = \"Cache\"").replace("= 1", "= 2"));
    // The first change is made, the second is not.
    world
        .cloud
        .fault(&Fault::on("PATCH", "/instances/cache$").host(REDIS).after(1).times(1).status(400, "INVALID_ARGUMENT"));
    world.failed_apply().error(&["redis_instances[\"cache\"]"]);
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes(mark), [format!("PATCH {REDIS}{}", redis_path("cache"))]);
    world.finish();
}

fn a_creation_whose_reply_is_lost_makes_one(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/instances$").host(REDIS).times(1).dropped_after());
    world.apply_stack(&with(""));
    assert_eq!(world.cloud.snapshot().objects_like(REDIS, "/instances/").len(), 1);
    world.finish();
}

fn a_service_is_given_the_address_and_nobody_the_string(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"{}
  services = {{
    api = {{
      image = "europe-docker.pkg.dev/cloudrun/container/hello"
      env   = {{ REDIS_HOST = "{{{{redis_instances.cache.host}}}}", REDIS_PORT = "{{{{redis_instances.cache.port}}}}" }}
    }}
  }}"#,
        with("auth_enabled = true")
    ));
    let env = service(&world, "api")["template"]["containers"][0]["env"].clone();
    let host = redis(&world, "cache")["host"].clone();
    assert!(env.as_array().unwrap().contains(&json!({"name": "REDIS_HOST", "value": host})), "{env}");
    assert!(env.as_array().unwrap().contains(&json!({"name": "REDIS_PORT", "value": "6379"})), "{env}");
    let asked = world.cloud.requests().into_iter().any(|request| request.path.ends_with("/authString"));
    assert!(!asked, "the AUTH string was read");
    world.finish();
}
