//! The table of attributes of `mlops_aws_stack`, on moto.
//!
//! All but `cloud`, `snapshot` and `rival` is in `tests/attributes`, which says how it works.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

#[path = "../attributes/cells.rs"]
mod cells;
mod cloud;
#[path = "../attributes/drive.rs"]
mod drive;
#[path = "../driver/said.rs"]
mod driver;
#[path = "../attributes/known.rs"]
mod known;
mod lines;
mod rival;
#[path = "../attributes/samples.rs"]
mod samples;
#[path = "../attributes/schema.rs"]
mod schema;
mod snapshot;
#[path = "../attributes/table.rs"]
mod table;
