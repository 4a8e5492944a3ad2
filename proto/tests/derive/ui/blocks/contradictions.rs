//! A block has counts and an object, and nothing else.

use std::collections::BTreeMap;

use tfplugin::{Object, Value};

/// Inner.
#[derive(Object)]
struct Inner {}

/// Blocks.
#[derive(Object)]
struct Blocks {
    /// Optional.
    #[tf(block, optional, sensitive)]
    optional: Vec<Inner>,
    /// Counted.
    #[tf(block(map, max = 3))]
    counted: BTreeMap<String, Inner>,
    /// Crossed.
    #[tf(block(min = 3, max = 2))]
    crossed: Vec<Inner>,
    /// Forbidden.
    #[tf(block(max = 0))]
    forbidden: Vec<Inner>,
    /// Two nestings.
    #[tf(block(set, map))]
    two: Vec<Inner>,
    /// Misspelt.
    #[tf(block(sets))]
    misspelt: Vec<Inner>,
}
