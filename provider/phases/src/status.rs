//! Where a phase stands.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a phase stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was done yet.
    #[default]
    NotStarted,
    /// It can start.
    Ready,
    /// Work is going on.
    InProgress,
    /// Something outside holds it up.
    Blocked,
    /// Done, with its criteria proved.
    Completed,
}

impl Status {
    /// All of them, in the order in which a phase goes through them.
    pub const ALL: [Self; 5] = [Self::NotStarted, Self::Ready, Self::InProgress, Self::Blocked, Self::Completed];

    /// As it stands in configurations and documents: `in_progress`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Ready => "ready",
            Self::InProgress => "in_progress",
            Self::Blocked => "blocked",
            Self::Completed => "completed",
        }
    }

    /// As people read it: `in progress`.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Ready => "ready to start",
            Self::InProgress => "in progress",
            Self::Blocked => "blocked",
            Self::Completed => "completed",
        }
    }

    /// Whether a phase can have this status before those it depends on are completed.
    pub fn may_wait(self) -> bool {
        matches!(self, Self::NotStarted | Self::Blocked)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
