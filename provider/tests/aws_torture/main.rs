//! The torture of `mlops_aws_stack`: every call of every operation meets every fault, and what is left is looked at.
//!
//! All but `cloud`, `shape` and `rival` is in `tests/torture`, which says how it works. The cloud is moto behind a front that spoils
//! calls (`localcloud::aws`); a cell begins in a branch of a moto that has what the cell needs.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

#[path = "../torture/cells.rs"]
mod cells;
#[path = "../torture/check.rs"]
mod check;
#[path = "../torture/choice.rs"]
mod choice;
mod cloud;
#[path = "../driver/said.rs"]
mod driver;
#[path = "../torture/faults.rs"]
mod faults;
#[path = "../torture/known.rs"]
mod known;
#[path = "../aws_attributes/lines.rs"]
mod lines;
mod rival;
#[path = "../torture/run.rs"]
mod run;
mod shape;
#[path = "../torture/table.rs"]
mod table;
#[path = "../torture/whole.rs"]
mod whole;
#[path = "../torture/world.rs"]
mod world;
