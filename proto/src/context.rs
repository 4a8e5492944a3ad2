//! What every handler gets beside its request.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::Diagnostic;

/// The configured client, and the word that Terraform wants to stop.
#[derive(Debug)]
pub struct Context<C> {
    pub(crate) client: Option<Arc<C>>,
    pub(crate) stop: CancellationToken,
}

impl<C> Clone for Context<C> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), stop: self.stop.clone() }
    }
}

impl<C> Context<C> {
    /// A context, for unit tests of handlers.
    pub fn new(client: Option<Arc<C>>, stop: CancellationToken) -> Self {
        Self { client, stop }
    }

    /// What [`crate::Provider::configure`] returned.
    ///
    /// # Errors
    /// When the provider has not been configured: Terraform validates, moves state and calls functions without it.
    pub fn client(&self) -> Result<&Arc<C>, Diagnostic> {
        self.client.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "The provider is not configured",
                "Terraform asked for something that needs the provider's configuration before it sent it. This is a \
                 fault of the provider or of Terraform, not of your configuration.",
            )
        })
    }

    /// Cancelled when Terraform asks to stop (Ctrl-C): finish the remote step at hand, return what is known.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}
