//! Drives the real terraform or tofu program against the provider and localcloud.
//!
//! A test gets a [`Scene`] and makes a [`World`] of it: a directory, a cloud and a state of its own, so that all tests
//! run in parallel. It reads Terraform's JSON through [`Plan`], [`State`] and [`Diagnostics`], never its prose, and
//! ends with [`World::finish`]. List the tests of a file in [`on_every_terraform!`].
//!
//! Everything here panics with a sentence when the rig itself fails: a test has no other use for such an error.

mod agreement;
mod aws;
mod cannot_run;
mod cloud;
mod copies;
mod critical_path;
mod diagnostics;
mod digest;
mod every_terraform;
mod feature;
mod finish;
pub mod fuzz;
mod guide;
mod install;
mod json;
mod moto;
mod or_fail;
mod plan;
mod programs;
mod s3;
mod snapshot;
mod state;
mod terraform;
mod workdir;
mod world;

pub use agreement::disagreements;
pub use aws::AwsWorld;
pub use cannot_run::cannot_run;
pub use cloud::{Cloud, CloudOptions, Mark};
pub use copies::{OBJECTS_PER_COPY, copies};
pub use critical_path::critical_path;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use digest::digest;
pub use every_terraform::{Scene, Slot};
pub use feature::Feature;
pub use guide::{Action, Reader, Step, says, steps_of};
pub use install::install;
pub use json::{Difference, differences};
pub use localcloud::{CriticalPath, FaultSpec as Fault, Lag, RequestRecord as Request, Speed};
pub use moto::Moto;
pub use or_fail::OrFail;
pub use plan::{Change, Plan};
pub use programs::{localcloud, provider, workspace};
pub use s3::{AccessKey, S3};
pub use snapshot::{Object, Snapshot};
pub use state::{Resource, State};
pub use terraform::{Product, Terraform, Version};
pub use workdir::{Applied, Counts, Output, Planned, Running, Workdir};
pub use world::{ProviderBlock, Seed, World};
