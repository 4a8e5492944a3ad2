//! Somebody else changes the cloud: its fields are edited, behind the provider's back.

use serde_json::Value as Json;

use crate::drive::{Change, Fault, Stage};
use crate::snapshot::Snapshot;

/// Makes the cloud of a stack that is settled at `ours` look as one at `theirs` does, which is `known` where it was seen.
/// What can only be made anew is.
pub(crate) async fn change(
    stage: &mut Stage,
    ours: &Json,
    theirs: &Json,
    known: Option<Snapshot>,
    anew: bool,
) -> Result<Change, Fault> {
    let theirs = match known {
        Some(known) => known,
        None if anew => Stage::with(theirs).await?.snapshot(),
        None => {
            stage.converge(theirs).await?;
            let seen = stage.snapshot();
            stage.converge(ours).await?;
            seen
        }
    };
    let before = stage.snapshot();
    let fields = before.differences(&theirs);
    before.drift(&stage.cloud, &theirs, &fields);
    Ok(Change { before, fields })
}
