//! What is refused before anything is made: configurations, plans and imports, each with the error that a user reads.
//!
//! The cases are text in `refusals/`, many in one run of terraform: each must give one error, at its place, with the
//! words that say what is wrong and what is allowed.

use acceptance_tests::{Diagnostic, Diagnostics, Scene, World, on_every_terraform};

on_every_terraform! {
    a_bad_configuration_is_refused_by_validate,
    a_bad_phase_is_refused_by_validate,
    a_bad_plan_is_refused,
    a_bad_import_is_refused,
}

/// One case of a file.
#[derive(Debug, Default)]
struct Case {
    name: String,
    /// What is there before; none where the case has no "->".
    before: Option<String>,
    /// What is refused.
    body: String,
    /// The path of the attribute.
    at: String,
    /// What the error must say.
    says: Vec<String>,
}

/// Reads the cases of a file. See the head of each file for its form.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(path) = line.strip_prefix("at:") {
            path.trim().clone_into(&mut case.at);
        } else if let Some(words) = line.strip_prefix("says:") {
            case.says = words.split(" | ").map(|word| word.trim().to_owned()).collect();
        } else if line == "->" {
            case.before = Some(std::mem::take(&mut case.body));
        } else {
            case.body.push_str(&format!("  {line}\n"));
        }
    }
    assert!(cases.iter().all(|case| !case.says.is_empty()), "a case says nothing");
    cases
}

/// The stack of a case, with a name unless the body has one (a line "-name" stands for none).
fn stack(name: &str, body: &str) -> String {
    let named = body.lines().any(|line| line.starts_with("  name ") || line.trim() == "-name");
    let head = if named { String::new() } else { format!("  name = \"{name}\"\n") };
    format!("resource \"mlops_stack\" \"{name}\" {{\n{head}{}}}\n", body.replace("  -name\n", ""))
}

/// What is not as the case wants it; every case lives in a file of its own.
fn faults(case: &Case, diagnostics: &Diagnostics) -> Option<String> {
    let file = format!("{}.tf", case.name);
    let of_case = |error: &&&Diagnostic| error.place.as_ref().is_some_and(|(name, _)| *name == file);
    let errors = diagnostics.errors();
    let found: Vec<_> = errors.iter().filter(of_case).collect();
    let [error] = found[..] else {
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        return Some(format!("{}: {} errors, not one\n{}", case.name, found.len(), list.join("\n")));
    };
    let text = error.text();
    let missing: Vec<&String> = case.says.iter().filter(|word| !text.contains(*word)).collect();
    if !missing.is_empty() {
        return Some(format!("{}: {missing:?} is missing in\n{error}", case.name));
    }
    (!points_at(error, &case.at)).then(|| format!("{}: does not point at {}\n{error}", case.name, case.at))
}

/// Whether Terraform shows the attribute, and the text names the whole path where Terraform's own place ends earlier.
/// What the configuration does not have is shown as the whole resource.
fn points_at(error: &Diagnostic, path: &str) -> bool {
    let mut steps = path.split(['[', '.', '"', ']']).filter(|step| !step.is_empty());
    let top = steps.next().unwrap_or_default();
    let code = error.code.as_deref().unwrap_or_default();
    // Of a component that has lines of its own, the first is shown: `KEY = {`.
    let is_shown = code.contains(top)
        || steps.next().is_some_and(|key| code.contains(key))
        || (code.starts_with("resource ") && error.text().contains(top));
    let depth = path.matches(['[', '.']).count();
    is_shown && (depth <= 1 || error.text().contains(path))
}

#[track_caller]
fn assert_all(cases: &[&Case], diagnostics: &Diagnostics) {
    diagnostics.expect_no_blame();
    let faults: Vec<String> = cases.iter().filter_map(|case| faults(case, diagnostics)).collect();
    assert!(faults.is_empty(), "{} of {} cases:\n\n{}", faults.len(), cases.len(), faults.join("\n\n"));
}

fn write(world: &World, case: &Case, text: &str) {
    world.main.write(&format!("{}.tf", case.name), text);
}

