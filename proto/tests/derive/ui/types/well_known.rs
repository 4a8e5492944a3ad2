//! Types that people try first are answered with what to write.

use std::collections::HashMap;

use tfplugin::{Object, Value};

/// Types.
#[derive(Object)]
struct Types {
    /// Bare.
    #[tf(required)]
    bare: String,
    /// An option.
    #[tf(optional)]
    option: Option<String>,
    /// A machine integer.
    #[tf(optional)]
    small: Value<u16>,
    /// Without order.
    #[tf(optional)]
    map: Value<HashMap<String, String>>,
    /// An option within.
    #[tf(optional)]
    inner: Value<Option<bool>>,
}
