//! Secrets of Secrets Manager: their values go in and never come out, and a deleted one keeps its name.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    a_secret_is_made_changed_and_imported_with_the_fewest_calls,
    a_deleted_secret_of_the_stack_is_restored_with_the_value_of_the_configuration,
    a_deleted_secret_of_others_is_left_alone,
}

const STACK: &str = r#"
  tags    = { Team = "data" }
  secrets = { db = { name = "prod/db", value_wo = "hunter2", value_wo_version = 1 } }
"#;

fn value(world: &AwsWorld) -> String {
    let answer = world.call("secretsmanager", "secretsmanager.GetSecretValue", &json!({"SecretId": "prod/db"}));
    answer["SecretString"].as_str().unwrap_or_default().to_owned()
}

fn a_secret_is_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let mark = world.mark();
    world.apply_stack(STACK);
    assert_eq!(world.writes_since(mark), ["CreateSecret", "PutSecretValue"]);
    assert_eq!(value(&world), "hunter2");
    assert!(!world.main.state_file().contains("hunter2"));
    world.expect_settled();

    for (old, new, calls) in [
        ("\"hunter2\", value_wo_version = 1", "\"hunter3\", value_wo_version = 2", vec!["PutSecretValue"]),
        ("value_wo_version = 1", "value_wo_version = 2, description = \"Database\"", vec!["UpdateSecret"]),
        // The description stays: moto takes an empty one for none.
        (
            "value_wo_version = 1",
            "value_wo_version = 2, description = \"Database\", tags = { Tier = \"1\" }",
            vec!["TagResource"],
        ),
    ] {
        let mark = world.mark();
        world.apply_stack(&STACK.replace(old, new).replace("\"hunter2\"", "\"hunter3\""));
        assert_eq!(world.writes_since(mark), calls, "{new}");
    }
    assert_eq!(value(&world), "hunter3");

    let untag = json!({"SecretId": "prod/db", "TagKeys": ["Team"]});
    world.call("secretsmanager", "secretsmanager.UntagResource", &untag);
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["TagResource"]);
    world.finish();
}

fn a_deleted_secret_of_the_stack_is_restored_with_the_value_of_the_configuration(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    world.apply_stack("tags = { Team = \"data\" }");
    assert_eq!(world.objects(), Vec::<String>::new());
    let mark = world.mark();
    world.apply_stack(&STACK.replace("hunter2", "hunter3"));
    assert_eq!(world.writes_since(mark), ["CreateSecret", "PutSecretValue", "RestoreSecret"]);
    assert_eq!(value(&world), "hunter3");
    world.finish();
}

fn a_deleted_secret_of_others_is_left_alone(scene: Scene) {
    let world = scene.aws_world();
    let made =
        json!({"Name": "prod/db", "SecretString": "theirs", "ClientRequestToken": "0123456789abcdef0123456789abcdef"});
    world.call("secretsmanager", "secretsmanager.CreateSecret", &made);
    world.call("secretsmanager", "secretsmanager.DeleteSecret", &json!({"SecretId": "prod/db"}));
    world.stack(STACK);
    let mark = world.mark();
    world.main.apply(&[]).expect_failure();
    assert_eq!(world.writes_since(mark), ["CreateSecret"]);
    let secret = world.call("secretsmanager", "secretsmanager.DescribeSecret", &json!({"SecretId": "prod/db"}));
    assert!(!secret["DeletedDate"].is_null(), "it is deleted as before: {secret}");
}
