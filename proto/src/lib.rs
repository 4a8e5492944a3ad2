//! An SDK for Terraform providers in Rust.
//!
//! A provider is a set of plain structs and handlers: `#[derive(Object)]` turns a struct into a Terraform schema, its
//! wire conversion, its semantic equality and its reference page; [`Resource`] and its siblings are the handlers;
//! [`serve()`] speaks plugin protocol 6.11 with Terraform and OpenTofu.
//!
//! A whole provider:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use tfplugin::provider::ConfigureRequest;
//! use tfplugin::resource::*;
//! use tfplugin::{Context, Diagnostic, Diagnostics, Object, Path, Provider, Registry, Resource, ServeOptions, Value};
//!
//! /// A file with a text in it.
//! #[derive(Debug, Object)]
//! struct Note {
//!     /// Where the file is.
//!     #[tf(required, requires_replace)]
//!     path: Value<String>,
//!     /// What is in it.
//!     #[tf(default = "")]
//!     text: Value<String>,
//!     /// How long it is, in bytes.
//!     #[tf(computed)]
//!     length: Value<i64>,
//! }
//!
//! /// Writes a note; what went wrong is about its path.
//! fn write(mut note: Note) -> (Option<Note>, Diagnostics) {
//!     let (path, text) = (note.path.known().cloned().unwrap_or_default(), note.text.known().cloned().unwrap_or_default());
//!     match std::fs::write(path, &text) {
//!         Ok(()) => {
//!             note.length = i64::try_from(text.len()).unwrap_or(i64::MAX).into();
//!             (Some(note), Diagnostics::new())
//!         }
//!         Err(error) => {
//!             let problem = Diagnostic::error("The note cannot be written", error.to_string());
//!             (None, problem.at(Path::root().attribute("path")).into())
//!         }
//!     }
//! }
//!
//! struct Notes;
//!
//! impl Resource<()> for Notes {
//!     type State = Note;
//!
//!     fn type_name(&self) -> &'static str {
//!         "notes_note"
//!     }
//!
//!     async fn read(&self, request: ReadRequest<Note>, _: Context<()>) -> ReadResponse<Note> {
//!         let ReadRequest { mut state, private } = request;
//!         let text = state.path.known().and_then(|path| std::fs::read_to_string(path).ok());
//!         let state = text.map(|text| {
//!             state.length = i64::try_from(text.len()).unwrap_or(i64::MAX).into();
//!             state.text = text.into();
//!             state
//!         });
//!         ReadResponse { state, private, diagnostics: Diagnostics::new() }
//!     }
//!
//!     async fn create(&self, request: CreateRequest<Note>, _: Context<()>) -> ApplyResponse<Note> {
//!         let (state, diagnostics) = write(request.planned);
//!         ApplyResponse { state, private: request.private, diagnostics }
//!     }
//!
//!     async fn update(&self, request: UpdateRequest<Note>, _: Context<()>) -> ApplyResponse<Note> {
//!         let (state, diagnostics) = write(request.planned);
//!         ApplyResponse { state, private: request.private, diagnostics }
//!     }
//!
//!     async fn delete(&self, request: DeleteRequest<Note>, _: Context<()>) -> DeleteResponse<Note> {
//!         let mut diagnostics = Diagnostics::new();
//!         match std::fs::remove_file(request.state.path.known().map_or("", String::as_str)) {
//!             Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
//!                 diagnostics.push(Diagnostic::error("The note cannot be removed", error.to_string()));
//!             }
//!             _ => {}
//!         }
//!         DeleteResponse { remaining: None, private: request.private, diagnostics }
//!     }
//! }
//!
//! /// Nothing to set.
//! #[derive(Debug, Object)]
//! struct Config {}
//!
//! struct NotesProvider;
//!
//! impl Provider for NotesProvider {
//!     type Config = Config;
//!     type Client = ();
//!
//!     async fn configure(&self, _: ConfigureRequest<Config>) -> (Option<()>, Diagnostics) {
//!         (Some(()), Diagnostics::new())
//!     }
//!
//!     fn register(&self, registry: &mut Registry<()>) {
//!         registry.resource(Notes);
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     tfplugin::serve(NotesProvider, ServeOptions { address: "registry.terraform.io/example/notes", version: "1.0.0" })
//! }
//! ```
//!
//! What a handler does not have to think of, because the SDK does it: required values that are `null`, values for
//! computed attributes, spellings that a scalar type refuses, defaults, prior spellings of equal values, write-only
//! values in states, private data and identities that must be echoed, plans and results that Terraform would call
//! inconsistent, panics. Where a handler breaks a rule all the same, the user reads which attribute it is about and
//! that the provider is at fault.
//!
//! Types of protobuf crates do not appear in the public interface; `serde_json::Value`, `tokio_util`'s
//! `CancellationToken` and `tonic`'s traits on [`rpc::Service`] do. [`testing`] runs a provider in a unit test.

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
pub mod testing;
pub mod types;
pub mod value;
mod wire;

pub use context::Context;
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use function::Function;
pub use path::{Path, Step};
pub use private::Private;
pub use provider::{Provider, Registry};
pub use resource::Resource;
pub use schema::{Attribute, Extensions, Object, ObjectSchema};
pub use serve::{ServeOptions, serve};
pub use tfplugin_derive::*;
pub use types::Type;
pub use value::{AttributeValue, Choice, Dynamic, Number, Scalar, Value};
