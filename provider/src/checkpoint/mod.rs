//! Phases of a rollout: `mlops_phase_checkpoint`, kept in an object store and completed only when their criteria hold.
//!
//! [`model`] declares the resource, [`resource`] answers Terraform, `plan` and `apply` do the work between them,
//! [`archive`] keeps documents in a [`store`], [`criteria`] checks what must hold, [`report`] is the data source.

mod apply;
pub mod archive;
mod author;
pub mod convert;
pub mod criteria;
mod handwritten;
pub mod model;
mod plan;
mod planned;
mod planned_stacks;
mod problem;
pub mod report;
pub mod resource;
mod session;
mod source;
pub mod store;
mod validate;

use mlops_phases::{Rollout, report as pages_of};

pub use self::report::PhaseReportSource;
pub use self::resource::CheckpointResource;
pub use self::session::Session;

/// The pages for people beside the documents.
fn pages(rollout: &Rollout) -> Vec<(&'static str, String)> {
    vec![
        ("PHASE_CHECKPOINT.md", pages_of::checkpoint_page(rollout)),
        ("SESSION_RESUME.md", pages_of::resume_page(rollout)),
    ]
}
