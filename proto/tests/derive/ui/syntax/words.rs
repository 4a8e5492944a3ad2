//! Words that are unknown, misplaced, repeated or incomplete.

use tfplugin::{Object, Value};

/// Words.
#[derive(Object)]
#[tf(sensitive)]
struct Words {
    /// Misspelt, twice.
    #[tf(optionl, sensitve)]
    misspelt: Value<bool>,
    /// Far off.
    #[tf(optional, validator)]
    far: Value<bool>,
    /// Repeated.
    #[tf(optional, optional)]
    repeated: Value<bool>,
    /// Incomplete.
    #[tf(default, deprecated, name = 5)]
    incomplete: Value<bool>,
    /// Too much.
    #[tf(required = true)]
    much: Value<bool>,
    /// Empty.
    #[tf(optional, deprecated = "")]
    empty: Value<bool>,
}
