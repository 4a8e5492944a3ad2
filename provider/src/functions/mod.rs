//! Provider functions, each in a file of its own.

mod duration_seconds;
mod parse_phase_checkpoint;
mod runbook;

use tfplugin::Registry;

pub use self::duration_seconds::DurationSeconds;
pub use self::parse_phase_checkpoint::ParsePhaseCheckpoint;
pub use self::runbook::Runbook;

/// Registers all of them.
pub fn register<C: Send + Sync + 'static>(registry: &mut Registry<C>) {
    registry.function(DurationSeconds);
    registry.function(ParsePhaseCheckpoint);
    registry.function(Runbook);
}
