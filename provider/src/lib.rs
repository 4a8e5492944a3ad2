//! The mlops provider: machine-learning environments as one Terraform resource.
//!
//! `engine` plans, applies, reads and imports stacks; `google` declares the kinds of Google Cloud and speaks with its APIs,
//! `aws` those of Amazon Web Services; `checkpoint` keeps the phases of a rollout.

mod address;
pub mod aws;
pub mod checkpoint;
pub mod config;
pub mod configuration;
pub mod engine;
pub mod functions;
pub mod google;
pub mod http;
pub mod provider;
pub mod reference;
mod regular_file;
mod supported;
pub mod types;
