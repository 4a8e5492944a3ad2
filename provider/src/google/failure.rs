//! A failed call of Google's as the engine sees it.

use super::api::{ApiError, Cause};
use crate::engine::error::{Answer, CallError};

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        let answer = if error.is_not_found() {
            Answer::NotFound
        } else if error.is_not_empty() {
            Answer::NotEmpty
        } else if error.is_already_exists() {
            Answer::AlreadyExists
        } else if error.is_etag_conflict() {
            Answer::Conflict
        } else if error.is_api_disabled().is_some() {
            Answer::Disabled
        } else if error.is_permission_denied() {
            Answer::Denied
        } else {
            Answer::Other
        };
        Self::new(error.chain(), answer)
            .advice(error.advice())
            .may_have_happened(error.may_have_happened())
            .ended_operation(matches!(error.cause(), Cause::Operation { .. }))
    }
}
