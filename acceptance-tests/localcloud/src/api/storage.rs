//! `storage.googleapis.com`.

use serde_json::Value;

use super::{Api, Request};
use crate::error::ApiError;

/// The API.
pub(crate) fn api() -> Api {
    Api::new("storage.googleapis.com")
}

pub(crate) fn upload_metadata(_request: &Request) -> Result<Option<Value>, ApiError> {
    Ok(None)
}
