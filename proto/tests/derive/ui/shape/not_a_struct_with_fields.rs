//! An object has named fields and no parameters.

/// An enum.
#[derive(tfplugin::Object)]
enum Words {
    One,
}

/// A tuple.
#[derive(tfplugin::Object)]
struct Tuple(tfplugin::Value<bool>);

/// Generic.
#[derive(tfplugin::Object)]
struct Generic<T> {
    /// A field.
    #[tf(optional)]
    field: tfplugin::Value<T>,
}
