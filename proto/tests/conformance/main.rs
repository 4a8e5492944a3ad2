//! What the protocol asks of a provider, seen from Terraform.
//!
//! The real program talks to a provider in this process. One module for each topic; every test owns a world.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod blocks;
mod faults;
mod functions;
mod identity;
mod import;
mod in_process;
mod life_cycle;
mod plans;
mod probe;
mod state;
#[path = "../terraform/mod.rs"]
mod terraform;
mod validation;
mod world;
