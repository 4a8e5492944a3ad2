//! The critical path of an operation, as localcloud finds it, from what a world saw.
//!
//! It comes from what the APIs demand, not from what the provider does: [`localcloud::critical_path()`].

use localcloud::{CriticalPath, Seed, Speed};

use crate::{OrFail, Request, Snapshot};

/// The critical path of what turned `before` into `after` by these calls.
pub fn critical_path(before: &Snapshot, after: &Snapshot, calls: &[Request], speed: Speed) -> CriticalPath {
    let seed = |snapshot: &Snapshot| -> Seed {
        serde_json::from_value(snapshot.0.clone()).or_fail("read localcloud's snapshot")
    };
    localcloud::critical_path(&seed(before), &seed(after), calls, speed)
}
