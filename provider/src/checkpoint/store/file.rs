//! A store in a folder of this machine, or of a file system that several machines share.
//!
//! A file is written beside its place, brought to disk, and then moved there at once, so that readers see the old content
//! or the new one and never half. Writers take turns by a lock on the file `.lock`; readers need none.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::{Action, StoreError};
use super::url::Location;
use super::{Content, Listed, Precondition, Version, Written};
use crate::google::api::CallContext;
use crate::regular_file;

/// The file that writers lock. It stays: who removed it would let two writers hold two locks.
const LOCK: &str = ".lock";
/// How files begin that are being written. Whoever holds the lock and finds one knows that its writer died.
const UNFINISHED: &str = ".unfinished-";
/// Writers of this process that wait for a lock at the same time. Each keeps a thread waiting, and there must be threads
/// left for the one whose turn it is.
static WAITING: Semaphore = Semaphore::const_new(32);

/// A folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// The right to write; given back when dropped.
struct Turn {
    _lock: File,
    _place: Option<SemaphorePermit<'static>>,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Content>, StoreError> {
        let path = self.path(key);
        blocking(move || find(&path)).await.map_err(|error| self.error(Action::Read, key, error))
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let path = self.path(key);
        let exists = blocking(move || match std::fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        });
        exists.await.map_err(|error| self.error(Action::Read, key, error))
    }

    pub(super) async fn write(
        &self,
        ctx: &CallContext,
        key: &str,
        bytes: Bytes,
        condition: &Precondition,
    ) -> Result<Written, StoreError> {
        let turn = self.turn(ctx, Action::Write, key).await?;
        let (path, condition) = (self.path(key), condition.clone());
        let written = blocking(move || {
            let _turn = turn;
            let found = find(&path)?;
            let holds = match (&condition, &found) {
                (Precondition::Absent, found) => found.is_none(),
                (Precondition::Matches(version), Some(found)) => found.version == *version,
                (Precondition::Matches(_), None) => false,
            };
            if !holds {
                // The lock is held from the look to the end: no answer can be lost.
                return Ok(Written::Conflict { after_lost_answer: false });
            }
            replace(&path, &bytes)?;
            Ok(Written::Done(version(&bytes)))
        });
        written.await.map_err(|error| self.error(Action::Write, key, error))
    }

    pub(super) async fn delete(&self, ctx: &CallContext, key: &str, wanted: &Version) -> Result<(), StoreError> {
        let turn = self.turn(ctx, Action::Delete, key).await?;
        let (path, root, wanted) = (self.path(key), self.root.clone(), wanted.clone());
        let deleted = blocking(move || {
            let _turn = turn;
            match find(&path)? {
                None => Ok(true),
                Some(found) if found.version != wanted => Ok(false),
                Some(_) => remove(&path, &root).map(|()| true),
            }
        });
        match deleted.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Conflict { uri: self.uri(key) }),
            Err(error) => Err(self.error(Action::Delete, key, error)),
        }
    }

    pub(super) async fn list(&self, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let (path, prefix) = (self.path(folder), folder.to_owned());
        let listed = blocking(move || {
            let entries = match std::fs::read_dir(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                other => other?,
            };
            let mut listed = Vec::new();
            for entry in entries {
                let entry = entry?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                if name.starts_with('.') || !entry.file_type()?.is_file() {
                    continue;
                }
                // It may be gone by now.
                if let Some(found) = find(&entry.path())? {
                    listed.push(Listed { key: format!("{prefix}/{name}"), version: found.version });
                }
            }
            Ok(listed)
        });
        listed.await.map_err(|error| self.error(Action::List, folder, error))
    }

    /// Waits for the right to write. Nothing is written when the waiting ends early.
    async fn turn(&self, ctx: &CallContext, action: Action, key: &str) -> Result<Turn, StoreError> {
        let root = self.root.clone();
        let waiting = async {
            // The semaphore is never closed.
            let place = WAITING.acquire().await.ok();
            let turn = move || {
                make_folder(&root)?;
                let lock =
                    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(root.join(LOCK))?;
                lock.lock()?;
                Ok(Turn { _lock: lock, _place: place })
            };
            blocking(turn).await
        };
        let turn = ctx.wait_for(waiting).await.map_err(|why| StoreError::Interrupted {
            action,
            uri: self.uri(key),
            why,
            source: None,
        })?;
        turn.map_err(|error| self.error(action, key, error))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn uri(&self, key: &str) -> String {
        Location::File { folder: self.root.clone() }.uri(key)
    }

    fn error(&self, action: Action, key: &str, error: io::Error) -> StoreError {
        let uri = self.uri(key);
        let remedy = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                let right = if matches!(action, Action::Read | Action::List) { "read" } else { "write to" };
                let remedy = format!("let the user that runs terraform {right} the folder {}", self.root.display());
                return StoreError::Denied { action, uri, remedy, source: error.into() };
            }
            ErrorKind::NotADirectory => Some(format!("a part of {} is a file: name a folder", self.root.display())),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("make room on the disk".to_owned()),
            ErrorKind::Unsupported => Some("its file system has no locks: use a folder on another one".to_owned()),
            _ => None,
        };
        StoreError::Failed { action, uri, remedy, source: error.into() }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn version(bytes: &[u8]) -> Version {
    Version(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// More than any document of a phase has, in bytes.
const LARGEST: u64 = 64 << 20;

fn find(path: &Path) -> io::Result<Option<Content>> {
    match regular_file::read(path, LARGEST) {
        Ok(bytes) => Ok(Some(Content { version: version(&bytes), bytes: bytes.into() })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file in its place at once. The lock is held.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    sweep(folder)?;
    let mut file = unfinished(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

fn unfinished(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Colleagues read the store, too: the user's own mask decides, as for any other file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Removes what writers left that died.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file, and the folders below `root` that are empty then. The lock is held.
fn remove(path: &Path, root: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    let mut folder = path.parent();
    while let Some(own) = folder {
        sync_folder(own)?;
        if own == root || std::fs::remove_dir(own).is_err() {
            break;
        }
        folder = own.parent();
    }
    Ok(())
}

/// Makes a folder and those above it, each of them on disk before the next.
fn make_folder(folder: &Path) -> io::Result<()> {
    match std::fs::create_dir(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = folder.parent().ok_or(error)?;
            make_folder(parent)?;
            // Some file systems say the same of a folder that they never let anybody make: once more, and no oftener.
            match std::fs::create_dir(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
                _ => sync_folder(parent),
            }
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if folder.is_dir() {
                Ok(())
            } else {
                Err(ErrorKind::NotADirectory.into())
            }
        }
        // The root of a file system that takes no writes may hold one that does.
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Brings the names in a folder to disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Only Unix has such a call; elsewhere the file system sees to it.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
