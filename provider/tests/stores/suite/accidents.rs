//! Connections break and processes die, at every point. No revision is lost, and none is half.

use std::path::Path;

use terraform_provider_mlops::checkpoint::archive::{LoadError, SaveError};
use terraform_provider_mlops::checkpoint::store::{StoreError, chain};
use terraform_provider_mlops::google::api::RetryPolicy;

use crate::child::{CLOUD, Process};
use crate::phases::{by, document, phase, steps, with_step};
use crate::proxy::{Fate, Gate, Proxy};
use crate::world::{World, minute};

pub(crate) async fn a_lost_answer_is_no_conflict(world: World) {
    let server = world.server();
    // To create takes one call, to change takes two.
    for (id, lost) in [("1", 1), ("2", 1), ("3", 2)] {
        let mut expected = None;
        if id != "1" {
            expected = Some(world.archive().save(&minute(), &document(id), None).await.unwrap());
        }
        let fate = move |number| if number == lost { Fate::LostAfter } else { Fate::Answered };
        let proxy = Proxy::start(server, fate).await;
        let archive = world.archive_through(proxy.address, RetryPolicy::TRANSIENT);
        let mine = by(&document(id), "ana");
        let stored = archive.save(&minute(), &mine, expected.as_ref()).await.unwrap();
        assert_eq!(world.now(id).await, stored);
        // What was given back is good for the next change.
        let next = world.archive().save(&minute(), &with_step(&mine, "next"), Some(&stored)).await.unwrap();
        assert_eq!(world.check_revisions(id).await, next.revision());
    }
}

pub(crate) async fn a_lost_answer_and_then_a_lost_race_is_told_as_a_race(world: World) {
    let server = world.server();
    let first = world.archive().save(&minute(), &document("2"), None).await.unwrap();
    let gate = Gate::default();
    let held = gate.clone();
    // The second call is the change. Before it is repeated, somebody goes on from what it did.
    let fate = move |number| match number {
        1 => Fate::Answered,
        2 => Fate::LostAfter,
        3 => Fate::Held(held.clone()),
        _ => Fate::Answered,
    };
    let proxy = Proxy::start(server, fate).await;
    let archive = world.archive_through(proxy.address, RetryPolicy::TRANSIENT);
    let mine = by(&document("2"), "ana");
    let saving = tokio::spawn(async move { archive.save(&minute(), &mine, Some(&first)).await });
    gate.reached().await;
    let second = world.now("2").await;
    let theirs = world.archive().save(&minute(), &by(second.document(), "ben"), Some(&second)).await.unwrap();
    gate.open();
    let Err(SaveError::Changed(changed)) = saving.await.unwrap() else { panic!("nobody was told of a change") };
    assert_eq!((changed.expected, &changed.theirs), (Some(1), theirs.document()));
    assert_eq!(world.check_revisions("2").await, 3);
}

pub(crate) async fn a_connection_that_breaks_at_any_call_loses_nothing(world: World) {
    let server = world.server();
    let mut case = 0;
    for (breaking, took_effect_there) in [(Fate::LostBefore, false), (Fate::LostAfter, true)] {
        for at in 1..=3 {
            let breaking = breaking.clone();
            case += 1;
            let id = case.to_string();
            let first = world.archive().save(&minute(), &document(&id), None).await.unwrap();
            let second = world.archive().save(&minute(), &by(&document(&id), "ana"), Some(&first)).await.unwrap();

            let fate = move |number: usize| match number.cmp(&at) {
                std::cmp::Ordering::Less => Fate::Answered,
                std::cmp::Ordering::Equal => breaking.clone(),
                std::cmp::Ordering::Greater => Fate::LostBefore,
            };
            let proxy = Proxy::start(server, fate).await;
            let broken = world.archive_through(proxy.address, RetryPolicy::NEVER);
            let third = with_step(second.document(), "third");
            let saved = broken.save(&minute(), &third, Some(&second)).await;
            assert_eq!(saved.is_ok(), at == 3, "a change takes two calls: {saved:?}");
            if let Err(error) = saved {
                let unreachable = matches!(&error, SaveError::Load(LoadError::Store(StoreError::Unreachable { .. })));
                assert!(
                    unreachable && error.to_string().contains("whether it took effect is not known"),
                    "{}",
                    chain(&error)
                );
            }

            let took_effect = at == 3 || (at == 2 && took_effect_there);
            assert_eq!(world.check_revisions(&id).await, if took_effect { 3 } else { 2 });
            let now = world.now(&id).await;
            let again = world.archive().save(&minute(), &with_step(now.document(), "again"), Some(&now)).await.unwrap();
            assert_eq!(world.check_revisions(&id).await, again.revision());
        }
    }
}

pub(crate) async fn a_removal_that_breaks_at_any_call_can_be_repeated(world: World) {
    let server = world.server();
    let ctx = minute();
    for breaking in [Fate::LostBefore, Fate::LostAfter] {
        for at in 1..=4 {
            let breaking = breaking.clone();
            let first = world.archive().save(&ctx, &document("2"), None).await.unwrap();
            let second = world.archive().save(&ctx, &by(&document("2"), "ana"), Some(&first)).await.unwrap();
            let third = world.archive().save(&ctx, &by(&document("2"), "ben"), Some(&second)).await.unwrap();
            let proxy =
                Proxy::start(server, move |number| if number < at { Fate::Answered } else { breaking.clone() }).await;
            let broken = world.archive_through(proxy.address, RetryPolicy::NEVER);
            broken.remove(&ctx, &third).await.unwrap_err();
            // It is there as it was, or it is gone.
            if let Some(found) = world.archive().load(&ctx, &phase("2")).await.unwrap() {
                assert_eq!((&found, world.check_revisions("2").await), (&third, 3));
            }
            world.archive().remove(&ctx, &third).await.unwrap();
            assert_eq!(world.store().list(&ctx, "phases/2/revisions").await.unwrap(), []);
        }
    }
}

pub(crate) async fn a_killed_writer_loses_nothing(world: World) {
    let cloud = world.address().map(|server| server.to_string()).unwrap_or_default();
    let mut done = 0;
    for lines in [1, 3, 2, 5] {
        let variables = [(CLOUD, cloud.as_str()), ("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "SK")];
        let mut writer = Process::writer(&world.url.to_string(), &variables);
        for _ in 0..lines {
            done = tokio::task::block_in_place(|| writer.line()).unwrap().parse().unwrap();
        }
        writer.kill();
        let revision = world.check_revisions("1").await;
        assert!(revision >= done, "revision {done} was saved, and the last one is {revision}");
        let wanted: Vec<String> = (1..=revision).map(|number| number.to_string()).collect();
        assert_eq!(steps(world.now("1").await.document()), wanted);
    }
    if let Some(path) = world.path() {
        let folder = path.join("phases");
        std::fs::write(folder.join(".unfinished-x"), "{\"format\": 1, \"ph").unwrap();
        let now = world.now("1").await;
        world.archive().save(&minute(), &with_step(now.document(), "last"), Some(&now)).await.unwrap();
        assert_eq!(unfinished(&folder), 0);
        assert_eq!(world.archive().rollout(&minute()).await.unwrap().phases().len(), 1);
    }
}

fn unfinished(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.starts_with(".unfinished")).count()
}
