//! Data sources: objects that a configuration reads and does not manage.

use std::future::Future;

use crate::{Context, Diagnostics, Object};

/// A data source. `C` is what [`crate::Provider::configure`] makes.
///
/// Terraform reads it with a wholly known configuration, again at every plan. The SDK puts the configured values back
/// where the answer spells them differently, and refuses answers that hold unknown values.
pub trait DataSource<C: Send + Sync + 'static>: Send + Sync + 'static {
    /// Arguments and results together.
    type State: Object;

    /// The full type name: `PROVIDER_NAME`.
    fn type_name(&self) -> &'static str;

    /// Checks a configuration beyond what the schema says. Unknown values could be valid. No remote calls.
    fn validate(&self, config: &Self::State) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Reads. What is not found is an error.
    fn read(
        &self,
        request: ReadDataRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = ReadDataResponse<Self::State>> + Send;
}

/// What to read.
#[derive(Debug)]
pub struct ReadDataRequest<S> {
    /// The configuration, wholly known, with defaults.
    pub config: S,
}

/// What was read.
#[derive(Debug)]
pub struct ReadDataResponse<S> {
    /// Arguments and results; `None` needs an error.
    pub state: Option<S>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}
