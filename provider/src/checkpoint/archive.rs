//! The phases of a rollout in a store: the document of each, and all that it was before.
//!
//! ```text
//! phases/2.json                       the phase as it is
//! phases/2/revisions/000001.json      as it was, never changed again
//! PHASE_CHECKPOINT.md                 what people read, written anew after each change
//! ```
//!
//! A revision is put into the archive before the next one takes its place. Whatever fails in between, both are there.

mod error;
mod pages;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mlops_phases::document::{Difference, differences};
use mlops_phases::{Document, PhaseId, Rollout};

pub use self::error::{Changed, LoadError, SaveError};
use super::store::{Clients, Content, Listed, Precondition, Store, StoreError, StoreUrl, Version};
use crate::google::api::CallContext;

/// The folder of the documents.
const PHASES: &str = "phases";
/// What documents are served as.
const JSON: &str = "application/json";
/// Documents that are read at once.
const READERS: usize = 16;

/// The phases in a store.
#[derive(Clone, Debug)]
pub struct Archive {
    url: StoreUrl,
    store: Store,
}

/// A document as it lies in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    document: Document,
    bytes: Bytes,
    version: Version,
}

impl Stored {
    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The document alone.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Its revision: 1 for the first, one more for each write.
    pub fn revision(&self) -> u64 {
        self.document.revision
    }

    /// Which content the store has.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl Archive {
    /// The archive at `url`. Nothing is contacted yet, and nothing need be there.
    pub fn open(url: StoreUrl, clients: &Clients) -> Self {
        Self { store: Store::open(&url, clients), url }
    }

    /// Where it is.
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// Where the document of a phase is: `gs://BUCKET/PREFIX/phases/2.json`.
    pub fn uri(&self, phase: &PhaseId) -> String {
        self.url.uri(&key(phase))
    }

