//! The torture of the CT-scan environment: every call of every operation meets every fault, and what is left is looked at.
//!
//! A sample of the cells runs by default; `TORTURE=all` runs all of them, `TORTURE="create 403"` those whose names contain the words.
//! `TORTURE_SEED` draws the same sample again. `cells` and `faults` are the matrix, `check` is what must hold, `known.txt` what does not yet.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

mod cells;
mod check;
#[path = "../driver/mod.rs"]
mod driver;
mod faults;
mod fuzz;
mod known;
mod rival;
mod run;
mod table;
mod world;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;

use crate::cells::Cell;
use crate::known::Known;
use crate::run::Torture;
use crate::table::Table;

/// Cells that run at once: many of them wait.
const AT_ONCE: usize = 8;

/// The size of a sample, which takes about a minute. `TORTURE_SAMPLE` sets another.
const SAMPLE: usize = 60;

/// The sample of `make test`, until all cells have been seen to hold: then it will be drawn anew by the clock.
const SEED: u64 = 8;

/// How often a run says how far it is.
const PROGRESS: Duration = Duration::from_secs(60);

enum Choice {
    All,
    Words(Vec<String>),
    Sample { seed: u64, size: usize },
}

impl Choice {
    fn of_environment() -> Self {
        match std::env::var("TORTURE").ok().as_deref() {
            Some("all") => Self::All,
            Some(words) => Self::Words(words.split(' ').map(str::to_owned).collect()),
            None => {
                let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
                let size = number("TORTURE_SAMPLE").and_then(|size| usize::try_from(size).ok());
                Self::Sample { seed: number("TORTURE_SEED").unwrap_or(SEED), size: size.unwrap_or(SAMPLE) }
            }
        }
    }

    fn choose(&self, mut cells: Vec<Cell>) -> Vec<Cell> {
        match self {
            Self::All => cells,
            Self::Words(words) => {
                let has_all = |cell: &Cell| words.iter().all(|word| cell.to_string().contains(word.as_str()));
                cells.retain(has_all);
                cells
            }
            Self::Sample { seed, size } => {
                let (mut state, size) = (*seed, (*size).min(cells.len()));
                let draw = |_| {
                    let at = usize::try_from(next(&mut state) % cells.len() as u64).unwrap();
                    cells.swap_remove(at)
                };
                (0..size).map(draw).collect()
            }
        }
    }
}

/// The next number of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_fault_the_state_is_true_and_the_next_apply_completes() {
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
