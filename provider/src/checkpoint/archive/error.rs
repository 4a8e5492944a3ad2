//! What can go wrong with an archive. Who lost a race is shown what the winner changed.

use std::fmt;

use mlops_phases::document::{Difference, FormatError};
use mlops_phases::{Document, PhaseId};

use crate::checkpoint::store::{StoreError, StoreUrl};

/// Why a document cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is there is no document, or one that this program does not know.
    #[error("{uri} cannot be read: {}", unreadable_remedy(.source))]
    Unreadable {
        /// Where it is.
        uri: String,
        /// Why.
        source: FormatError,
    },
    /// A document of another phase.
    #[error(
        "{uri} holds phase {found} and not phase {wanted}: it was moved or copied by hand; put it back to its own name"
    )]
    Misplaced {
        /// Where it is.
        uri: String,
        /// The phase that it says.
        found: PhaseId,
        /// The phase that its name says.
        wanted: PhaseId,
    },
}

/// Why a document was not written or removed.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote. Nothing of theirs was overwritten.
    #[error(transparent)]
    Changed(Box<Changed>),
    /// Somebody else removed it.
    #[error(
        "{uri} was deleted since it was last read; revision {revision} was expected. Run plan again: it shows that the phase is to be created"
    )]
    Gone {
        /// Where it was.
        uri: String,
        /// The revision that was expected.
        revision: u64,
    },
    /// What is there cannot be read, or the store is in trouble.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The document cannot be written as JSON.
    #[error("the document cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
}

impl From<StoreError> for SaveError {
    fn from(error: StoreError) -> Self {
        Self::Load(error.into())
    }
}

/// What somebody else wrote while this writer was at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The store.
    pub store: StoreUrl,
    /// Where the document is.
    pub uri: String,
    /// The revision that was expected; `None` when nothing was expected to be there.
    pub expected: Option<u64>,
    /// The document that is there.
    pub theirs: Document,
    /// What changed since the expected revision; where nothing was expected, how theirs differs from what was to be
    /// written. Empty when the expected revision cannot be found.
    pub differences: Vec<Difference>,
}

impl Changed {
    /// By whom, as far as the document says it.
    pub fn by(&self) -> Option<&str> {
        self.theirs.history.last().map(|change| change.by.as_str())
    }

    /// When, as far as the document says it.
    pub fn at(&self) -> Option<&str> {
        self.theirs.history.last().map(|change| change.at.as_str())
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, uri, expected, theirs, differences } = self;
        match expected {
            Some(expected) if *expected == theirs.revision => {
                write!(f, "{uri} was edited by hand: it still says revision {expected}, with other content")?;
            }
            Some(expected) => {
                write!(f, "{uri} is at revision {} now, and revision {expected} was expected", theirs.revision)?;
            }
            None => write!(f, "{uri} exists already, at revision {}", theirs.revision)?,
        }
        if let (Some(by), Some(at)) = (self.by(), self.at()) {
            write!(f, "; its last change of status is by {by} at {at}")?;
        }
        f.write_str(".\n")?;
        let heading = if expected.is_some() { "What changed" } else { "How it differs from this configuration" };
        if !differences.is_empty() {
            writeln!(f, "{heading}:")?;
        }
        for difference in differences {
            writeln!(f, "  {difference}")?;
        }
        match expected {
            Some(_) => f.write_str("Nothing was overwritten. Run plan again: it starts from what is there now."),
            None => write!(
                f,
                "Nothing was overwritten. Import the phase to manage it from here (its import id is {store}#{}), or give this one another number.",
                theirs.phase
            ),
        }
    }
}

impl std::error::Error for Changed {}

fn unreadable_remedy(source: &FormatError) -> &'static str {
    match source {
        FormatError::Newer { .. } => "it is left unchanged",
        FormatError::Damaged(_) | FormatError::Unmarked => {
            "it is left unchanged; restore the last good content, from its folder of revisions if there is one or from an older version of the object, or \
             remove it and let an apply write the phase again"
        }
    }
}
