//! Somebody else changes the cloud: another run of Terraform, of which the stack's own knows nothing.

use serde_json::{Value as Json, json};

use crate::cloud::STACK_ITSELF;
use crate::drive::{Change, Fault, Stage};
use crate::snapshot::Snapshot;

/// Makes the cloud of a stack that is settled at `ours` look as one at `theirs` does. What can only be made anew is.
pub(crate) async fn change(
    stage: &mut Stage,
    _ours: &Json,
    theirs: &Json,
    _known: Option<Snapshot>,
    anew: bool,
) -> Result<Change, Fault> {
    let (before, ours) = (stage.snapshot(), stage.object.clone());
    if anew {
        let nothing: Json = serde_json::from_str(STACK_ITSELF).unwrap_or(json!({}));
        stage.converge(&nothing).await?;
    }
    stage.converge(theirs).await?;
    stage.object = ours;
    let fields = before.differences(&stage.snapshot());
    Ok(Change { before, fields })
}
