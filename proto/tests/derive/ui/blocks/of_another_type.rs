//! The nesting and the field's type belong together.

/// Inner.
#[derive(tfplugin::Object)]
struct Inner {}

/// Blocks.
#[derive(tfplugin::Object)]
struct Blocks {
    /// A list is no map.
    #[tf(block(map))]
    listed: Vec<Inner>,
}
