//! A call to a cloud that failed, as the engine asks about it.
//!
//! Each cloud turns its own errors into this one, once, at its border: the engine knows no status and no text of an API.

/// What the cloud said, as far as the engine acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is no such object.
    NotFound,
    /// An object of that name exists.
    AlreadyExists,
    /// The object changed between read and write, or somebody else changes it now.
    Conflict,
    /// The caller lacks a right.
    Denied,
    /// The object holds others, and so cannot be deleted.
    NotEmpty,
    /// The API is not in use in this account or project: there is nothing of its kinds.
    Disabled,
    /// Anything else: wrong arguments, no connection, a failure of the cloud.
    Other,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CallError {
    text: String,
    advice: Option<String>,
    answer: Answer,
    may_have_happened: bool,
    is_final: bool,
}

impl CallError {
    /// An error with the whole chain of causes in `text`, in one line.
    pub fn new(text: impl Into<String>, answer: Answer) -> Self {
        Self { text: text.into(), advice: None, answer, may_have_happened: false, is_final: false }
    }

    /// What the user can do about it, in sentences.
    #[must_use]
    pub fn advice(mut self, advice: Option<String>) -> Self {
        self.advice = advice;
        self
    }

    /// The call may have taken effect all the same: its answer was lost, or its operation goes on.
    #[must_use]
    pub fn may_have_happened(mut self, may: bool) -> Self {
        self.may_have_happened = may;
        self
    }

    /// The cloud's own operation has come to its end with this error: what it has made is in sight.
    #[must_use]
    pub fn ended_operation(mut self, ended: bool) -> Self {
        self.is_final = ended;
        self
    }

    /// What the user can do about it.
    pub fn advice_text(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// There is no such object.
    pub fn is_not_found(&self) -> bool {
        self.answer == Answer::NotFound
    }

    /// An object of that name exists.
    pub fn is_already_exists(&self) -> bool {
        self.answer == Answer::AlreadyExists
    }

    /// The caller lacks a right.
    pub fn is_denied(&self) -> bool {
        self.answer == Answer::Denied
    }

    /// The object holds others.
    pub fn is_not_empty(&self) -> bool {
        self.answer == Answer::NotEmpty
    }

    /// The API is not in use here.
    pub fn is_disabled(&self) -> bool {
        self.answer == Answer::Disabled
    }

    /// Whether the call may have taken effect.
    pub fn is_uncertain(&self) -> bool {
        self.may_have_happened
    }

    /// Whether an operation of the cloud ended with this error.
    pub fn is_of_ended_operation(&self) -> bool {
        self.is_final
    }
}
