//! The mlops provider: machine-learning environments as one Terraform resource.
//!
//! `gcp` speaks with Google and knows nothing of Terraform; `component` declares the kinds; `stack` is the engine;
//! `checkpoint` keeps the phases of a rollout.

pub mod checkpoint;
pub mod component;
pub mod config;
pub mod functions;
pub mod gcp;
pub mod provider;
pub mod reference;
pub mod stack;
mod supported;
pub mod types;
