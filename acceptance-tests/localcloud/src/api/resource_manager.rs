//! `cloudresourcemanager.googleapis.com`.

use super::Api;

/// The API.
pub(crate) fn api() -> Api {
    Api::new("cloudresourcemanager.googleapis.com")
}