    /// A phase as it is; `None` when the store has no such phase.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load(&self, ctx: &CallContext, phase: &PhaseId) -> Result<Option<Stored>, LoadError> {
        let key = key(phase);
        let found = self.store.read(ctx, &key).await?;
        found.map(|found| self.understand(&key, phase, found)).transpose()
    }

    /// A phase, if it still has this revision.
    ///
    /// # Errors
    /// [`SaveError::Changed`] when it has another one, and [`SaveError::Gone`] when it has none.
    pub async fn expect(&self, ctx: &CallContext, phase: &PhaseId, revision: u64) -> Result<Stored, SaveError> {
        let stored = self.load(ctx, phase).await?;
        let stored = stored.ok_or_else(|| SaveError::Gone { uri: self.uri(phase), revision })?;
        if stored.revision() == revision {
            return Ok(stored);
        }
        let before = self.archived(ctx, phase, revision).await?;
        let differences = before.map(|before| differences(&before, &stored.document)).unwrap_or_default();
        Err(self.changed(Some(revision), stored.document, differences))
    }

    /// All phases.
    ///
    /// # Errors
    /// [`LoadError`], also when a single document cannot be read: a rollout without it would say what is not so.
    pub async fn rollout(&self, ctx: &CallContext) -> Result<Rollout, LoadError> {
        let listed = self.store.list(ctx, PHASES).await?;
        let phases: Vec<PhaseId> = listed.iter().filter_map(|entry| phase_of(&entry.key)).collect();
        let documents = stream::iter(phases).map(async |phase| self.load(ctx, &phase).await).buffer_unordered(READERS);
        // One that is gone by now is no part of it.
        let documents = documents.try_filter_map(async |stored| Ok(stored.map(Stored::into_document)));
        Ok(Rollout::new(documents.try_collect().await?))
    }

    /// Writes a phase: as its first revision where nothing is expected to be, else as the one after `expected`. The
    /// revision that `document` says is not looked at.
    ///
    /// # Errors
    /// [`SaveError::Changed`] when something else is there than was expected; then nothing was written.
    pub async fn save(
        &self,
        ctx: &CallContext,
        document: &Document,
        expected: Option<&Stored>,
    ) -> Result<Stored, SaveError> {
        let mut document = document.clone();
        document.revision = expected.map_or(0, Stored::revision) + 1;
        let bytes = Bytes::from(document.to_json().map_err(SaveError::Unwritable)?);
        let key = key(&document.phase);
        let condition = match expected {
            None => Precondition::Absent,
            Some(expected) => {
                self.keep(ctx, expected).await?;
                Precondition::Matches(expected.version.clone())
            }
        };
        match self.store.write(ctx, &key, bytes.clone(), JSON, &condition).await {
            Ok(version) => Ok(Stored { document, bytes, version }),
            Err(StoreError::Conflict { .. }) => Err(self.lost(ctx, &document, expected).await),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a phase with all its revisions. That it is gone already is success.
    ///
    /// # Errors
    /// [`SaveError::Changed`] when it is not as expected any more; then nothing was removed.
    pub async fn remove(&self, ctx: &CallContext, expected: &Stored) -> Result<(), SaveError> {
        let phase = &expected.document.phase;
        // Listed first: what somebody writes after the removal belongs to a new phase of the same name.
        let revisions = self.store.list(ctx, &revisions_folder(phase)).await?;
        match self.store.delete(ctx, &key(phase), &expected.version).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => return Err(self.lost(ctx, &expected.document, Some(expected)).await),
            Err(error) => return Err(error.into()),
        }
        let removals = stream::iter(revisions).map(async |Listed { key, version }| {
            match self.store.delete(ctx, &key, &version).await {
                Err(StoreError::Conflict { .. }) => Ok(()),
                other => other,
            }
        });
        removals.buffer_unordered(READERS).try_collect::<()>().await?;
        Ok(())
    }

    /// The revisions of a phase that can be read, from the first to the one that it has now; none when the store has no
    /// such phase.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn revisions(&self, ctx: &CallContext, phase: &PhaseId) -> Result<Vec<u64>, LoadError> {
        let Some(current) = self.load(ctx, phase).await? else { return Ok(Vec::new()) };
        let listed = self.store.list(ctx, &revisions_folder(phase)).await?;
        let mut revisions: Vec<u64> = listed.iter().filter_map(|entry| revision_of(&entry.key)).collect();
        // What is not older was left by a phase of the same name that was removed, or by a writer who lost.
        revisions.retain(|revision| *revision < current.revision());
        revisions.sort_unstable();
        revisions.push(current.revision());
        Ok(revisions)
    }

    /// A phase as it was at a revision; `None` when it never had it.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn at_revision(
        &self,
        ctx: &CallContext,
        phase: &PhaseId,
        revision: u64,
    ) -> Result<Option<Document>, LoadError> {
        match self.load(ctx, phase).await? {
            Some(current) if current.revision() == revision => Ok(Some(current.document)),
            Some(current) if current.revision() > revision => self.archived(ctx, phase, revision).await,
            Some(_) | None => Ok(None),
        }
    }

    async fn archived(&self, ctx: &CallContext, phase: &PhaseId, revision: u64) -> Result<Option<Document>, LoadError> {
        let key = revision_key(phase, revision);
        let found = self.store.read(ctx, &key).await?;
        found.map(|found| self.understand(&key, phase, found).map(Stored::into_document)).transpose()
    }

    /// Puts a revision into the archive, as it lies in the store to the byte. That it is there already is success.
    async fn keep(&self, ctx: &CallContext, stored: &Stored) -> Result<(), StoreError> {
        let phase = &stored.document.phase;
        let key = revision_key(phase, stored.revision());
        loop {
            match self.store.write(ctx, &key, stored.bytes.clone(), JSON, &Precondition::Absent).await {
                Err(StoreError::Conflict { .. }) => {}
                other => return other.map(drop),
            }
            match self.store.read(ctx, &key).await? {
                Some(found) if found.bytes == stored.bytes => return Ok(()),
                // Left by a phase of the same name that was removed, or edited by hand. It makes room, and is kept.
                Some(other) => self.set_aside(ctx, &key, other).await?,
                None => {}
            }
        }
    }

    async fn set_aside(&self, ctx: &CallContext, key: &str, found: Content) -> Result<(), StoreError> {
        let stem = key.strip_suffix(".json").unwrap_or(key);
        let aside = format!("{stem}-{}.json", digest(&found.bytes));
        // The name is made from the content: what is there under it is the same.
        unless_conflict(self.store.write(ctx, &aside, found.bytes, JSON, &Precondition::Absent).await)?;
        unless_conflict(self.store.delete(ctx, key, &found.version).await)
    }

    /// What to tell a writer who found something else than expected.
    async fn lost(&self, ctx: &CallContext, mine: &Document, expected: Option<&Stored>) -> SaveError {
        let uri = self.uri(&mine.phase);
        match (self.load(ctx, &mine.phase).await, expected) {
            (Err(error), _) => error.into(),
            (Ok(None), Some(expected)) => SaveError::Gone { uri, revision: expected.revision() },
            // It came and went: there is nothing to show but that.
            (Ok(None), None) => StoreError::Conflict { uri }.into(),
            (Ok(Some(theirs)), expected) => {
                let differences = differences(expected.map_or(mine, Stored::document), &theirs.document);
                self.changed(expected.map(Stored::revision), theirs.document, differences)
            }
        }
    }

    fn changed(&self, expected: Option<u64>, theirs: Document, differences: Vec<Difference>) -> SaveError {
        let uri = self.uri(&theirs.phase);
        SaveError::Changed(Box::new(Changed { store: self.url.clone(), uri, expected, theirs, differences }))
    }

    fn understand(&self, key: &str, phase: &PhaseId, found: Content) -> Result<Stored, LoadError> {
        let uri = self.store.uri(key);
        match Document::from_json(&found.bytes) {
            Err(source) => Err(LoadError::Unreadable { uri, source }),
            Ok(document) if document.phase != *phase => {
                Err(LoadError::Misplaced { uri, found: document.phase, wanted: phase.clone() })
            }
            Ok(document) => Ok(Stored { document, bytes: found.bytes, version: found.version }),
        }
    }
}

fn key(phase: &PhaseId) -> String {
    format!("{PHASES}/{phase}.json")
}

fn phase_of(key: &str) -> Option<PhaseId> {
    key.strip_prefix(PHASES)?.strip_prefix('/')?.strip_suffix(".json")?.parse().ok()
}

fn revisions_folder(phase: &PhaseId) -> String {
    format!("{PHASES}/{phase}/revisions")
}

fn revision_key(phase: &PhaseId, revision: u64) -> String {
    format!("{}/{revision:06}.json", revisions_folder(phase))
}

fn revision_of(key: &str) -> Option<u64> {
    let (_, name) = key.rsplit_once('/')?;
    name.strip_suffix(".json")?.parse().ok()
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn unless_conflict<T>(result: Result<T, StoreError>) -> Result<(), StoreError> {
    match result {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
