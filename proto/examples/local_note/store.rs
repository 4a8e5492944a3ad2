//! The folder that notes are kept in: what would be an API client in a provider for a cloud.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tfplugin::{Choice, Diagnostic};
use tokio_util::sync::CancellationToken;

/// How a note is written.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
#[tf(rename = "snake_case")]
pub(crate) enum Format {
    /// Plain text, in a file with the extension `txt`.
    Plain,
    /// Markdown, in a file with the extension `md`.
    Markdown,
}

impl Format {
    /// Of the file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Plain => "txt",
            Self::Markdown => "md",
        }
    }
}

/// A folder of notes.
#[derive(Debug)]
pub(crate) struct Store {
    /// Where.
    pub(crate) directory: PathBuf,
    /// Before each change.
    pub(crate) delay: Duration,
}

impl Store {
    /// The file of a note.
    pub(crate) fn path(&self, name: &str, format: Format) -> PathBuf {
        self.directory.join(format!("{name}.{}", format.extension()))
    }

    /// The text of a note; `None` when there is no such note.
    pub(crate) fn read(&self, name: &str, format: Format) -> Result<Option<String>, Diagnostic> {
        let path = self.path(name, format);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path.display().to_string(), &error)),
        }
    }

    /// Writes a note that must not be there yet.
    pub(crate) async fn create(
        &self,
        name: &str,
        format: Format,
        text: &str,
        stop: &CancellationToken,
    ) -> Result<(), Diagnostic> {
        let path = self.path(name, format);
        let shown = path.display().to_string();
        self.wait(&shown, stop).await?;
        std::fs::create_dir_all(&self.directory).map_err(|error| failed("created", &shown, &error))?;
        let mut file = std::fs::File::create_new(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Diagnostic::error(
                "The note exists",
                format!("There is a file {shown} already. To manage it, import it:\n\n    terraform import ADDRESS {name}.{}", format.extension()),
            ),
            _ => failed("created", &shown, &error),
        })?;
        io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| failed("written", &shown, &error))
    }

    /// Changes the text of a note.
    pub(crate) async fn update(
        &self,
        name: &str,
        format: Format,
        text: &str,
        stop: &CancellationToken,
    ) -> Result<(), Diagnostic> {
        let path = self.path(name, format);
        let shown = path.display().to_string();
        self.wait(&shown, stop).await?;
        std::fs::write(&path, text).map_err(|error| failed("written", &shown, &error))
    }

    /// Removes a note; one that is gone already is fine.
    pub(crate) async fn delete(&self, name: &str, format: Format, stop: &CancellationToken) -> Result<(), Diagnostic> {
        let path = self.path(name, format);
        let shown = path.display().to_string();
        self.wait(&shown, stop).await?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("deleted", &shown, &error)),
            _ => Ok(()),
        }
    }

    /// The names of the files that begin with `prefix`, sorted.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<String>, Diagnostic> {
        let shown = self.directory.display().to_string();
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &shown, &error)),
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort();
        Ok(names)
    }

    async fn wait(&self, shown: &str, stop: &CancellationToken) -> Result<(), Diagnostic> {
        tokio::select! {
            () = tokio::time::sleep(self.delay) => Ok(()),
            () = stop.cancelled() => Err(Diagnostic::error(
                "Stopped",
                format!("Terraform was asked to stop before {shown} was touched: it is as it was. Apply again to go on."),
            )),
        }
    }
}

fn failed(done: &str, path: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error("The note is out of reach", format!("{path} could not be {done}: {error}."))
}
