//! The faults. Which calls each can strike, and how an API refuses, is said in `shape`.

use localcloud::{Answer, FaultSpec, MatchSpec};

/// A kind of fault. Each strikes one call, but for an outage, which strikes all calls of a shape from one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    TooMany,
    TooManyRetryAfter,
    Internal,
    Unavailable,
    Outage,
    Denied,
    NotFound,
    Aborted,
    Exists,
    Precondition,
    DroppedBefore,
    DroppedAfter,
    OperationFails,
    OperationEndless,
    Malformed,
    Empty,
    Hollow,
    Huge,
    Slow,
    Redirect,
    KilledBefore,
    KilledAfter,
    /// Another writer comes before the call.
    Rival(Rival),
}

/// What another writer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rival {
    Labels,
    Grants,
    Children,
    Fields,
}

impl Fault {
    pub(crate) const ALL: [Self; 26] = [
        Self::TooMany,
        Self::TooManyRetryAfter,
        Self::Internal,
        Self::Unavailable,
        Self::Outage,
        Self::Denied,
        Self::NotFound,
        Self::Aborted,
        Self::Exists,
        Self::Precondition,
        Self::DroppedBefore,
        Self::DroppedAfter,
        Self::OperationFails,
        Self::OperationEndless,
        Self::Malformed,
        Self::Empty,
        Self::Hollow,
        Self::Huge,
        Self::Slow,
        Self::Redirect,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Rival(Rival::Labels),
        Self::Rival(Rival::Grants),
        Self::Rival(Rival::Children),
        Self::Rival(Rival::Fields),
    ];

    /// As tables and `known.txt` write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TooMany => "429",
            Self::TooManyRetryAfter => "429-retry-after",
            Self::Internal => "500",
            Self::Unavailable => "503",
            Self::Outage => "503-outage",
            Self::Denied => "403",
            Self::NotFound => "404",
            Self::Aborted => "409-aborted",
            Self::Exists => "409-exists",
            Self::Precondition => "412",
            Self::DroppedBefore => "dropped-before",
            Self::DroppedAfter => "dropped-after",
            Self::OperationFails => "operation-fails",
            Self::OperationEndless => "operation-endless",
            Self::Malformed => "malformed",
            Self::Empty => "empty",
            Self::Hollow => "hollow",
            Self::Huge => "huge",
            Self::Slow => "slow",
            Self::Redirect => "redirect",
            Self::KilledBefore => "killed-before",
            Self::KilledAfter => "killed-after",
            Self::Rival(Rival::Labels) => "rival-labels",
            Self::Rival(Rival::Grants) => "rival-grants",
            Self::Rival(Rival::Children) => "rival-children",
            Self::Rival(Rival::Fields) => "rival-fields",
        }
    }

    /// The fault at the call before which `skip` others came that match; the API refuses it with this status and this code.
    pub(crate) fn spec(self, matches: MatchSpec, skip: u32, (status, code): (u16, &str)) -> FaultSpec {
        let bare = FaultSpec { matches, skip, ..FaultSpec::default() };
        let refused = bare.clone().status(status, code);
        let answer = |answer| FaultSpec { answer: Some(answer), ..bare.clone() };
        match self {
            Self::TooMany
            | Self::Internal
            | Self::Unavailable
            | Self::Denied
            | Self::NotFound
            | Self::Aborted
            | Self::Exists
            | Self::Precondition => refused,
            Self::TooManyRetryAfter => FaultSpec { retry_after: Some(1), ..refused },
            Self::Outage => refused.until_cleared(),
            Self::DroppedBefore => bare.dropped_before(),
            Self::DroppedAfter => bare.dropped_after(),
            Self::OperationFails => bare.operation_error(),
            Self::OperationEndless => FaultSpec { operation_endless: true, ..bare },
            Self::Malformed => answer(Answer::Malformed),
            Self::Empty => answer(Answer::Empty),
            Self::Hollow => answer(Answer::Hollow),
            Self::Huge => answer(Answer::Huge),
            Self::Slow => FaultSpec { delay_ms: 14_000, ..bare },
            Self::Redirect => answer(Answer::Redirect),
            Self::KilledBefore | Self::Rival(_) => FaultSpec { hold: true, ..bare },
            Self::KilledAfter => answer(Answer::Never),
        }
    }

    /// Whether the provider's process ends with the call.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }
}
