//! The cells: every call of every operation, times every fault that can strike it.
//!
//! Calls go side by side, so a call is known by its shape (method, host, path without ids) and by how many of this shape came before.

use std::collections::BTreeMap;
use std::fmt;

use localcloud::RequestRecord;

use crate::faults::Fault;
use crate::shape::Shape;

/// What Terraform does when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Create,
    Update,
    Refresh,
    Import,
    Destroy,
}

impl Operation {
    pub(crate) const ALL: [Self; 5] = [Self::Create, Self::Update, Self::Refresh, Self::Import, Self::Destroy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Refresh => "refresh",
            Self::Import => "import",
            Self::Destroy => "destroy",
        }
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Destroy)
    }
}

/// One fault at one call of one operation.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) operation: Operation,
    pub(crate) fault: Fault,
    pub(crate) shape: Shape,
    /// How many calls of the shape come before.
    pub(crate) skip: u32,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} #{}", self.operation.name(), self.fault.name(), self.shape, self.skip + 1)
    }
}

/// The cells of an operation that makes these calls.
pub(crate) fn cells(operation: Operation, calls: &[RequestRecord]) -> Vec<Cell> {
    let mut shapes: BTreeMap<Shape, u32> = BTreeMap::new();
    for call in calls {
        *shapes.entry(Shape::of(call)).or_default() += 1;
    }
    let cells = shapes.iter().flat_map(|(shape, count)| {
        let faults = Fault::ALL.into_iter().filter(|fault| shape.suffers(*fault, operation));
        faults.flat_map(move |fault| (0..*count).map(move |skip| Cell { operation, fault, shape: shape.clone(), skip }))
    });
    cells.collect()
}
