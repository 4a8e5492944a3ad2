//! The table at the end: faults by operations, how many cells ran and how many of them failed.

use std::collections::BTreeMap;
use std::fmt;

use crate::cells::{Cell, Operation};
use crate::faults::Fault;

#[derive(Default)]
pub(crate) struct Table(BTreeMap<(Fault, Operation), (usize, usize)>);

impl Table {
    pub(crate) fn count(&mut self, cell: &Cell, failed: bool) {
        let (run, failures) = self.0.entry((cell.fault, cell.operation)).or_default();
        *run += 1;
        *failures += usize::from(failed);
    }

    pub(crate) fn run(&self) -> usize {
        self.0.values().map(|(run, _)| run).sum()
    }

    fn failed(&self) -> usize {
        self.0.values().map(|(_, failed)| failed).sum()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:18}", "run/failed")?;
        Operation::ALL.iter().try_for_each(|operation| write!(f, "{:>10}", operation.name()))?;
        let has_run = |fault: &Fault| self.0.keys().any(|(run, _)| run == fault);
        for fault in Fault::ALL.into_iter().filter(has_run) {
            write!(f, "\n{:18}", fault.name())?;
            for operation in Operation::ALL {
                match self.0.get(&(fault, operation)) {
                    Some((run, failed)) => write!(f, "{:>10}", format!("{run}/{failed}"))?,
                    None => write!(f, "{:>10}", "-")?,
                }
            }
        }
        write!(f, "\n{} cells run, {} failed", self.run(), self.failed())
    }
}
