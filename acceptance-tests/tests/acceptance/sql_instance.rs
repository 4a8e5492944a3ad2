//! Cloud SQL instances with their databases and users.

use acceptance_tests::{Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::{SQL, service};

on_every_terraform! {
    an_instance_is_made_with_databases_and_users,
    an_update_carries_what_changed_and_the_version_of_the_settings,
    what_has_no_way_back_is_refused,
    the_name_of_a_replaced_instance_is_not_free,
    a_changed_flag_is_shown_and_healed,
    databases_and_users_of_others_are_left_alone,
    a_protected_instance_is_not_removed,
    a_user_that_leaves_is_deleted_or_abandoned,
    a_service_names_an_instance_by_key,
}

fn path(world: &World) -> String {
    format!("/v1/projects/{}/instances/features", world.seed.project)
}

fn instance(world: &World) -> Value {
    world.cloud.snapshot().object(SQL, &path(world)).unwrap().body
}

fn with(settings: &str) -> String {
    format!(
        r#"sql_instances = {{
    main = {{
      name             = "features"
      database_version = "POSTGRES_16"
      deletion_policy  = "DELETE"
      {settings}
    }}
  }}"#
    )
}

const INSIDE: &str = r#"
      databases = { app = {} }
      users     = { app = { password_wo = "hunter2" } }
"#;

/// The names of databases or users.
fn inside(world: &World, what: &str) -> Vec<String> {
    let below = format!("{}/{what}/", path(world));
    let all = world.cloud.snapshot().objects_like(SQL, &below);
    all.into_iter().map(|object| object.body["name"].as_str().unwrap().to_owned()).collect()
}

fn an_instance_is_made_with_databases_and_users(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(&format!(
        "backup = {{ enabled = true, point_in_time_recovery = true }}\n flags = {{ max_connections = \"200\" }}\n {INSIDE}"
    )));
    let made = instance(&world);
    let settings = &made["settings"];
    assert_eq!((&made["region"], &settings["edition"]), (&json!("europe-west1"), &json!("ENTERPRISE")));
    assert_eq!(settings["databaseFlags"], json!([{"name": "max_connections", "value": "200"}]));
    assert_eq!(settings["backupConfiguration"]["pointInTimeRecoveryEnabled"], true);
    assert_eq!(settings["userLabels"]["mlops-component"], "main");
    assert_eq!(inside(&world, "databases"), ["app", "postgres"]);
    assert_eq!(inside(&world, "users"), ["app", "postgres"]);
    let stack = world.main.state().resource("mlops_stack.it");
    let connection = format!("{}:europe-west1:features", world.seed.project);
    assert_eq!(stack.str("/sql_instances/main/connection_name"), connection);
    assert_eq!(stack.str("/sql_instances/main/public_ip"), made["ipAddresses"][0]["ipAddress"].as_str().unwrap());
    assert_eq!(stack.get("/sql_instances/main/private_ip"), &Value::Null);
    let state = std::fs::read_to_string(world.main.path.join("terraform.tfstate")).unwrap();
    assert!(!state.contains("hunter2"));
    world.finish();
}

fn an_update_carries_what_changed_and_the_version_of_the_settings(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(INSIDE));
    let mark = world.cloud.mark();
    world.apply_stack(&with(&format!("tier = \"db-custom-2-7680\"\n {INSIDE}")));
    assert_eq!(world.writes(mark), [format!("PATCH {SQL}{}", path(&world))]);
    let settings = instance(&world)["settings"].clone();
    assert_eq!((&settings["tier"], &settings["settingsVersion"]), (&json!("db-custom-2-7680"), &json!("2")));
    world.finish();
}

fn what_has_no_way_back_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("disk_size = 50"));
    world.plan_stack(&with("disk_size = 40")).expect_refused().error(&["The disk cannot shrink", "50", "40"]);
    let older = with("disk_size = 50").replace("POSTGRES_16", "POSTGRES_15");
    world.plan_stack(&older).expect_refused().error(&["The database version cannot be lowered", "POSTGRES_16"]);
    let moved = with("disk_size = 50\n location = \"us-central1\"");
    world.plan_stack(&moved).expect_refused().error(&["The location of a sql instance cannot be changed"]);
    world.apply_stack(&with("disk_size = 60").replace("POSTGRES_16", "POSTGRES_17"));
    let made = instance(&world);
    assert_eq!((&made["databaseVersion"], &made["settings"]["dataDiskSizeGb"]), (&json!("POSTGRES_17"), &json!("60")));
    world.finish();
}

