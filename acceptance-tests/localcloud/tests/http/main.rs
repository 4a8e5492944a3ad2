//! localcloud over HTTP, as a provider meets it: one module per topic.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod accounts;
mod buckets;
mod control;
mod faults;
mod objects;
mod policies;
mod projects;
mod registries;
mod services;
mod tokens;
mod uploads;
#[path = "../wire/mod.rs"]
mod wire;
mod world;
mod xml;
