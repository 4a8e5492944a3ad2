//! The faults, and which calls each can strike.

use localcloud::{Answer, Drop, FaultSpec, MatchSpec, UNTIL_CLEARED};

use crate::cells::{Operation, Shape};

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

    /// Whether it can strike a call of this shape. A cloud may say that a new object is not there yet; that an old one is not
    /// there would be a lie, and so would be that something exists which nobody made but the call before it.
    pub(crate) fn strikes(self, operation: Operation, shape: &Shape) -> bool {
        match self {
            Self::NotFound => operation == Operation::Create && shape.is_read(),
            Self::Exists => operation == Operation::Create && shape.method == "POST" && !shape.is_read(),
            Self::Aborted | Self::Precondition => !shape.is_read(),
            Self::OperationFails | Self::OperationEndless => shape.starts_operation(),
            // Both are what a deletion answers.
            Self::Empty => shape.method != "DELETE",
            // An import cannot know that an empty page should not be empty.
            Self::Hollow => shape.method != "DELETE" && !(operation == Operation::Import && shape.is_list()),
            Self::KilledBefore => operation.writes() && !shape.is_read(),
            Self::KilledAfter => operation.writes(),
            Self::Rival(_) => operation == Operation::Update,
            _ => true,
        }
    }

    /// The fault that strikes the call of this shape before which `skip` others came.
    pub(crate) fn spec(self, shape: &Shape, skip: u32) -> FaultSpec {
        let matches =
            MatchSpec { host: Some(shape.host.clone()), method: Some(shape.method.clone()), path: Some(shape.regex()) };
        let bare = FaultSpec { matches, skip, ..FaultSpec::default() };
        let status =
            |status, reason: &str| FaultSpec { status: Some(status), reason: Some(reason.to_owned()), ..bare.clone() };
        let answer = |answer| FaultSpec { answer: Some(answer), ..bare.clone() };
        match self {
            Self::TooMany => status(429, "RESOURCE_EXHAUSTED"),
            Self::TooManyRetryAfter => FaultSpec { retry_after: Some(1), ..status(429, "RESOURCE_EXHAUSTED") },
            Self::Internal => status(500, "INTERNAL"),
            Self::Unavailable => status(503, "UNAVAILABLE"),
            Self::Outage => FaultSpec { times: UNTIL_CLEARED, ..status(503, "UNAVAILABLE") },
            Self::Denied => status(403, "PERMISSION_DENIED"),
            Self::NotFound => status(404, "NOT_FOUND"),
            Self::Aborted => status(409, "ABORTED"),
            Self::Exists => status(409, "ALREADY_EXISTS"),
            Self::Precondition => FaultSpec { status: Some(412), ..bare },
            Self::DroppedBefore => FaultSpec { drop: Some(Drop::Before), ..bare },
            Self::DroppedAfter => FaultSpec { drop: Some(Drop::After), ..bare },
            Self::OperationFails => FaultSpec { operation_error: true, ..bare },
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
}