fn the_name_of_a_replaced_instance_is_not_free(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let moved = with("allow_replacement = true\n location = \"us-central1\"");
    world.plan_stack(&moved).expect_refused().error(&["The name of a deleted sql instance stays taken", "a week"]);
    let renamed = moved.replace("\"features\"", "\"features-2\"");
    world.plan_stack(&renamed).diagnostics.warning(&["replaced", "sql_instances[\"main\"]"]);
    world.main.apply_plan().expect_success();
    assert!(world.cloud.snapshot().object(SQL, &path(&world)).is_none());
    world.finish();
}

fn a_changed_flag_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("flags = { max_connections = \"200\" }"));
    let flags = json!([{"name": "max_connections", "value": "300"}]);
    world.cloud.edit(SQL, &path(&world), json!({"settings": {"databaseFlags": flags}}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/sql_instances/main/flags/max_connections"), "300");
    world.main.apply_plan().expect_success();
    assert_eq!(instance(&world)["settings"]["databaseFlags"][0]["value"], "200");
    world.finish();
}

fn databases_and_users_of_others_are_left_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(INSIDE));
    for (what, body) in
        [("databases", json!({"name": "theirs"})), ("users", json!({"name": "theirs", "password": "x"}))]
    {
        let (status, answer) = world.cloud.call("POST", SQL, &format!("{}/{what}", path(&world)), Some(&body));
        assert_eq!(status, 200, "{answer}");
    }
    assert!(world.main.plan(&[]).is_empty());
    world.apply_stack(&with(&INSIDE.replace("app = {}", "app = {}, more = {}")));
    assert_eq!(inside(&world, "databases"), ["app", "more", "postgres", "theirs"]);
    assert_eq!(inside(&world, "users"), ["app", "postgres", "theirs"]);
    for what in ["databases/theirs", "users?name=theirs"] {
        let (status, answer) = world.cloud.call("DELETE", SQL, &format!("{}/{what}", path(&world)), None);
        assert_eq!(status, 200, "{answer}");
    }
    world.finish();
}

fn a_protected_instance_is_not_removed(scene: Scene) {
    let world = scene.small_world();
    let protected = with(INSIDE).replace("deletion_policy  = \"DELETE\"", "");
    let stack =
        |body: &str| world.config(&format!("resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n{body}\n}}\n"));
    stack(&protected);
    world.main.apply(&[]).expect_success();
    stack("");
    world.main.plan(&[]).expect_refused().error(&["The sql instance must not be deleted"]);
    world.apply_stack(&with(INSIDE));
    world.finish();
}

fn a_user_that_leaves_is_deleted_or_abandoned(scene: Scene) {
    let world = scene.small_world();
    let users = |users: &str| with(&format!("users = {{ {users} }}"));
    let (one, two) = ("one = { password_wo = \"a\" }", "two = { password_wo = \"b\", deletion_policy = \"ABANDON\" }");
    world.apply_stack(&users(&format!("{one}\n {two}")));
    let planned = world.plan_stack(&users(""));
    planned.diagnostics.warning(&["1 object will be deleted", "users[\"one\"]"]);
    planned.diagnostics.warning(&["1 object will be released", "users[\"two\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(inside(&world, "users"), ["postgres", "two"]);
    let (status, answer) = world.cloud.call("DELETE", SQL, &format!("{}/users?name=two", path(&world)), None);
    assert_eq!(status, 200, "{answer}");
    world.finish();
}

fn a_service_names_an_instance_by_key(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"{}
  services = {{
    api = {{
      image   = "europe-west1-docker.pkg.dev/ml-test-project/images/api:v1"
      volumes = {{ sql = {{ mount_path = "/cloudsql", cloud_sql_instances = ["main"] }} }}
      env     = {{ INSTANCE = "{{{{sql_instances.main.connection_name}}}}" }}
    }}
  }}"#,
        with("")
    ));
    let connection = format!("{}:europe-west1:features", world.seed.project);
    let template = service(&world, "api")["template"].clone();
    assert_eq!(template["volumes"][0]["cloudSqlInstance"]["instances"], json!([connection]));
    assert_eq!(template["containers"][0]["env"][0]["value"], json!(connection));
    world.finish();
}
