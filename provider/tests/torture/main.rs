//! The torture of the CT-scan environment: every call of every operation meets every fault, and what is left is looked at.
//!
//! A sample of the cells runs by default; `TORTURE=all` runs all of them, `TORTURE="create 403"` those whose names contain the words.
//! `TORTURE_SEED` draws the same sample again. `cells` and `faults` are the matrix, `check` is what must hold, `known.txt` what does not
//! yet. What is Google's here is `cloud`, `shape` and `rival`; `tests/aws_torture` has the rest in common.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

mod cells;
mod check;
mod choice;
mod cloud;
#[path = "../driver/mod.rs"]
mod driver;
mod faults;
mod fuzz;
mod known;
mod rival;
mod run;
mod shape;
mod table;
mod whole;
mod world;
