//! Exactly one party sets an attribute, or one first.

use tfplugin::{Object, Value};

/// Each field has another mistake, and all are told.
#[derive(Object)]
struct Mistakes {
    /// Nobody sets it.
    nobody: Value<bool>,
    /// Nobody sets it, and it is a secret.
    #[tf(sensitive)]
    secret: Value<bool>,
    /// Both.
    #[tf(required, optional)]
    both: Value<bool>,
    /// Required and computed.
    #[tf(required, computed)]
    made: Value<bool>,
    /// Required with a default.
    #[tf(required, default = true)]
    assumed: Value<bool>,
    /// Computed with a default.
    #[tf(computed, default = true)]
    fixed: Value<bool>,
    /// Optional with a default.
    #[tf(optional, default = true)]
    doubled: Value<bool>,
}

fn no_error_follows(mistakes: &Mistakes) -> tfplugin::Dynamic {
    mistakes.encode()
}
