#![doc = include_str!("../README.md")]
//!
//! ## Where to read on
//!
//! - [`macro@Object`] and [`macro@Choice`]: what a struct and an enum can declare. [`Value`]: what a field holds.
//! - [`Provider`], [`Resource`], [`DataSource`], [`Function`]: the handlers. [`Context`]: the client, and when to stop.
//! - [`Diagnostic`]: how users are told what is wrong, and where.
//! - [`serve()`]: the end of `main`. [`testing`]: a provider in a unit test.

// The derives name this crate `::tfplugin`, here too.
extern crate self as tfplugin;

#[doc(hidden)]
#[path = "derive_support.rs"]
pub mod __private;
pub mod context;
mod core;
pub mod data_source;
pub mod diagnostics;
mod erased;
pub mod function;
mod name;
pub mod path;
pub mod private;
#[doc(hidden)]
pub mod proto;
pub mod provider;
mod registry;
pub mod resource;
pub mod rpc;
pub mod schema;
pub mod serve;
pub mod suggest;
pub mod testing;
pub mod typed;
pub mod types;
pub mod value;
mod wire;

pub use context::Context;
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use function::Function;
pub use name::Name;
pub use path::{Path, Step};
pub use private::Private;
pub use provider::{Provider, Registry};
pub use resource::Resource;
pub use schema::{Attribute, Extensions, ObjectSchema};
pub use serve::{ServeOptions, serve};
pub use tfplugin_derive::*;
pub use typed::{AttributeValue, Object};
pub use types::Type;
pub use value::{Choice, Dynamic, Entries, Number, Scalar, Value};
