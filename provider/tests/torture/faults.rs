//! The faults. Which calls each can strike, and how, is said in `shape`.

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

    /// Whether the provider's process ends with the call.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }
}
