//! What a request must satisfy before any API sees it.
//!
//! The one implementation is [`crate::discovery`]; the server only knows this trait.

use serde_json::Value;

use crate::error::ApiError;

/// Refuses requests that the real API would refuse for their form alone.
pub trait RequestCheck: Send + Sync {
    /// Judges one request. `path` is decoded and begins with a slash, `query` holds the parameters in order, `body` the JSON
    /// (for an upload with metadata, the metadata).
    ///
    /// # Errors
    /// The refusal, as the API would word it.
    fn check(
        &self,
        host: &str,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<(), ApiError>;
}
