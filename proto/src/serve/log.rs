//! Logs: `tracing` events as JSON lines on stderr, which Terraform reads, filters once more, and shows at their level.
//!
//! [`levels`] says what is logged, [`mod@line`] how a line is written, [`layer`] joins them to `tracing`.

mod layer;
mod levels;
mod line;

use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use layer::JsonLines;
use levels::Levels;

/// From now on events are logged as the environment asks for it. `name` is the provider's, for `TF_LOG_PROVIDER_<NAME>`.
pub(super) fn install(name: &str, environment: impl Fn(&str) -> Option<String>) {
    let levels = Levels::read(name, environment);
    if levels.is_silent() {
        return;
    }
    // A program that has a subscriber already logs by that one.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(JsonLines::new(levels, std::io::stderr)));
}
