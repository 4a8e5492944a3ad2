//! What can go wrong with a store, each with what to do about it.

use std::error::Error;
use std::fmt;

use crate::engine::context::Interrupted;

/// An error of the layer below.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An object was read.
    Read,
    /// An object was created or replaced.
    Write,
    /// An object was removed.
    Delete,
    /// The objects of a folder were listed.
    List,
    /// A bucket's settings were read.
    ReadSettings,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::List => "list",
            Self::ReadSettings => "read the settings of",
        })
    }
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something else is there than was expected: somebody else wrote in the meantime.
    #[error("{uri} has changed since it was last read: run the command again to continue from its current content")]
    Conflict {
        /// What was to be written or removed.
        uri: String,
    },
    /// The bucket does not exist.
    #[error("the bucket {bucket} does not exist: create it, or correct the name in the address")]
    MissingBucket {
        /// The bucket.
        bucket: String,
    },
    /// A bucket was wanted, and a folder was given.
    #[error("{uri} is a folder, which keeps no old versions: name a bucket, as in gs://BUCKET or s3://BUCKET")]
    NoBucket {
        /// The folder.
        uri: String,
    },
    /// The caller lacks a right.
    #[error("not allowed to {action} {uri}: {remedy}")]
    Denied {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// The right that is missing, and how to get it.
        remedy: String,
        /// What the store said.
        source: BoxError,
    },
    /// The bucket is in another region than the one that was asked.
    #[error("the bucket {bucket} is not in the region {used}: {}", region_remedy(.expected.as_deref()))]
    WrongRegion {
        /// The bucket.
        bucket: String,
        /// The region that was asked.
        used: String,
        /// The bucket's region, where the answer says it.
        expected: Option<String>,
    },
    /// No region is known for a bucket.
    #[error(
        "the region of the bucket {bucket} is not known: write it in the address, as in {bucket}?region=eu-west-1, or set AWS_REGION"
    )]
    NoRegion {
        /// The bucket.
        bucket: String,
    },
    /// There are no credentials, or they are not accepted.
    #[error("no valid credentials to {action} {uri}: {remedy}")]
    NoCredentials {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// Where credentials come from, and what to do.
        remedy: String,
        /// What was tried, or what the store said.
        source: BoxError,
    },
    /// The store does not answer.
    #[error("no answer from the store when trying to {action} {uri}: {}", unreachable_remedy(*.action))]
    Unreachable {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// How often it was tried.
        attempts: u32,
        /// What the network said.
        source: BoxError,
    },
    /// The user asked to stop, or the time for the operation was over.
    #[error("{} before it was possible to {action} {uri}: {}", interruption(*.why), interruption_remedy(*.why))]
    Interrupted {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// Which of the two.
        why: Interrupted,
        /// What went wrong before, if anything did.
        source: Option<BoxError>,
    },
    /// The store does not know what is needed to keep two writers apart.
    #[error(
        "the store cannot {action} {uri} on a condition, so two writers could overwrite each other: use a store that knows If-Match and If-None-Match"
    )]
    Unconditional {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// What the store said.
        source: BoxError,
    },
    /// Anything else.
    #[error("cannot {action} {uri}{}", remedy_clause(.remedy.as_deref()))]
    Failed {
        /// What was being done.
        action: Action,
        /// To what.
        uri: String,
        /// What to do, if there is anything to say beyond the cause.
        remedy: Option<String>,
        /// Why.
        source: BoxError,
    },
}

impl StoreError {
    /// Whether somebody else wrote in the meantime.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// An error with its causes in one line, for a diagnostic's detail.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = cause.source();
    }
    text
}

fn region_remedy(expected: Option<&str>) -> String {
    match expected {
        Some(region) => format!("it is in {region}; write ?region={region} in the address, or set AWS_REGION={region}"),
        None => "write its own region in the address, as in ?region=eu-west-1, or set AWS_REGION".to_owned(),
    }
}

fn unreachable_remedy(action: Action) -> &'static str {
    match action {
        Action::Write | Action::Delete => {
            "whether it took effect is not known. Check the address and the network, and run the command again: what was written is found"
        }
        Action::Read | Action::List | Action::ReadSettings => {
            "check the address and the network, and run the command again"
        }
    }
}

fn interruption(why: Interrupted) -> &'static str {
    match why {
        Interrupted::Stopped => "stopped on request",
        Interrupted::Deadline => "the time allowed for this operation was over",
    }
}

fn interruption_remedy(why: Interrupted) -> &'static str {
    match why {
        Interrupted::Stopped => "run the command again to go on",
        Interrupted::Deadline => "run the command again, or allow more time",
    }
}

fn remedy_clause(remedy: Option<&str>) -> String {
    remedy.map(|remedy| format!(": {remedy}")).unwrap_or_default()
}
