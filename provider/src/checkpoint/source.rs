//! What a store address means: a store of checkpoints, or one document that a person wrote.

use tfplugin::{Diagnostic, Path, name};

use super::model::PhaseCheckpoint;
use super::store::StoreUrl;

/// What an address means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A store, with a document for each phase.
    Store,
    /// A hand-written checkpoint. It is only read.
    Handwritten(HandwrittenFile),
}

/// The address of a hand-written checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HandwrittenFile {
    /// The folder or prefix that it is in.
    pub folder: StoreUrl,
    /// Its name there.
    pub name: String,
    address: String,
}

impl Source {
    /// Tells them apart: the address of a hand-written checkpoint ends with `.md`.
    pub(super) fn of(url: &StoreUrl) -> Self {
        let address = url.to_string();
        let (path, query) = address.split_once('?').map_or((&*address, None), |(path, query)| (path, Some(query)));
        let file = path.rsplit_once('/').filter(|(_, name)| name.to_ascii_lowercase().ends_with(".md"));
        let Some((folder, name)) = file else { return Self::Store };
        let folder = query.map_or_else(|| folder.to_owned(), |query| format!("{folder}?{query}"));
        match folder.parse() {
            Ok(folder) => {
                let name = name.to_owned();
                Self::Handwritten(HandwrittenFile { folder, name, address })
            }
            // A bucket whose own name ends so.
            Err(_) => Self::Store,
        }
    }
}

impl HandwrittenFile {
    /// The refusal to write to it.
    pub(super) fn read_only(&self, creates: bool) -> Diagnostic {
        let how = if creates {
            format!("To start from it, import it first: terraform import ADDRESS '{}#PHASE'. ", self.address)
        } else {
            String::new()
        };
        Diagnostic::error(
            "Hand-written checkpoint is read-only",
            format!(
                "store is {:?}, a document that a person wrote. {how}To go on from it, set store to a place of its own, such as \
                 \"gs://BUCKET/checkpoints\" or \"file:///FOLDER\": the phase is written there, and the hand-written document stays \
                 as it is.",
                self.address
            ),
        )
        .at(Path::root().attribute(name!(PhaseCheckpoint.store)))
    }
}
