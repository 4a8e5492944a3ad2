//! The table of attributes: each one of the stack's schema is set, changed, removed, drifted and imported.
//!
//! The provider runs in this process, through its handlers, against localcloud over HTTP. `schema` finds the attributes, `samples`
//! gives them values, `drive` is Terraform, `cells` are the columns. `known.txt` lists the cells that do not hold yet. What is
//! Google's here is `cloud`, `snapshot` and `rival`; `tests/aws_attributes` has the rest in common.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

mod cells;
mod cloud;
mod drive;
#[path = "../driver/mod.rs"]
mod driver;
mod known;
mod rival;
mod samples;
mod schema;
mod snapshot;
mod table;
