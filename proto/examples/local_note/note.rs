//! `local_note`: one note.

use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, ImportId, ImportRequest, ImportResponse, ImportState,
    ReadRequest, ReadResponse, UpdateRequest,
};
use tfplugin::{Context, Diagnostic, Diagnostics, Object, Path, Private, Resource, Value};

use crate::store::{Format, Store};

/// A note: a text in a file of its own.
#[derive(Clone, Debug, Object)]
pub(crate) struct Note {
    /// The file's name without its extension.
    #[tf(required, requires_replace)]
    name: Value<String>,
    /// How the text is written; it gives the file its extension.
    #[tf(default = "plain", requires_replace)]
    format: Value<Format>,
    /// What the note says.
    #[tf(required)]
    text: Value<String>,
    /// Where the note is.
    #[tf(computed)]
    path: Value<String>,
    /// How many words the note has.
    #[tf(computed)]
    words: Value<i64>,
}

impl Note {
    fn key(&self) -> (String, Format) {
        // Both are known from the plan on: the SDK has checked the one and filled in the other.
        (self.name.known().cloned().unwrap_or_default(), self.format.known().copied().unwrap_or(Format::Plain))
    }

    fn new(store: &Store, name: String, format: Format, text: String) -> Self {
        Self {
            path: store.path(&name, format).display().to_string().into(),
            words: i64::try_from(text.split_whitespace().count()).unwrap_or(i64::MAX).into(),
            name: name.into(),
            format: format.into(),
            text: text.into(),
        }
    }
}

/// The handlers.
pub(crate) struct NoteResource;

impl Resource<Store> for NoteResource {
    type State = Note;

    fn type_name(&self) -> &'static str {
        "local_note"
    }

    fn validate(&self, config: &Note) -> Diagnostics {
        match config.name.known() {
            Some(name) if name.is_empty() || name.contains(['/', '\\']) => Diagnostic::error(
                "No file can have this name",
                format!("The note's name is {name:?}. It must have a letter at least, and no slashes."),
            )
            .at(Path::root().attribute("name"))
            .into(),
            _ => Diagnostics::new(),
        }
    }

    async fn read(&self, request: ReadRequest<Note>, context: Context<Store>) -> ReadResponse<Note> {
        let ReadRequest { state, private } = request;
        let (name, format) = state.key();
        let found = context.client().and_then(|store| {
            let text = store.read(&name, format)?;
            Ok(text.map(|text| Note::new(store, name, format, text)))
        });
        match found {
            Ok(state) => ReadResponse { state, private, diagnostics: Diagnostics::new() },
            Err(error) => ReadResponse { state: Some(state), private, diagnostics: error.into() },
        }
    }

    async fn create(&self, request: CreateRequest<Note>, context: Context<Store>) -> ApplyResponse<Note> {
        let (name, format) = request.planned.key();
        let text = request.planned.text.into_known().unwrap_or_default();
        let created = async {
            let store = context.client()?;
            store.create(&name, format, &text, context.stop()).await?;
            Ok(Note::new(store, name, format, text))
        };
        answer(created.await, request.private)
    }

    async fn update(&self, request: UpdateRequest<Note>, context: Context<Store>) -> ApplyResponse<Note> {
        let (name, format) = request.planned.key();
        let text = request.planned.text.into_known().unwrap_or_default();
        let updated = async {
            let store = context.client()?;
            store.update(&name, format, &text, context.stop()).await?;
            Ok(Note::new(store, name, format, text))
        };
        answer(updated.await, request.private)
    }

    async fn delete(&self, request: DeleteRequest<Note>, context: Context<Store>) -> DeleteResponse<Note> {
        let (name, format) = request.state.key();
        let deleted = async { context.client()?.delete(&name, format, context.stop()).await };
        let diagnostics = deleted.await.err().map(Diagnostics::from).unwrap_or_default();
        DeleteResponse { remaining: None, private: request.private, diagnostics }
    }
}

impl ImportState<Store> for NoteResource {
    /// The id is the file's name: `shopping.txt`.
    async fn import(&self, request: ImportRequest, context: Context<Store>) -> ImportResponse<Note> {
        let found = context.client().and_then(|store| {
            let (name, format) = parse(&request.id)?;
            match store.read(&name, format)? {
                Some(text) => Ok(Note::new(store, name, format, text)),
                None => Err(Diagnostic::error(
                    "There is no such note",
                    format!("There is no file {}.", store.path(&name, format).display()),
                )),
            }
        });
        let (state, diagnostics) = match found {
            Ok(note) => (Some(note), Diagnostics::new()),
            Err(error) => (None, error.into()),
        };
        ImportResponse { state, private: Private::default(), diagnostics }
    }
}

fn parse(id: &ImportId) -> Result<(String, Format), Diagnostic> {
    let ImportId::Text(id) = id else {
        return Err(Diagnostic::error("Notes have no identity", "Import a note by its id, the name of its file."));
    };
    let known = [Format::Plain, Format::Markdown];
    let split = id.rsplit_once('.').and_then(|(name, extension)| {
        let format = known.into_iter().find(|format| format.extension() == extension)?;
        Some((name.to_owned(), format))
    });
    split.ok_or_else(|| {
        Diagnostic::error(
            "This is no note's id",
            format!("The id is {id:?}. It must be the name of a file: NAME.txt or NAME.md."),
        )
    })
}

/// Nothing was done when there was an error: the store touches one file, once.
fn answer(result: Result<Note, Diagnostic>, private: Private) -> ApplyResponse<Note> {
    let (state, diagnostics) = match result {
        Ok(note) => (Some(note), Diagnostics::new()),
        Err(error) => (None, error.into()),
    };
    ApplyResponse { state, private, diagnostics }
}
