//! Several writers of one phase. None overwrites another, and who loses is told what changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use terraform_provider_mlops::checkpoint::archive::{Archive, Changed, SaveError, Stored};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::phases::{by, document, phase, steps, with_step};
use crate::world::{World, minute};

/// Writers who begin at the same time.
const WRITERS: usize = 200;

#[track_caller]
fn changed<T: std::fmt::Debug>(result: Result<T, SaveError>) -> Changed {
    match result {
        Err(SaveError::Changed(changed)) => *changed,
        other => panic!("nobody was told of a change, but: {other:?}"),
    }
}

fn told(changed: &Changed) -> Vec<String> {
    changed.differences.iter().map(ToString::to_string).collect()
}

async fn first(archive: &Archive, id: &str) -> Stored {
    archive.save(&minute(), &document(id), None).await.unwrap()
}

pub(crate) async fn a_late_writer_is_told_what_changed_since(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let stale = first(&archive, "2").await;
    let winner = by(&document("2"), "ana@example.com");
    let theirs = world.other_archive().save(&ctx, &winner, Some(&stale)).await.unwrap();

    let lost = changed(archive.save(&ctx, &by(&document("2"), "ben"), Some(&stale)).await);
    assert_eq!(lost.theirs, *theirs.document());
    let told = told(&lost);
    assert!(told.contains(&"status: not_started -> in_progress".to_owned()), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("title: ")), "{told:#?}");
    let text = lost.to_string();
    for part in
        ["is at revision 2 now, and revision 1 was expected", "by ana@example.com at 2026-03-01", "Run plan again"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(world.now("2").await, theirs);
    assert_eq!(changed(archive.expect(&ctx, &phase("2"), 1).await).differences, lost.differences);
}

pub(crate) async fn a_second_creator_is_told_how_the_first_one_differs(world: World) {
    let ctx = minute();
    let theirs = world.other_archive().save(&ctx, &by(&document("2"), "ana"), None).await.unwrap();
    let lost = changed(world.archive().save(&ctx, &document("2"), None).await);
    assert_eq!((lost.expected, &lost.theirs), (None, theirs.document()));
    assert!(told(&lost).contains(&"status: not_started -> in_progress".to_owned()), "{:#?}", told(&lost));
    assert!(lost.to_string().contains(&format!("its import id is {}#2", world.url)), "{lost}");
    assert_eq!(world.now("2").await, theirs);
}

pub(crate) async fn a_late_remover_removes_nothing(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let stale = first(&archive, "2").await;
    let theirs = world.other_archive().save(&ctx, &by(&document("2"), "ana"), Some(&stale)).await.unwrap();
    let lost = changed(archive.remove(&ctx, &stale).await);
    assert_eq!(lost.theirs, *theirs.document());
    assert_eq!(world.check_revisions("2").await, 2);
}

pub(crate) async fn who_changes_what_was_removed_is_told_so(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let stale = first(&archive, "2").await;
    world.other_archive().remove(&ctx, &stale).await.unwrap();
    let lost = archive.save(&ctx, &by(&document("2"), "ben"), Some(&stale)).await.unwrap_err();
    assert!(matches!(lost, SaveError::Gone { revision: 1, .. }), "{lost}");
    assert!(lost.to_string().contains(&archive.uri(&phase("2"))), "{lost}");
    assert!(archive.load(&ctx, &phase("2")).await.unwrap().is_none());
}

pub(crate) async fn an_edit_by_hand_is_not_overwritten(world: World) {
    let (archive, ctx) = (world.archive(), minute());
    let stale = first(&archive, "2").await;
    let edited = world.text("phases/2.json").await.unwrap().replace("not_started", "blocked");
    world.force("phases/2.json", &edited).await;
    let lost = changed(archive.save(&ctx, &by(&document("2"), "ben"), Some(&stale)).await);
    assert_eq!(told(&lost), ["status: not_started -> blocked"]);
    assert!(lost.to_string().contains("was edited by hand"), "{lost}");
    assert_eq!(world.text("phases/2.json").await, Some(edited));
}

pub(crate) async fn of_200_writers_of_one_revision_one_wins(world: World) {
    let start = first(&world.archive(), "2").await;
    // Four processes of fifty.
    let archives: Vec<Archive> = (0..4).map(|_| world.other_archive()).collect();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (archive, start) = (archives[writer % archives.len()].clone(), start.clone());
        writers.spawn(async move {
            let mine = by(start.document(), &format!("writer {writer}"));
            archive.save(&minute(), &mine, Some(&start)).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = writers.join_all().await.into_iter().partition(Result::is_ok);
    let won: Vec<Stored> = won.into_iter().map(Result::unwrap).collect();
    assert_eq!((won.len(), lost.len()), (1, WRITERS - 1));
    assert_eq!(world.now("2").await, won[0]);
    assert_eq!(world.check_revisions("2").await, 2);
    let title = format!("title: \"{}\" -> \"{}\"", start.document().title, won[0].document().title);
    for lost in lost {
        let lost = changed(lost);
        assert_eq!(lost.theirs, *won[0].document());
        let text = lost.to_string();
        assert!(text.contains(&title) || text.contains(&title.replace('"', "")), "{text}");
    }
}

pub(crate) async fn in_the_end_200_writers_are_all_in(world: World) {
    let archives: Vec<Archive> = (0..4).map(|_| world.other_archive()).collect();
    let turns = Arc::new(Semaphore::new(world.rivals_at_once()));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (archive, turns) = (archives[writer % archives.len()].clone(), turns.clone());
        writers.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            loop {
                let found = archive.load(&minute(), &phase("2")).await.unwrap();
                let before = found.as_ref().map_or_else(|| document("2"), |found| found.document().clone());
                let mine = with_step(&before, &format!("writer {writer}"));
                match archive.save(&minute(), &mine, found.as_ref()).await {
                    Ok(stored) => return stored.revision(),
                    Err(SaveError::Changed(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let mut revisions = writers.join_all().await;
    revisions.sort_unstable();
    let all: Vec<u64> = (1..=WRITERS as u64).collect();
    assert_eq!(revisions, all);
    let mut names = steps(world.now("2").await.document());
    names.sort();
    names.dedup();
    assert_eq!(names.len(), WRITERS, "a writer's step is lost");
    assert_eq!(world.archive().revisions(&minute(), &phase("2")).await.unwrap(), all);
    for revision in [1, 77, 199] {
        let document = world.archive().at_revision(&minute(), &phase("2"), revision).await.unwrap().unwrap();
        assert_eq!(document.steps.len() as u64, revision);
    }
}

pub(crate) async fn readers_never_see_half_a_document(world: World) {
    let (archive, reader) = (world.archive(), world.other_archive());
    let mut large = document("2");
    large.notes = Some("note ".repeat(40_000));
    let mut stored = archive.save(&minute(), &large, None).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let over = done.clone();
    let reading = tokio::spawn(async move {
        let mut last = 0;
        while !over.load(Ordering::Relaxed) {
            let seen = reader.load(&minute(), &phase("2")).await.unwrap().unwrap().revision();
            assert!(seen >= last, "revision {seen} was seen after {last}");
            last = seen;
        }
    });
    for number in 0..15 {
        let next = with_step(stored.document(), &number.to_string());
        stored = archive.save(&minute(), &next, Some(&stored)).await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    reading.await.unwrap();
}
