//! What Terraform drops from a configuration, found in its files: misspelt names and keys that stand twice.

use acceptance_tests::{Diagnostics, Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    a_misspelt_name_is_an_error_of_validate_and_of_plan,
    a_key_that_stands_twice_is_an_error,
    each_mistake_is_told_once_for_many_stacks,
    a_mistake_in_a_module_names_its_file,
    a_mistake_in_json_names_its_line,
    the_directory_is_the_one_that_terraform_changes_to,
    a_checkpoint_and_a_provider_block_are_read_too,
    a_saved_plan_is_applied_whatever_the_files_say_now,
}

const TYPO: &str = r#"resource "mlops_stack" "it" {
  name                = "it"
  deletion_protection = false
  buckets = {
    a = { name = "ml-test-a", storage_clas = "NEARLINE" }
  }
}
"#;

/// The line of `text` that has `part`.
fn line(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

/// The only error is this one.
#[track_caller]
fn only(diagnostics: &Diagnostics, parts: &[&str]) {
    diagnostics.error(parts);
    assert_eq!(diagnostics.0.len(), 1, "{diagnostics}");
}

fn typo_at(file: &str, line: usize, address: &str) -> [String; 3] {
    [
        "Unsupported argument".to_owned(),
        format!("{file}:{line}: buckets[\"a\"].storage_clas of {address} "),
        "Did you mean storage_class?".to_owned(),
    ]
}

#[track_caller]
fn only_typo_at(diagnostics: &Diagnostics, file: &str, line: usize, address: &str) {
    only(diagnostics, &typo_at(file, line, address).each_ref().map(String::as_str));
}

fn a_misspelt_name_is_an_error_of_validate_and_of_plan(scene: Scene) {
    let world = scene.small_world();
    world.config(TYPO);
    let line = line(&world.main.read("main.tf"), "storage_clas");
    only_typo_at(&world.main.validate(), "main.tf", line, "mlops_stack.it");
    only_typo_at(world.main.plan(&[]).expect_refused(), "main.tf", line, "mlops_stack.it");
    only_typo_at(world.main.apply(&[]).expect_failure(), "main.tf", line, "mlops_stack.it");
    world.cloud.expect_no_writes();
    world.config(&TYPO.replace("storage_clas ", "storage_class "));
    world.main.apply(&[]).expect_success();
    world.finish();
}

fn a_key_that_stands_twice_is_an_error(scene: Scene) {
    let world = scene.small_world();
    world.config(
        "resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n  buckets = {\n    a = { name = \"x-one\" }\n    \
         a = { name = \"x-two\" }\n  }\n}\n",
    );
    let text = world.main.read("main.tf");
    let (first, second) = (line(&text, "x-one"), line(&text, "x-two"));
    let place = format!("main.tf:{second}: buckets[\"a\"] of mlops_stack.it was already set on line {first}");
    only(&world.main.validate(), &["Duplicate key", &place]);
    only(world.main.plan(&[]).expect_refused(), &["Duplicate key", &place]);
}

fn each_mistake_is_told_once_for_many_stacks(scene: Scene) {
    let world = scene.small_world();
    let others: String =
        (0..5).map(|n| format!("resource \"mlops_stack\" \"s{n}\" {{\n  name = \"s{n}\"\n}}\n")).collect();
    world.config(&format!("{TYPO}{others}{}", TYPO.replace("\"it\"", "\"also\"")));
    for said in [world.main.validate(), world.main.plan(&[]).expect_refused().clone()] {
        said.error(&["of mlops_stack.it "]);
        said.error(&["of mlops_stack.also "]);
        assert_eq!(said.0.len(), 2, "{said}");
    }
}

fn a_mistake_in_a_module_names_its_file(scene: Scene) {
    let world = scene.small_world();
    let module = "terraform {\n  required_providers {\n    mlops = { source = \"mlops-rs/mlops\" }\n  }\n}\n";
    for folder in ["mods/outer", "mods/inner"] {
        std::fs::create_dir_all(world.main.path.join(folder)).unwrap();
    }
    world.config("module \"outer\" {\n  source = \"./mods/outer\"\n  count  = 2\n}\n");
    world.main.write("mods/outer/main.tf", "module \"inner\" {\n  source = \"../inner\"\n}\n");
    world.main.write("mods/inner/main.tf", module);
    world.main.write("mods/inner/stack_override.tf", "");
    world.main.write("mods/inner/stack.tf", TYPO);
    for main in [world.main.clone(), world.main.with_env("TF_DATA_DIR", "elsewhere")] {
        let got = main.run(&["get"]);
        assert_eq!(got.code, 0, "{}{}", got.stdout, got.stderr);
        let address = "module.outer.module.inner.mlops_stack.it";
        only_typo_at(&main.validate(), "mods/inner/stack.tf", 5, address);
        std::fs::remove_dir_all(main.path.join(".terraform")).unwrap_or_default();
    }
}

fn a_mistake_in_json_names_its_line(scene: Scene) {
    let world = scene.small_world();
    world.config("");
    let stack = json!({ "resource": { "mlops_stack": { "it": {
        "name": "it", "buckets": { "a": { "name": "ml-test-a", "storage_clas": "NEARLINE" } }
    } } } });
    let text = serde_json::to_string_pretty(&stack).unwrap();
    world.main.write("stack.tf.json", &text);
    only_typo_at(&world.main.validate(), "stack.tf.json", line(&text, "storage_clas"), "mlops_stack.it");
}

fn the_directory_is_the_one_that_terraform_changes_to(scene: Scene) {
    let world = scene.small_world();
    world.config(&TYPO.replace("storage_clas", "storage_class"));
    let inner = world.directory("main/inner", TYPO);
    let line = line(&inner.read("main.tf"), "storage_clas");
    let run = world.main.run(&["-chdir=inner", "plan", "-json", "-input=false"]);
    only_typo_at(&run.diagnostics(), "main.tf", line, "mlops_stack.it");
    assert!(world.main.plan(&[]).succeeded());
}

fn a_checkpoint_and_a_provider_block_are_read_too(scene: Scene) {
    let world = scene.small_world();
    world.config(
        "resource \"mlops_phase_checkpoint\" \"p\" {\n  store = \"file:///tmp/none\"\n  phase = \"1\"\n  title = \"One\"\n  \
         steps = [{ nmae = \"a\", name = \"a\" }]\n}\n",
    );
    only(&world.main.validate(), &["steps[0].nmae of mlops_phase_checkpoint.p ", "Did you mean name?"]);
    world.config(
        "provider \"mlops\" {\n  alias = \"other\"\n  default_labels = {\n    a = \"1\"\n    a = \"2\"\n  }\n}\n\
         resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n}\n",
    );
    only(&world.main.validate(), &["Duplicate key", "default_labels[\"a\"] of provider.mlops "]);
}

fn a_saved_plan_is_applied_whatever_the_files_say_now(scene: Scene) {
    let world = scene.small_world();
    world.config(&TYPO.replace("storage_clas ", "storage_class "));
    assert!(world.main.plan(&[]).succeeded());
    world.config(TYPO);
    world.main.apply_plan().expect_success();
    world.config(&TYPO.replace("storage_clas ", "storage_class "));
    world.finish();
}
