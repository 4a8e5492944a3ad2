//! The reference page is made of doc comments.

use tfplugin::{Object, Value};

#[derive(Object)]
struct Bare {
    #[tf(optional)]
    attribute: Value<bool>,
    ///
    #[tf(block)]
    block: Vec<Inner>,
}

/// Inner.
#[derive(Object)]
struct Inner {}
