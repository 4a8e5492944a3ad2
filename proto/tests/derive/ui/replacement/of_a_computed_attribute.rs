//! Only what the configuration sets can require replacement.

/// An object.
#[derive(tfplugin::Object)]
struct Thing {
    /// Made by the server.
    #[tf(computed, requires_replace)]
    id: tfplugin::Value<String>,
}
