//! `or_fail`: turns an error of the rig into a panic that says what was being done.

use std::fmt::Display;

/// Ends the test when the rig, not the thing under test, fails.
pub trait OrFail<T> {
    /// The value, or a panic "could not WHAT: error".
    fn or_fail(self, what: impl Display) -> T;
}

impl<T, E: Display> OrFail<T> for Result<T, E> {
    #[track_caller]
    fn or_fail(self, what: impl Display) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("could not {what}: {error}"),
        }
    }
}

impl<T> OrFail<T> for Option<T> {
    #[track_caller]
    fn or_fail(self, what: impl Display) -> T {
        match self {
            Some(value) => value,
            None => panic!("could not {what}"),
        }
    }
}
