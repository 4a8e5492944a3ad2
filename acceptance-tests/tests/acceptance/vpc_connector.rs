//! VPC connectors.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{VPC_ACCESS, connector, connector_path, service};

on_every_terraform! {
    a_connector_is_made_as_declared,
    an_update_carries_the_instances_alone,
    what_cannot_be_changed_is_refused,
    a_changed_connector_is_shown_and_healed,
    a_connector_that_was_never_ready_is_replaced_by_the_next_apply,
    a_creation_whose_reply_is_lost_makes_one,
    a_service_names_a_connector_by_key,
    a_connector_that_leaves_the_configuration_is_deleted_alone,
}

fn with(settings: &str) -> String {
    format!(
        r#"vpc_connectors = {{
    egress = {{
      network       = "default"
      ip_cidr_range = "10.8.0.0/28"
      {settings}
    }}
  }}"#
    )
}

fn a_connector_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("min_instances = 3\n max_instances = 5\n machine_type = \"e2-standard-4\""));
    let made = connector(&world, "egress");
    assert_eq!((&made["network"], &made["ipCidrRange"]), (&json!("default"), &json!("10.8.0.0/28")));
    assert_eq!((&made["minInstances"], &made["maxInstances"]), (&json!(3), &json!(5)));
    assert_eq!(made["machineType"], "e2-standard-4");
    let stack = world.main.state().resource("mlops_stack.it");
    let id = "projects/ml-test-project/locations/europe-west1/connectors/egress";
    assert_eq!(stack.str("/vpc_connectors/egress/id"), id);
    assert_eq!(stack.str("/vpc_connectors/egress/state"), "READY");
    let line = json!(format!("//{VPC_ACCESS}/{id}"));
    assert!(stack.get("/inventory").as_array().unwrap().contains(&line), "{}", stack.get("/inventory"));
    world.finish();
}

fn an_update_carries_the_instances_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("max_instances = 3"));
    let mark = world.cloud.mark();
    world.apply_stack(&with("max_instances = 4"));
    let writes = world.cloud.writes_since(mark);
    let queries: Vec<&str> = writes.iter().map(|request| request.query.as_str()).collect();
    assert_eq!(queries, ["updateMask=maxInstances"]);
    assert_eq!(connector(&world, "egress")["maxThroughput"], 400);
    world.finish();
}

fn what_cannot_be_changed_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let moved = with("").replace("10.8.0.0", "10.9.0.0");
    world.plan_stack(&moved).expect_refused().error(&["10.8.0.0/28", "10.9.0.0/28", "allow_replacement"]);
    let replaced = with("allow_replacement = true").replace("10.8.0.0", "10.9.0.0");
    world.plan_stack(&replaced).diagnostics.warning(&["1 object will be replaced", "vpc_connectors[\"egress\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(connector(&world, "egress")["ipCidrRange"], "10.9.0.0/28");
    world.finish();
}

fn a_changed_connector_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("max_instances = 3"));
    world.cloud.edit(VPC_ACCESS, &connector_path("egress"), json!({"maxInstances": 9, "maxThroughput": 900}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/vpc_connectors/egress/max_instances"), &json!(9));
    world.main.apply_plan().expect_success();
    assert_eq!(connector(&world, "egress")["maxInstances"], 3);
    world.finish();
}

fn a_connector_that_was_never_ready_is_replaced_by_the_next_apply(scene: Scene) {
    let world = scene.small_world();
    // A stack whose own creation fails is tainted, and nothing is replaced then.
    world.apply_stack("labels = { purpose = \"empty\" }");
    world.stack(&with(""));
    world.cloud.fault(&Fault::on("POST", "/connectors$").host(VPC_ACCESS).operation_error().times(1));
    world.failed_apply().error(&["vpc_connectors[\"egress\"]"]);
    assert_eq!(connector(&world, "egress")["state"], "ERROR");
    // Also where the range was what was wrong.
    let planned = world.plan_stack(&with("").replace("10.8.0.0", "10.9.0.0"));
    planned.diagnostics.warning(&["1 object will be replaced", "vpc_connectors[\"egress\"]"]);
    world.main.apply_plan().expect_success();
    let made = connector(&world, "egress");
    assert_eq!((&made["state"], &made["ipCidrRange"]), (&json!("READY"), &json!("10.9.0.0/28")));
    world.finish();
}

fn a_creation_whose_reply_is_lost_makes_one(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/connectors$").host(VPC_ACCESS).times(1).dropped_after());
    world.apply_stack(&with(""));
    assert_eq!(world.cloud.snapshot().objects_like(VPC_ACCESS, "/connectors/").len(), 1);
    world.finish();
}

fn a_service_names_a_connector_by_key(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"{}
  services = {{
    api = {{ image = "europe-docker.pkg.dev/cloudrun/container/hello", vpc_access = {{ connector = "egress" }} }}
  }}"#,
        with("")
    ));
    let id = "projects/ml-test-project/locations/europe-west1/connectors/egress";
    assert_eq!(service(&world, "api")["template"]["vpcAccess"]["connector"], id);
    world.finish();
}

fn a_connector_that_leaves_the_configuration_is_deleted_alone(scene: Scene) {
    let world = scene.small_world();
    let two = |more: &str| {
        let first = r#"first = { network = "default", ip_cidr_range = "10.8.0.0/28" }"#;
        format!("vpc_connectors = {{ {first} {more} }}")
    };
    world.apply_stack(&two(r#", second = { network = "default", ip_cidr_range = "10.9.0.0/28" }"#));
    let mark = world.cloud.mark();
    world.plan_stack(&two("")).diagnostics.warning(&["1 object will be deleted", "vpc_connectors[\"second\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(world.writes(mark), [format!("DELETE {VPC_ACCESS}{}", connector_path("second"))]);
    world.finish();
}
