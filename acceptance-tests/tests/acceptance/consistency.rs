//! Odd but legal configurations: Terraform finds nothing inconsistent in what the provider plans and makes.
//!
//! The cases are text in `consistency/cases.txt`, all of them in each run of terraform.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    odd_configurations_apply_and_settle,
    a_replaced_stack_settles,
}

/// A stack and its bodies, one for each apply.
struct Case {
    name: String,
    steps: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("consistency/cases.txt").lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix("== "), cases.last_mut()) {
            (Some(name), _) => cases.push(Case { name: name.to_owned(), steps: vec![String::new()] }),
            (None, Some(case)) if line == "->" => case.steps.push(String::new()),
            (None, Some(Case { steps, .. })) => {
                if let Some(body) = steps.last_mut() {
                    body.push_str(&format!("  {}\n", line.replace("{o}", "terraform_data.o.output")));
                }
            }
            (None, None) => {}
        }
    }
    cases
}

impl Case {
    fn stack(&self, step: usize) -> String {
        let Self { name, steps } = self;
        let body = steps.get(step).or(steps.last()).map_or("", String::as_str);
        format!(
            "resource \"mlops_stack\" \"{name}\" {{\n  name = \"{name}\"\n  deletion_protection = false\n{body}}}\n"
        )
    }
}

/// A resource whose outputs nobody knows before the apply.
fn elsewhere(step: usize, project: &str) -> String {
    format!(
        r#"
resource "terraform_data" "o" {{
  triggers_replace = {step}
  input = {{
    bucket = "ml-odd-unknown", class = "NEARLINE", days = "14d", place = "EU", yes = true, three = 3, word = "word"
    map = {{ a = "b" }}, words = ["a", "b"], component = {{ name = "ml-odd-component", versioning = true }}
    image = "gcr.io/cloudrun/hello", cpu = "2", memory = "1Gi", seconds = "60s", nothing = null
    member = "allUsers", role = "roles/storage.objectAdmin", region = "us-central1", project = "{project}"
    email = "ops@example.com", preset = "high_latency", minutes = "2m", severity = "P0", ops = "ops"
    severities = ["ERROR"]
  }}
}}
"#
    )
}

fn odd_configurations_apply_and_settle(scene: Scene) {
    let world = scene.small_world();
    let cases = cases();
    let last = cases.iter().map(|case| case.steps.len()).max().unwrap_or_default();
    for step in 0..last {
        let stacks: String = cases.iter().map(|case| case.stack(step)).collect();
        world.config(&format!("{}{stacks}", elsewhere(step, &world.seed.project)));
        let applied = world.main.apply(&[]);
        applied.diagnostics.expect_no_blame();
        applied.expect_success();
        world.main.plan(&[]).expect_empty();
    }
    world.main.plan(&["-refresh=false"]).expect_empty();
    world.main.destroy().expect_success();
}

fn a_replaced_stack_settles(scene: Scene) {
    let world = scene.small_world();
    world.config(
        r#"
resource "terraform_data" "cause" { input = 1 }
resource "mlops_stack" "it" {
  name                = "it"
  deletion_protection = false
  buckets             = { a = { name = "ml-test-a", location = "EU" } }
  lifecycle { replace_triggered_by = [terraform_data.cause] }
}
output "all" { value = mlops_stack.it }
"#,
    );
    world.main.apply(&[]).expect_success();
    let applied = world.main.apply(&["-replace=mlops_stack.it"]);
    applied.diagnostics.expect_no_blame();
    applied.expect_success();
    world.main.plan(&[]).expect_empty();
    let targeted = world.main.apply(&["-target=mlops_stack.it", "-replace=terraform_data.cause"]);
    targeted.diagnostics.expect_no_blame();
    targeted.expect_success();
    world.main.plan(&[]).expect_empty();
    world.main.destroy().expect_success();
}
