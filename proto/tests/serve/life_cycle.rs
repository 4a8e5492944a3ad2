//! A resource from plan to destroy, over the real handshake.

use std::time::{Duration, Instant};

use crate::world::{World, terraforms};

const NOTE: &str = r#"
resource "local_note" "a" {
  name = provider::local::slug("Shopping list")
  text = "milk and bread"
}
data "local_notes" "all" {
  depends_on = [local_note.a]
}
output "names" {
  value = data.local_notes.all.names
}
output "words" {
  value = local_note.a.words
}
"#;

#[test]
fn a_note_is_created_kept_changed_imported_and_destroyed() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        world.run(&["apply", "-auto-approve"], 0);
        assert_eq!(std::fs::read_to_string(world.path("notes/shopping-list.txt")).unwrap(), "milk and bread");
        world.run(&["plan", "-detailed-exitcode"], 0);
        let words = world.run(&["output", "words"], 0);
        assert_eq!(String::from_utf8_lossy(&words.stdout).trim(), "3");

        std::fs::write(world.path("notes/shopping-list.txt"), "drifted").unwrap();
        world.run(&["plan", "-detailed-exitcode"], 2);
        world.run(&["apply", "-auto-approve"], 0);
        assert_eq!(std::fs::read_to_string(world.path("notes/shopping-list.txt")).unwrap(), "milk and bread");

        world.run(&["state", "rm", "local_note.a"], 0);
        world.run(&["import", "local_note.a", "shopping-list.txt"], 0);
        world.run(&["plan", "-detailed-exitcode"], 0);
        world.run(&["destroy", "-auto-approve"], 0);
        assert!(!world.path("notes/shopping-list.txt").exists());
    }
}

#[test]
fn processes_end_as_soon_as_terraform_says_so() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        // One that lingers costs two seconds, three times a plan; then Terraform kills it, and logs that as its error.
        let log = world.path("log");
        let output = world.command(&["plan"]).env("TF_LOG", "DEBUG").env("TF_LOG_PATH", &log).output().unwrap();
        assert!(output.status.success());
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains("plugin process exited"), "{log}");
        for line in log.lines().filter(|line| line.contains("plugin process exited")) {
            assert!(!line.contains("error="), "{line}");
        }
        assert_eq!((world.plugins(), world.sockets()), (vec![], vec![]));
    }
}

#[test]
fn the_connection_may_be_plain() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        let output = world.command(&["plan"]).env("TF_DISABLE_PLUGIN_TLS", "1").output().unwrap();
        crate::world::expect(output, 0);
    }
}

#[test]
fn ten_resources_are_created_at_once() {
    const MANY: &str =
        "resource \"local_note\" \"many\" {\n  count = 20\n  name = \"n${count.index}\"\n  text = \"x\"\n}\n";
    for terraform in terraforms() {
        let world = World::new(&terraform, "  delay_ms = 1000", MANY);
        let start = Instant::now();
        world.run(&["apply", "-auto-approve"], 0);
        // One after another they would take twenty seconds.
        assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    }
}

#[test]
fn a_text_beyond_the_usual_limit_of_grpc_passes() {
    const LARGE: &str = "resource \"local_note\" \"large\" {\n  name = \"large\"\n  text = file(\"large.txt\")\n}\n";
    for terraform in terraforms() {
        let world = World::new(&terraform, "", LARGE);
        std::fs::write(world.path("work/large.txt"), "word ".repeat(1 << 20)).unwrap();
        world.run(&["apply", "-auto-approve"], 0);
        world.run(&["plan", "-detailed-exitcode"], 0);
        assert_eq!(std::fs::metadata(world.path("notes/large.txt")).unwrap().len(), 5 << 20);
    }
}