fn a_bad_configuration_is_refused_by_validate(scene: Scene) {
    let world = scene.small_world();
    world.config("");
    let stacks = cases(include_str!("refusals/validate.txt"));
    for case in &stacks {
        write(&world, case, &stack(&case.name, &case.body));
    }
    let providers = cases(include_str!("refusals/provider.txt"));
    for case in &providers {
        let Case { name, body, .. } = case;
        let user = format!("resource \"mlops_stack\" \"{name}\" {{\n  provider = mlops.{name}\n  name = \"it\"\n}}\n");
        write(&world, case, &format!("provider \"mlops\" {{\n  alias = \"{name}\"\n{body}}}\n{user}"));
    }
    let all: Vec<&Case> = stacks.iter().chain(&providers).collect();
    assert!(all.len() >= 60);
    assert_all(&all, &world.main.validate());
    assert_eq!(world.cloud.requests(), [], "validate calls nothing");
}

fn a_bad_phase_is_refused_by_validate(scene: Scene) {
    let world = scene.small_world();
    world.config("");
    let phases = cases(include_str!("refusals/phases.txt"));
    for case in &phases {
        let Case { name, body, .. } = case;
        let has = |attribute: &str| body.lines().any(|line| line.trim_start().starts_with(&format!("{attribute} ")));
        let usual = [("store", "file:///tmp/none"), ("phase", "2"), ("title", "A phase")];
        let head: String = usual
            .iter()
            .filter(|(attribute, _)| !has(attribute))
            .map(|(attribute, value)| format!("  {attribute} = \"{value}\"\n"))
            .collect();
        write(&world, case, &format!("resource \"mlops_phase_checkpoint\" \"{name}\" {{\n{head}{body}}}\n"));
    }
    let all: Vec<&Case> = phases.iter().collect();
    assert_all(&all, &world.main.validate());
    assert_eq!(world.cloud.requests(), [], "validate calls nothing");
}

/// Values that validate cannot know, and a provider that knows no place.
const OTHERS: &str = r#"
provider "mlops" {
  alias = "nowhere"
}
resource "terraform_data" "text" { input = "Not A Name" }
resource "terraform_data" "number" { input = 42 }
resource "terraform_data" "key" { input = "backend" }
resource "terraform_data" "own" { input = "api" }
resource "terraform_data" "nothing" {}
"#;

fn a_bad_plan_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.config(OTHERS);
    let cases = cases(include_str!("refusals/plan.txt"));
    for case in &cases {
        if let Some(before) = &case.before {
            write(&world, case, &stack(&case.name, before));
        }
    }
    world.main.apply(&[]).expect_success();
    for case in &cases {
        write(&world, case, &stack(&case.name, &case.body));
    }
    let mark = world.cloud.mark();
    let planned = world.main.plan(&[]);
    assert_all(&cases.iter().collect::<Vec<_>>(), planned.expect_refused());
    world.cloud.expect_no_writes_since(mark);
}

fn a_bad_import_is_refused(scene: Scene) {
    let world = scene.small_world();
    let cases = cases(include_str!("refusals/imports.txt"));
    let blocks = cases.iter().map(|case| {
        let (name, id) = (&case.name, case.body.trim().trim_start_matches("id: "));
        format!("import {{\n  to = mlops_stack.{name}\n  id = \"{id}\"\n}}\nresource \"mlops_stack\" \"{name}\" {{\n  name = \"it\"\n}}\n")
    });
    world.config(&blocks.collect::<String>());
    let planned = world.main.plan(&[]);
    let refused = planned.expect_refused();
    refused.expect_no_blame();
    assert_eq!(refused.errors().len(), cases.len(), "{refused}");
    for case in &cases {
        let words: Vec<&str> = case.says.iter().map(String::as_str).collect();
        refused.error(&words);
    }
    let command = world.main.import("mlops_stack.import_of_a_name_alone", "ct-scan");
    assert!(command.code != 0 && command.stderr.contains("PROJECT/REGION/NAME"), "{}", command.stderr);
}
