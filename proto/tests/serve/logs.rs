//! What the provider logs, as Terraform shows it.

use crate::world::{World, expect, terraforms};

const NOTE: &str = "resource \"local_note\" \"a\" {\n  name = \"a\"\n  text = \"x\"\n}\n";

fn log(world: &World, variable: &str, level: &str) -> String {
    let path = world.path(&format!("{variable}-{level}.log"));
    let mut command = world.command(&["plan"]);
    expect(command.env(variable, level).env("TF_LOG_PATH", &path).output().unwrap(), 0);
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_line_keeps_its_level_and_its_module() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        let text = log(&world, "TF_LOG", "TRACE");
        let line = text.lines().find(|line| line.contains("the provider ends")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains("[DEBUG]") && line.contains("@module=tfplugin::serve::process"), "{line}");
        assert!(!text.contains("\"@level\""), "a line was not understood: {text}");
    }
}

#[test]
fn a_level_leaves_out_what_is_below_it() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        assert!(!log(&world, "TF_LOG_PROVIDER", "INFO").contains("the provider ends"));
    }
}
