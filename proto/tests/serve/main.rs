//! The program around a provider, driven as users and Terraform drive it.
//!
//! The provider is the example `local_note`; every test runs on each Terraform that `world::terraforms` finds.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod by_hand;
mod debug;
mod life_cycle;
mod logs;
mod signals;
#[path = "../terraform/mod.rs"]
mod terraform;
mod transport;
mod world;
