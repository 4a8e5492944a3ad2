//! What is never stored can be neither computed nor compared.

use std::collections::BTreeSet;

use tfplugin::{Object, Value};

/// Secrets.
#[derive(Object)]
struct Secrets {
    /// Computed.
    #[tf(optional, computed, write_only)]
    computed: Value<String>,
    /// Assumed.
    #[tf(default = "hush", write_only)]
    assumed: Value<String>,
    /// Replacing.
    #[tf(optional, write_only, requires_replace)]
    replacing: Value<String>,
    /// A set.
    #[tf(optional, write_only)]
    set: Value<BTreeSet<String>>,
}
