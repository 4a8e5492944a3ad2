//! `artifactregistry.googleapis.com`.

use super::Api;

/// The API.
pub(crate) fn api() -> Api {
    Api::new("artifactregistry.googleapis.com")
}
