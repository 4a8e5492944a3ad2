//! A whole small provider: notes, kept as files in a folder.
//!
//! `note.rs` is a resource, `notes.rs` a data source, `slug.rs` a function, `store.rs` what stands for the remote
//! system. Build it, copy it as `terraform-provider-local` into a folder that `dev_overrides` of Terraform's CLI
//! configuration names for `tfplugin/local`, and plan.

mod note;
mod notes;
mod slug;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tfplugin::provider::ConfigureRequest;
use tfplugin::serve::{ServeOptions, serve};
use tfplugin::{Diagnostics, Object, Path, Provider, Registry, Value};

use store::Store;

/// Keeps notes as files.
#[derive(Debug, Object)]
struct Config {
    /// The folder that the notes are kept in. It is made when the first note is written.
    #[tf(optional)]
    directory: Value<String>,
    /// Milliseconds to wait before each change, as a slow system would.
    #[tf(optional)]
    delay_ms: Value<i64>,
}

struct Local;

impl Provider for Local {
    type Config = Config;
    type Client = Store;

    fn validate(&self, config: &Config) -> Diagnostics {
        match config.delay_ms.known() {
            Some(delay) if u32::try_from(*delay).is_err() => tfplugin::Diagnostic::error(
                "No such delay",
                format!("The delay is {delay} milliseconds. It must be between 0 and {}.", u32::MAX),
            )
            .at(Path::root().attribute("delay_ms"))
            .into(),
            _ => Diagnostics::new(),
        }
    }

    async fn configure(&self, request: ConfigureRequest<Config>) -> (Option<Store>, Diagnostics) {
        let Config { directory, delay_ms } = request.config;
        if directory.is_unknown() {
            // During a plan the folder may come from a resource that does not exist yet: then nothing is read either.
            return (None, Diagnostics::new());
        }
        let store = Store {
            directory: directory.into_known().map_or_else(|| PathBuf::from("."), PathBuf::from),
            delay: Duration::from_millis(delay_ms.into_known().and_then(|delay| delay.try_into().ok()).unwrap_or(0)),
        };
        (Some(store), Diagnostics::new())
    }

    fn register(&self, registry: &mut Registry<Store>) {
        registry.resource(note::NoteResource).importable();
        registry.data_source(notes::NotesSource);
        registry.function(slug::Slug);
    }
}

fn main() -> ExitCode {
    serve(Local, ServeOptions { address: "registry.terraform.io/tfplugin/local", version: env!("CARGO_PKG_VERSION") })
}
