//! Two teams in one account: each imports and changes what is its own.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    an_environment_beside_another_is_imported_alone,
    new_tags_for_what_was_imported_write_tags_and_nothing_else,
}

const ID: &str = "908226940571/eu-west-1/fraudscoring";

fn an_environment_beside_another_is_imported_alone(scene: Scene) {
    let world = scene.fraud_scoring();
    let imported = world.expect_importable(ID);
    let state = imported.state();
    let stack = state.resource("mlops_aws_stack.it");
    let lines: Vec<&str> =
        stack.get("/inventory").as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    let lines = lines.join("\n");
    for part in [
        // By a tag, by a name in other letters, by the cluster's name, by what uses it, by what it watches.
        "s3:::acme.fraud.features",
        "table/FraudScoring.Transactions",
        "service/FraudScoring/nightly",
        ":pager",
        "alarm:cpu of api (no name)",
    ] {
        assert!(lines.contains(part), "{part} is missing:\n{lines}");
    }
    for other in ["retainwise", "newsletter", "other-team-role", "token.actions.githubusercontent.com"] {
        assert!(!lines.contains(other), "{other} was imported:\n{lines}");
    }
}

fn new_tags_for_what_was_imported_write_tags_and_nothing_else(scene: Scene) {
    let world = scene.fraud_scoring();
    let imported = world.expect_importable(ID);
    let generated = std::fs::read_to_string(imported.path.join("generated.tf")).unwrap();
    let silent = generated.contains("\n  tags = null\n");
    let (from, to) = if silent {
        ("\n  tags = null\n", "\n  tags = { env = \"x\" }\n")
    } else {
        ("\n}\n", "\n  tags = { env = \"x\" }\n}\n")
    };
    imported.write("generated.tf", &generated.replace(from, to));
    let mark = world.mark();
    imported.apply(&[]).expect_success();
    let mut actions = world.writes_since(mark);
    actions.dedup();
    for action in &actions {
        assert!(action.contains("Tag") || action.contains("tagging"), "{action} changes more than tags: {actions:?}");
    }
    imported.plan(&[]).expect_empty();
}
