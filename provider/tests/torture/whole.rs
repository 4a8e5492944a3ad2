//! Runs the chosen cells, and says which break a promise that is not listed as broken.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;

use crate::choice::Choice;
use crate::cloud::AT_ONCE;
use crate::known::Known;
use crate::run::Torture;
use crate::table::Table;

/// How often a run says how far it is.
const PROGRESS: Duration = Duration::from_secs(60);

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn after_any_fault_the_state_is_true_and_the_next_apply_completes() {
    // Threads with as much room as those of the provider's program.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).thread_stack_size(8 << 20).enable_all().build().unwrap();
    let torture = runtime.spawn(torture());
    runtime.block_on(torture).unwrap();
}

async fn torture() {
    let choice = Choice::of_environment();
    if let Choice::Sample { seed, size } = choice {
        say(&format!("a sample of {size} cells: TORTURE_SEED={seed} draws it again"));
    }
    let torture = Arc::new(Torture::prepare().await);
    let chosen = choice.choose(torture.cells.clone());
    say(&format!("{} cells of {}", chosen.len(), torture.cells.len()));
    let (listed, known) = (chosen.len(), Known::load());
    let runs = chosen.into_iter().map(|cell| {
        let torture = torture.clone();
        let run = tokio::spawn(async move {
            let outcome = torture.run(&cell).await;
            (cell, outcome)
        });
        async { run.await.unwrap() }
    });
    let (mut table, mut failed, mut objections) = (Table::default(), Vec::new(), Vec::new());
    let (started, mut said) = (Instant::now(), Instant::now());
    let mut runs = futures::stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((cell, outcome)) = runs.next().await {
        table.count(&cell, outcome.is_err());
        if let Err(broken) = outcome {
            let detail: String = broken.detail.chars().take(1200).collect();
            let line = format!("{cell} breaks {}: {detail}", broken.promise.name());
            if !known.lists(&cell, &broken) {
                say(&line);
                objections.push(line);
            }
            failed.push((cell, broken));
        }
        if said.elapsed() > PROGRESS {
            say(&format!("{} of {listed} cells after {} s", table.run(), started.elapsed().as_secs()));
            said = Instant::now();
        }
    }
    say(&format!("{table} in {} s", started.elapsed().as_secs()));
    assert_eq!(table.run(), listed, "cells run are not cells listed");
    if matches!(choice, Choice::All) {
        objections.extend(known.idle(&failed).into_iter().map(|line| format!("known.txt: nothing confirms {line}")));
    }
    assert!(objections.is_empty(), "{} cells break a promise:\n{}", objections.len(), objections.join("\n"));
}
