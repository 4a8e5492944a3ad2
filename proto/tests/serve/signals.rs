//! Interrupts and sudden ends.

use std::time::{Duration, Instant};

use crate::world::{World, kill, terraforms, wait_until};

const NOTE: &str = "resource \"local_note\" \"a\" {\n  name = \"a\"\n  text = \"x\"\n}\n";

#[test]
fn an_interrupt_of_the_plugin_alone_changes_nothing() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "  delay_ms = 700", NOTE);
        let applying = world.start_apply();
        world.plugins().into_iter().for_each(|pid| kill("INT", pid));
        let (code, lines) = applying.finish();
        assert_eq!(code, Some(0), "{lines:#?}");
        assert!(world.path("notes/a.txt").exists());
    }
}

#[test]
fn an_interrupt_of_terraform_stops_the_handler_and_says_where_it_was() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "  delay_ms = 60000", NOTE);
        let applying = world.start_apply();
        let start = Instant::now();
        kill("INT", applying.child.id());
        let (code, lines) = applying.finish();
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert_eq!(code, Some(1));
        assert!(lines.iter().any(|line| line["diagnostic"]["summary"] == "Stopped"), "{lines:#?}");
    }
}

#[test]
fn a_terminated_plugin_finishes_its_call() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "  delay_ms = 60000", NOTE);
        let applying = world.start_apply();
        world.plugins().into_iter().for_each(|pid| kill("TERM", pid));
        let (code, lines) = applying.finish();
        assert_eq!(code, Some(1));
        assert!(lines.iter().any(|line| line["diagnostic"]["summary"] == "Stopped"), "{lines:#?}");
        assert_eq!((world.plugins(), world.sockets()), (vec![], vec![]));
    }
}

#[test]
fn a_killed_terraform_leaves_neither_process_nor_socket() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "  delay_ms = 60000", NOTE);
        let applying = world.start_apply();
        assert!(!world.plugins().is_empty());
        kill("KILL", applying.child.id());
        wait_until("all processes ended", Duration::from_secs(5), || world.plugins().is_empty());
        assert_eq!(world.sockets(), [] as [String; 0]);
        applying.finish();
    }
}
