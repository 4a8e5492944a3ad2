//! Handlers that break the rules: the message is ours, names the attribute, and nothing gets lost.

use crate::world::{Run, World};

fn thing(body: &str) -> String {
    format!("resource \"probe_thing\" \"a\" {{\n  name = \"x\"\n{body}\n}}\n")
}

/// Terraform blames providers in words of its own; a user should never see them.
fn no_words_of_terraform(run: &Run) {
    for error in run.errors() {
        for words in ["inconsistent", "invalid plan", "invalid object", "invalid result", "Plugin"] {
            assert!(!error.contains(words), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_plans_are_told_with_their_place() {
    let world = World::new("").await;
    for (ctl, place) in [
        ("plan-other", "at name,"),
        ("plan-unknown", "at name,"),
        ("plan-extra", "at note,"),
        ("plan-longer", "at rules,"),
        ("plan-nothing", "no object"),
        ("plan-panic", "PlanResourceChange"),
    ] {
        world.write(&thing(&format!("  ctl = \"{ctl}\"\n  rules = [{{ after = \"1h\" }}]")));
        let run = world.plan().await;
        assert_eq!(run.code, 1, "{ctl}: {}", run.stdout);
        no_words_of_terraform(&run);
        let errors = run.errors();
        assert!(errors.len() == 1 && errors[0].contains(place), "{ctl}: {errors:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_repaired_where_they_can_be() {
    let world = World::new(&thing("  note = \"a\"\n  ctl = \"plan-secret\"\n  password_wo = \"s\"")).await;
    world.apply_cleanly().await;
    world.write(&thing("  note = \"a\"\n  ctl = \"plan-nowhere\""));
    world.apply_cleanly().await;
    // A replacement that is asked for where nothing differs is none.
    world.write(&thing("  note = \"a\"\n  ctl = \"plan-replace\""));
    assert_eq!(world.plan().await.action().as_deref(), Some("update"));
    world.write(&thing("  note = \"b\"\n  ctl = \"plan-replace\""));
    assert_eq!(world.plan().await.action().as_deref(), Some("replace"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_create_is_saved_and_told() {
    for (ctl, place) in [
        ("create-other", "at name,"),
        ("create-extra", "at note,"),
        ("create-unknown", "at color,"),
        ("create-shorter", "at rules,"),
        ("create-half", "interrupted"),
        ("create-panic", "ApplyResourceChange"),
    ] {
        let world = World::new(&thing(&format!("  ctl = \"{ctl}\"\n  rules = [{{ after = \"1h\" }}]"))).await;
        let run = world.apply().await;
        assert_eq!(run.code, 1, "{ctl}: {}", run.stdout);
        no_words_of_terraform(&run);
        let errors = run.errors();
        assert!(errors.len() == 1 && errors[0].contains(place), "{ctl}: {errors:?}");
        let stored = world.instance();
        assert_eq!(stored["status"], "tainted", "{ctl}: {stored}");
        if ctl != "create-panic" {
            assert_eq!(stored["attributes"]["id"], "id-1", "{ctl}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_a_handler_returns_is_not_stored() {
    let world = World::new(&thing("  ctl = \"create-secret\"")).await;
    world.apply_cleanly().await;
    world.remote.fault("read-secret");
    world.apply_cleanly().await;
    assert!(!world.state().to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_made_nothing_leaves_nothing() {
    for (ctl, text) in [("create-refused", "no room"), ("create-silent", "returned no object")] {
        let world = World::new(&thing(&format!("  ctl = \"{ctl}\""))).await;
        let run = world.apply().await;
        no_words_of_terraform(&run);
        let errors = run.errors();
        assert!(errors.len() == 1 && errors[0].contains(text), "{ctl}: {errors:?}");
        assert!(world.instance().is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_update_keeps_what_is_true() {
    for (ctl, text, note) in [
        ("update-refused", "no room", "one"),
        ("update-silent", "returned no object", "one"),
        ("update-half", "interrupted", "two"),
    ] {
        let world = World::new(&thing("  note = \"one\"")).await;
        world.apply_cleanly().await;
        world.write(&thing(&format!("  note = \"two\"\n  ctl = \"{ctl}\"")));
        let run = world.apply().await;
        no_words_of_terraform(&run);
        let errors = run.errors();
        assert!(errors.len() == 1 && errors[0].contains(text), "{ctl}: {errors:?}");
        let stored = world.instance();
        assert_eq!(stored["attributes"]["note"], note, "{ctl}");
        assert!(stored["status"].is_null(), "{ctl}: an update taints nothing");
        assert!(stored["private"].is_string(), "{ctl}: private data is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delete_keeps_the_object() {
    let world = World::new(&thing("  note = \"one\"")).await;
    world.apply_cleanly().await;
    world.remote.fault("delete-refused");
    let run = world.destroy().await;
    assert!(run.errors()[0].contains("in use"), "{}", run.stdout);
    assert_eq!(world.instance()["attributes"]["note"], "one");
    world.remote.fault("delete-half");
    world.destroy().await;
    assert!(world.instance()["attributes"]["note"].is_null());
    world.remote.fault("");
    assert_eq!(world.destroy().await.code, 0);
    assert!(world.instance().is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_read_keeps_the_stored_object() {
    let world = World::new(&thing("")).await;
    world.apply_cleanly().await;
    for (fault, text) in [("read-error", "not now"), ("read-unknown", "at color,"), ("read-panic", "ReadResource")] {
        world.remote.fault(fault);
        let run = world.plan().await;
        no_words_of_terraform(&run);
        let errors = run.errors();
        assert!(errors.len() == 1 && errors[0].contains(text), "{fault}: {errors:?}");
    }
    world.remote.fault("");
    assert_eq!(world.plan().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tainted_object_is_replaced() {
    let world = World::new(&thing("  ctl = \"create-half\"")).await;
    assert_eq!(world.apply().await.code, 1);
    world.write(&thing(""));
    world.apply_cleanly().await;
    assert_eq!(world.remote.len(), 1);
    assert_eq!(world.instance()["attributes"]["id"], "id-2");
}
