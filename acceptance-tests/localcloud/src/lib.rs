//! The Google Cloud REST APIs that a deployment of services needs, on this machine.
//!
//! ```no_run
//! # async fn example() -> Result<(), localcloud::StartError> {
//! use localcloud::{Seed, Server};
//! let cloud = Server::builder().seed(Seed::empty_project("my-project", "123456789012", &["run.googleapis.com"])).spawn().await?;
//! let services = format!("{}/run.googleapis.com/v2/projects/my-project/locations/europe-west1/services", cloud.url());
//! # let _ = services; Ok(()) }
//! ```
//!
//! Map: [`server`] takes requests in, [`route`] finds the handler among the APIs (`api/`, a file per host), which answers a [`call`];
//! [`collection`] is what all standard resources share; [`store`] is everything that is remembered; [`control`] is what only tests do.
//! A module is above what it imports: nothing imports in a circle.

pub mod api;
pub mod aws;
pub mod call;
pub mod check;
pub mod clock;
pub mod collection;
mod connections;
pub mod control;
pub mod critical_path;
pub mod discovery;
pub mod error;
pub mod etag;
pub mod fault;
pub mod json;
pub mod lag;
pub mod operation;
pub mod pages;
pub mod policy;
pub mod request_log;
pub mod route;
pub mod seed;
pub mod server;
pub mod store;

pub use api::host_names;
pub use control::Edit;
pub use critical_path::{CriticalPath, Speed, critical_path};
pub use fault::{Answer, Drop, FaultSpec, MatchSpec, UNTIL_CLEARED, Unspent};
pub use lag::Lag;
pub use request_log::RequestRecord;
pub use seed::{OtherProject, Seed, SeedError, SeedObject, SeedPolicy};
pub use server::{Builder, Handle, Server, StartError, write_whole};
pub use store::{Project, Settings, State};
