//! What managing a stack takes: `manages = true` writes it into a policy, and a user who may do that, and nothing else, manages
//! the stack.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};

on_every_terraform! {
    who_may_do_what_the_policy_allows_manages_the_stack,
    without_one_of_the_actions_the_error_names_it,
    who_may_not_ask_for_all_tags_at_once_asks_each_service,
    the_policy_follows_the_kinds_of_its_stack,
}

/// One object of many kinds; `size` changes something in each.
fn stack(size: u32) -> String {
    format!(
        r#"
  tags         = {{ Size = "{size}" }}
  buckets      = {{ data = {{ name = "churn-data", versioning = true, lifecycle_rules = {{ old = {{ noncurrent_version_expiration_in_days = {size} }} }} }} }}
  tables       = {{ locks = {{ name = "churn-locks", key = {{ LockID = "S" }}, point_in_time_recovery = true }} }}
  queues       = {{ jobs = {{ name = "churn-jobs", visibility_timeout = "{size}s" }} }}
  repositories = {{ api = {{ name = "churn/api", lifecycle_rules = [{{ tag_status = "any", count_more_than = {size} }}] }} }}
  log_groups   = {{ api = {{ name = "/ecs/churn-api", retention_in_days = {size} }} }}
  policies = {{
    terraform = {{ name = "churn-terraform", manages = true, statements = [{{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::churn-{size}/*"] }}] }}
  }}
  roles  = {{ ci = {{ name = "churn-ci", trust = {{ services = ["ecs-tasks.amazonaws.com"] }}, policies = ["terraform"], max_session_duration = "{size}h" }} }}
  topics = {{ alerts = {{ name = "churn-alerts", display_name = "Alerts {size}" }} }}
  alarms = {{ jobs = {{ preset = "queue_depth", queue = "jobs", threshold = {size}, actions = ["alerts"] }} }}
"#
    )
}

/// What the policy of the stack will allow.
fn allowed(world: &AwsWorld) -> Vec<String> {
    let plan = world.main.plan(&[]);
    let change = plan.view().change("mlops_aws_stack.it");
    let actions = change.after("/policies/terraform/managed_actions").as_array().unwrap().clone();
    actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn who_may_do_what_the_policy_allows_manages_the_stack(scene: Scene) {
    let world = scene.aws_world();
    world.stack(&stack(3));
    let allowed = allowed(&world);
    let terraform = world.allow_only(&allowed.iter().map(String::as_str).collect::<Vec<_>>());
    terraform.apply(&[]).expect_success();
    terraform.plan(&[]).expect_empty();
    world.stack(&stack(5));
    terraform.apply(&[]).expect_success();
    terraform.plan(&[]).expect_empty();
    terraform.destroy().expect_success();
}

fn without_one_of_the_actions_the_error_names_it(scene: Scene) {
    let world = scene.aws_world();
    world.stack(&stack(3));
    let missing = "sqs:CreateQueue";
    let allowed = allowed(&world);
    let others: Vec<&str> = allowed.iter().map(String::as_str).filter(|action| *action != missing).collect();
    assert_eq!(others.len() + 1, allowed.len());
    let terraform = world.allow_only(&others);
    terraform.apply(&[]).expect_failure().error(&["queues[\"jobs\"]", missing]);
}

fn who_may_not_ask_for_all_tags_at_once_asks_each_service(scene: Scene) {
    let world = scene.aws_world();
    world.stack(&stack(3));
    let allowed = allowed(&world);
    let others: Vec<&str> = allowed.iter().map(String::as_str).filter(|action| *action != "tag:GetResources").collect();
    assert_eq!(others.len() + 1, allowed.len());
    let terraform = world.allow_only(&others);
    terraform.apply(&[]).expect_success();
    terraform.plan(&[]).expect_empty();
}

fn the_policy_follows_the_kinds_of_its_stack(scene: Scene) {
    let world = scene.aws_world();
    let policy = r#"policies = { terraform = { name = "churn-terraform", manages = true } }"#;
    world.apply_stack(policy);
    world.expect_settled();
    let has_queues = |world: &AwsWorld| {
        let actions =
            world.main.state().resource("mlops_aws_stack.it").get("/policies/terraform/managed_actions").to_string();
        (actions.contains("iam:CreatePolicy"), actions.contains("sqs:CreateQueue"))
    };
    assert_eq!(has_queues(&world), (true, false));
    world.apply_stack(&format!("{policy}\n  queues = {{ jobs = {{ name = \"churn-jobs\" }} }}"));
    assert_eq!(has_queues(&world), (true, true));
    world.finish();
}
