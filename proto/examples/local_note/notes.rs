//! `local_notes`: which notes there are.

use tfplugin::data_source::{ReadDataRequest, ReadDataResponse};
use tfplugin::{Context, DataSource, Diagnostics, Object, Value};

use crate::store::Store;

/// The files in the folder.
#[derive(Clone, Debug, Object)]
pub(crate) struct Notes {
    /// Only files whose name begins so.
    #[tf(optional)]
    prefix: Value<String>,
    /// The names of the files, sorted.
    #[tf(computed)]
    names: Value<Vec<String>>,
}

/// The handler.
pub(crate) struct NotesSource;

impl DataSource<Store> for NotesSource {
    type State = Notes;

    fn type_name(&self) -> &'static str {
        "local_notes"
    }

    async fn read(&self, request: ReadDataRequest<Notes>, context: Context<Store>) -> ReadDataResponse<Notes> {
        let Notes { prefix, .. } = request.config;
        let names = context.client().and_then(|store| store.list(prefix.known().map_or("", String::as_str)));
        match names {
            Ok(names) => {
                ReadDataResponse { state: Some(Notes { prefix, names: names.into() }), diagnostics: Diagnostics::new() }
            }
            Err(error) => ReadDataResponse { state: None, diagnostics: error.into() },
        }
    }
}
