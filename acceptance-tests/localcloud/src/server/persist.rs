//! The state file: written as a whole beside its place and moved there, so that a reader never sees half of one.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::store::State;

/// Changes that come within this time are saved together.
const PAUSE: Duration = Duration::from_millis(50);

/// The state in `path`; none when there is no such file.
pub(super) fn load(path: &Path) -> io::Result<Option<State>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the state to `path`.
pub(super) fn save(shared: &Shared, path: &Path) -> io::Result<()> {
    let text = serde_json::to_vec(&shared.lock().world.state).map_err(io::Error::other)?;
    write_whole(path, &text)
}

/// Writes a file so that a reader finds either the old one or the new one.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Saves after each change, until it is aborted.
pub(super) async fn keep_saved(shared: Arc<Shared>, path: PathBuf) {
    loop {
        shared.changed.notified().await;
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = save(&shared, &path) {
            tracing::warn!(%error, path = %path.display(), "the state cannot be saved");
        }
    }
}
