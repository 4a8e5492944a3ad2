//! A Terraform provider for machine-learning environments on Google Cloud.

pub mod gcp;
pub mod types;
