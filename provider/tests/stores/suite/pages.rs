//! The pages beside the documents say what the documents say.

use mlops_phases::Rollout;
use tokio::task::JoinSet;

use crate::phases::{by, document, with_step};
use crate::world::{World, minute};

const PAGE: &str = "PHASE_CHECKPOINT.md";
const OTHER: &str = "SESSION_RESUME.md";

fn render(rollout: &Rollout) -> Vec<(&'static str, String)> {
    let lines = rollout.phases().iter().map(|phase| format!("{} at {}\n", phase.phase, phase.revision));
    vec![(PAGE, lines.collect()), (OTHER, format!("{} phases\n", rollout.phases().len()))]
}

pub(crate) async fn pages_tell_of_all_phases(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    archive.save(&ctx, &document("2"), None).await.unwrap();
    archive.publish(&ctx, render).await.unwrap();
    let first = archive.save(&ctx, &document("1"), None).await.unwrap();
    archive.save(&ctx, &by(&document("1"), "ana"), Some(&first)).await.unwrap();
    archive.publish(&ctx, render).await.unwrap();
    assert_eq!(world.text(PAGE).await.as_deref(), Some("1 at 2\n2 at 1\n"));
    assert_eq!(world.text(OTHER).await.as_deref(), Some("2 phases\n"));
}

pub(crate) async fn a_page_that_says_the_same_is_not_written(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    archive.save(&ctx, &document("2"), None).await.unwrap();
    archive.publish(&ctx, render).await.unwrap();
    let before = (world.store().read(&ctx, PAGE).await.unwrap(), modified(&world));
    archive.publish(&ctx, render).await.unwrap();
    assert_eq!((world.store().read(&ctx, PAGE).await.unwrap(), modified(&world)), before);
}

/// A folder's versions say the content only.
fn modified(world: &World) -> Option<std::time::SystemTime> {
    world.path().map(|path| std::fs::metadata(path.join(PAGE)).unwrap().modified().unwrap())
}

pub(crate) async fn pages_go_with_the_last_phase(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let stored = archive.save(&ctx, &document("2"), None).await.unwrap();
    archive.publish(&ctx, render).await.unwrap();
    archive.remove(&ctx, &stored).await.unwrap();
    archive.publish(&ctx, render).await.unwrap();
    assert_eq!((world.text(PAGE).await, world.text(OTHER).await), (None, None));
}

pub(crate) async fn many_writers_of_pages_leave_the_newest(world: World) {
    let mut writers = JoinSet::new();
    for id in 1..=8 {
        let archive = world.other_archive();
        writers.spawn(async move {
            let (id, ctx) = (id.to_string(), minute());
            let mut stored = archive.save(&ctx, &document(&id), None).await.unwrap();
            for step in ["one", "two"] {
                archive.publish(&ctx, render).await.unwrap();
                stored = archive.save(&ctx, &with_step(stored.document(), step), Some(&stored)).await.unwrap();
            }
            archive.publish(&ctx, render).await.unwrap();
        });
    }
    writers.join_all().await;
    let wanted: String = (1..=8).map(|id| format!("{id} at 3\n")).collect();
    assert_eq!(world.text(PAGE).await, Some(wanted));
}
