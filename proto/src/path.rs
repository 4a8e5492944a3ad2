//! Where in a resource's body something is.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::Name;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute or block of an object.
    Attribute(Name),
    /// An element of a map.
    Key(Name),
    /// An element of a list.
    Index(usize),
}

/// A path from the resource's body to an attribute. Elements of sets have no key: a path stops at the set.
///
/// A path shares all but its last step with the one that it was made from: walks make one for every value.
#[derive(Clone, Default)]
pub struct Path(Option<Arc<Node>>);

struct Node {
    before: Path,
    step: Step,
}

impl Path {
    /// The body itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path, one attribute further.
    #[must_use]
    pub fn attribute(&self, name: impl Into<Name>) -> Self {
        self.with(Step::Attribute(name.into()))
    }

    /// This path, one map key further.
    #[must_use]
    pub fn key(&self, key: impl Into<Name>) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// This path, one list index further.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// This path and then `step`.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        Self(Some(Arc::new(Node { before: self.clone(), step })))
    }

    /// Whether it is the body itself.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// The steps from the body.
    pub fn steps(&self) -> Vec<&Step> {
        let back = std::iter::successors(self.0.as_deref(), |node| node.before.0.as_deref());
        let mut steps: Vec<&Step> = back.map(|node| &node.step).collect();
        steps.reverse();
        steps
    }
}

impl fmt::Display for Path {
    /// As a user would write it: `buckets["models"].lifecycle_rules[0].age`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps().into_iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.steps()).finish()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.steps() == other.steps()
    }
}

impl Eq for Path {}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self.steps().cmp(&other.steps())
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.steps().hash(state);
    }
}
