//! Phases are created, changed, read and removed.

use mlops_phases::Status;
use terraform_provider_mlops::checkpoint::store::Precondition;

use crate::phases::{by, document, phase, with_step};
use crate::world::{World, minute};

pub(crate) async fn what_is_not_there_is_not_found(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    assert!(archive.load(&ctx, &phase("2")).await.unwrap().is_none());
    assert!(archive.rollout(&ctx).await.unwrap().phases().is_empty());
    assert!(archive.revisions(&ctx, &phase("2")).await.unwrap().is_empty());
    assert!(archive.at_revision(&ctx, &phase("2"), 1).await.unwrap().is_none());
}

pub(crate) async fn a_phase_is_read_as_it_was_saved(world: World) {
    let mut wanted = by(&with_step(&document("3.5"), "Schritt für Schritt — \"done\""), "ana@example.com");
    wanted.notes = Some("# Notes\n\n<!-- kept -->\n".repeat(2000));
    wanted.metrics.insert("cost".to_owned(), "12 €".to_owned());
    let saved = world.archive().save(&minute(), &wanted, None).await.unwrap();
    wanted.revision = 1;
    let read = world.other_archive().load(&minute(), &phase("3.5")).await.unwrap().unwrap();
    assert_eq!((read.document(), &read), (&wanted, &saved));
}

pub(crate) async fn a_change_keeps_what_was_before(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let first = archive.save(&ctx, &document("2"), None).await.unwrap();
    let before = world.text("phases/2.json").await;
    let mut changed = document("2");
    changed.status = Status::Ready;
    let second = archive.save(&ctx, &changed, Some(&first)).await.unwrap();
    let third = archive.save(&ctx, &with_step(&changed, "one more"), Some(&second)).await.unwrap();
    assert_eq!(third.revision(), 3);
    assert_eq!(world.check_revisions("2").await, 3);
    assert_eq!(world.text("phases/2/revisions/000001.json").await, before);
    assert_eq!(archive.at_revision(&ctx, &phase("2"), 2).await.unwrap().as_ref(), Some(second.document()));
    assert!(archive.at_revision(&ctx, &phase("2"), 4).await.unwrap().is_none());
}

pub(crate) async fn phases_come_in_their_order(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    for id in ["10", "2", "3.5", "5-6", "1"] {
        let stored = archive.save(&ctx, &document(id), None).await.unwrap();
        archive.save(&ctx, &by(&document(id), "ana"), Some(&stored)).await.unwrap();
    }
    let rollout = archive.rollout(&ctx).await.unwrap();
    let order: Vec<String> = rollout.phases().iter().map(|phase| phase.phase.to_string()).collect();
    assert_eq!(order, ["1", "2", "3.5", "5-6", "10"]);
    assert!(rollout.phases().iter().all(|phase| phase.revision == 2));
}

pub(crate) async fn a_removed_phase_leaves_nothing(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let first = archive.save(&ctx, &document("2"), None).await.unwrap();
    let second = archive.save(&ctx, &by(&document("2"), "ana"), Some(&first)).await.unwrap();
    archive.remove(&ctx, &second).await.unwrap();
    for folder in ["phases", "phases/2", "phases/2/revisions"] {
        assert_eq!(world.store().list(&ctx, folder).await.unwrap(), []);
    }
    // It is gone already, which is all that was wanted.
    archive.remove(&ctx, &second).await.unwrap();
}

pub(crate) async fn a_phase_that_comes_back_begins_at_its_first_revision(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let first = archive.save(&ctx, &document("2"), None).await.unwrap();
    let second = archive.save(&ctx, &by(&document("2"), "ana"), Some(&first)).await.unwrap();
    archive.remove(&ctx, &second).await.unwrap();
    let again = archive.save(&ctx, &by(&document("2"), "ben"), None).await.unwrap();
    assert_eq!((again.revision(), world.check_revisions("2").await), (1, 1));
}

pub(crate) async fn what_an_earlier_phase_of_the_name_left_is_set_aside(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    world.force("phases/2/revisions/000001.json", "left behind").await;
    world.force("phases/2/revisions/000007.json", "left behind").await;
    let first = archive.save(&ctx, &document("2"), None).await.unwrap();
    archive.save(&ctx, &by(&document("2"), "ana"), Some(&first)).await.unwrap();
    assert_eq!(world.check_revisions("2").await, 2);
    let mut left = 0;
    for entry in world.store().list(&ctx, "phases/2/revisions").await.unwrap() {
        left += usize::from(world.text(&entry.key).await.as_deref() == Some("left behind"));
    }
    assert_eq!(left, 2, "what lay there is lost");
}

pub(crate) async fn stores_side_by_side_do_not_see_each_other(world: World) {
    let ctx = minute();
    world.archive().save(&ctx, &document("1"), None).await.unwrap();
    world.beside("rollout-2").save(&ctx, &document("2"), None).await.unwrap();
    for (archive, own) in [(world.archive(), "1"), (world.beside("rollout-2"), "2")] {
        let rollout = archive.rollout(&ctx).await.unwrap();
        assert_eq!(rollout.phases().iter().map(|phase| phase.phase.to_string()).collect::<Vec<_>>(), [own]);
    }
}

pub(crate) async fn names_may_have_any_letters(world: World) {
    let (store, ctx) = (world.store(), minute());
    for key in ["a b/c+d.json", "100%25.json", "a&b=c.json", "größe/ü.json", "it's (1).json"] {
        let version = store.write(&ctx, key, key.to_owned(), "text/plain", &Precondition::Absent).await.unwrap();
        let found = store.read(&ctx, key).await.unwrap().unwrap();
        assert_eq!((found.bytes.as_ref(), &found.version), (key.as_bytes(), &version), "{key}");
        if let Some((folder, _)) = key.split_once('/') {
            let listed = store.list(&ctx, folder).await.unwrap();
            assert_eq!(listed.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), [key]);
        }
        store.delete(&ctx, key, &version).await.unwrap();
        assert!(store.read(&ctx, key).await.unwrap().is_none(), "{key}");
    }
}
