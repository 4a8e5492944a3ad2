//! The engine: what is true of the stacks of every cloud. The only place that knows order, concurrency, ownership and partial
//! failure; it knows no cloud and no kind by name.
//!
//! - What a cloud and its kinds declare: [`cloud`], [`terms`], [`kind`], [`objects`], [`grants`], [`marks`], [`wire`].
//! - What a stack is: [`model`] (its body), `address`, `place`, `scope`, `references`, `effective`, `labels`, `account_iam`.
//! - What happens to it: `resource` (Terraform's calls) hands over to `plan` (pure), `apply` (in the order of `graph`),
//!   `refresh`, `discover` (import) and `generate`, each within a `run`, whose `progress` people can see.

mod account_iam;
mod address;
mod apply;
pub mod body;
pub mod cloud;
pub mod common;
pub mod context;
mod discover;
mod effective;
pub mod error;
mod generate;
pub mod grants;
mod graph;
mod handover;
mod identity;
pub mod image;
mod import_id;
mod inventory;
pub mod kind;
pub(crate) mod labels;
mod look;
pub mod marks;
pub mod model;
pub mod objects;
mod operation;
pub mod place;
mod plan;
pub(crate) mod problem;
pub mod progress;
mod protection;
mod references;
mod refresh;
mod rename;
mod resource;
pub mod run;
pub mod scope;
mod secrets;
mod session;
mod spelling;
pub mod terms;
pub(crate) mod tree;
mod validate;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use address::Address;
pub use image::{Comparison, Difference, ImageError, StackImage, StackImages};
pub use model::Stack;
pub use resource::StackResource;
pub use session::{Lends, Session};
