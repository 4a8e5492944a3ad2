//! `iam.googleapis.com`.

use super::Api;

/// The API.
pub(crate) fn api() -> Api {
    Api::new("iam.googleapis.com")
}
