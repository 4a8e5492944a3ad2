//! Other types are left to the compiler, which points at the field.

use tfplugin::{Object, Value};

struct Foreign;

/// Types.
#[derive(Object)]
struct Types {
    /// Foreign.
    #[tf(optional)]
    foreign: Value<Foreign>,
    /// A default of another type.
    #[tf(default = 5)]
    text: Value<String>,
}
