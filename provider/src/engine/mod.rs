//! The stack engine: the only place that knows order, concurrency, retries, ownership and partial failure.
//!
//! `resource` holds Terraform's handlers. A plan is pure (`plan`): wanted and found in, steps out. `apply` does the
//! steps in the order of `graph`; `refresh` reads; `discover` imports. Kinds are data here: see `crate::google::kinds`.

mod address;
mod apis;
mod apply;
mod cloud;
pub mod common;
mod discover;
mod effective;
mod generate;
mod graph;
mod handover;
mod iam;
pub mod image;
mod import_id;
mod inventory;
pub mod kind;
mod labels;
mod locate;
pub mod marks;
mod model;
mod plan;
mod problem;
mod references;
mod refresh;
mod rename;
mod resource;
mod run;
mod scope;
mod session;
mod tree;
mod validate;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use address::Address;
pub use image::{Comparison, Difference, ImageError, StackImage, StackImages};
pub use model::{Settings, Stack};

pub use crate::google::kinds::alert_policy::severity::{Severity, SeverityError};
pub use resource::StackResource;
pub use run::{ApiPolicy, Run};
pub use scope::Scope;
pub use session::Session;
