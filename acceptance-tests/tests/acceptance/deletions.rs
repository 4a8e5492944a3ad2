//! What a plan lets go, on a stack with every kind of component: it is what the plan lists, and nothing that is protected.

use std::collections::BTreeSet;

use acceptance_tests::{Object, Resource, Scene, World, on_every_terraform};
use serde_json::Value;

use crate::written;

on_every_terraform! {
    what_an_apply_deletes_its_plan_has_listed,
    what_holds_data_is_not_deleted_while_its_stack_is_protected,
}

/// The kinds that hold data.
const WITH_DATA: [&str; 5] = ["buckets", "firestore_databases", "registries", "secrets", "topics"];

fn empty(more: &str) -> String {
    format!(
        "resource \"mlops_stack\" \"prod\" {{\n  name   = \"churn\"\n  labels = {{ environment = \"prod\" }}\n{more}}}\n"
    )
}

/// The kinds that a stack has components of.
fn kinds(stack: &Resource) -> BTreeSet<String> {
    let has_components = |value: &Value| {
        let components = value.as_object().into_iter().flat_map(|components| components.values());
        components.into_iter().any(|component| component.get("imported").is_some())
    };
    let attributes = stack.get("").as_object().into_iter().flatten();
    attributes.filter(|(_, value)| has_components(value)).map(|(kind, _)| kind.clone()).collect()
}

fn objects(world: &World) -> BTreeSet<String> {
    world.cloud.snapshot().objects().iter().filter(|object| object.is_there()).map(Object::full_name).collect()
}

fn what_an_apply_deletes_its_plan_has_listed(scene: Scene) {
    let world = written::every_kind(&scene);
    let configuration = world.main.read("main.tf");
    let (stack, _) = configuration.split_once("resource \"mlops_phase_checkpoint\"").unwrap();
    let unprotected = stack
        .replace("  name   = \"churn\"\n  labels", "  name   = \"churn\"\n  deletion_protection = false\n  labels")
        .replace(", deletion_policy = \"PREVENT\"", "");
    world.main.write("main.tf", &unprotected);
    world.main.apply(&[]).expect_success();
    let (kinds, before) = (kinds(&world.main.state().resource("mlops_stack.prod")), objects(&world));

    world.config(&empty("  deletion_protection = false\n"));
    let change = world.main.plan(&[]).view().change("mlops_stack.prod");
    let lines = change.after("/deletes").as_array().cloned().unwrap_or_default();
    let lines: Vec<(&str, &str)> = lines.iter().map(|line| line.as_str().unwrap().split_once(": ").unwrap()).collect();
    let announced: BTreeSet<String> =
        lines.iter().map(|(place, _)| place.split('[').next().unwrap().to_owned()).collect();
    assert_eq!(announced, kinds);

    world.main.apply_plan().expect_success();
    let after = objects(&world);
    let is_inside = |name: &str, other: &str| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let is_listed = |name: &str| lines.iter().any(|(_, listed)| name == *listed || is_inside(name, listed));
    let silent: Vec<&String> = before.difference(&after).filter(|name| !is_listed(name)).collect();
    assert!(silent.is_empty(), "deleted and not listed: {silent:#?}");
    // What lies inside a deleted object is as good as gone.
    let is_outermost = |name: &str| !lines.iter().any(|(_, listed)| is_inside(name, listed));
    let alive: Vec<_> = lines.iter().filter(|(_, listed)| is_outermost(listed) && after.contains(*listed)).collect();
    assert!(alive.is_empty(), "listed and not deleted: {alive:#?}");
}

fn what_holds_data_is_not_deleted_while_its_stack_is_protected(scene: Scene) {
    let world = written::every_kind(&scene);
    let (mark, before) = (world.cloud.mark(), objects(&world));
    world.config(&empty(""));
    let planned = world.main.plan(&[]);
    let refused = planned.expect_refused();
    for kind in WITH_DATA {
        refused.error(&["must not be deleted", &format!("{kind}["), "deletion_protection = true"]);
    }
    world.cloud.expect_no_writes_since(mark);
    assert_eq!(objects(&world), before);
}
