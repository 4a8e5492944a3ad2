//! Running handlers so that neither a panic nor a lost connection leaves work half done.

use std::future::Future;

use crate::Diagnostic;

/// Runs `work` on a task of its own: when Terraform goes away, the call is dropped and the work still comes to its end.
///
/// # Errors
/// With a diagnostic that names the call when the handler panics.
pub(super) async fn on_its_own<T: Send + 'static>(
    call: &'static str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Diagnostic> {
    tracing::debug!(call, "started");
    let result = tokio::spawn(work).await;
    tracing::debug!(call, "finished");
    result.map_err(|error| {
        if error.is_panic() {
            tracing::error!(call, "a handler panicked");
            panicked(call)
        } else {
            Diagnostic::error(
                "The provider is stopping",
                format!("{call} was given up because the provider's process is coming to its end."),
            )
        }
    })
}

fn panicked(call: &str) -> Diagnostic {
    Diagnostic::error(
        "The provider crashed",
        format!(
            "A fault in the provider ended {call} in the middle. The message and the place are in the log (set \
             TF_LOG=ERROR and run again). Please report them to the provider's developers."
        ),
    )
}

/// The answer to everything that is asked of a provider that was told to stop.
pub(super) fn stopped(call: &str) -> Diagnostic {
    Diagnostic::error("Stopped", format!("{call} was not started: Terraform asked the provider to stop."))
}
