//! What every component of one stack shares: where it is and what is merged into it.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use super::place::Place;

/// Place, name, labels and settings of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Where the stack is.
    pub place: Place,
    /// The stack's name, which is also its stamp.
    pub stack: String,
    /// The provider's labels for everything.
    pub default_labels: BTreeMap<String, String>,
    /// How the keys of labels begin that others set: an import leaves them to those.
    pub foreign_labels: Vec<String>,
    /// The stack's `labels`.
    pub labels: BTreeMap<String, String>,
    /// Whether some of the stack's labels are not known yet.
    pub open_labels: bool,
    /// The stack's own attributes that a kind may look at.
    pub settings: Dynamic,
}
