//! Google Cloud over HTTP, and nothing of Terraform.
//! One [`Client`] owns the connection pool, the token and the limit on calls in flight; calls are [`Request`] values.
//! What went wrong is an [`ApiError`], which answers questions instead of exposing status numbers.

pub mod auth;
pub mod client;
pub mod error;
pub mod etag;
pub mod host;
pub mod operation;
pub mod pages;
pub mod path;
pub mod poll;
pub mod request;
pub mod retry;
pub mod status;
#[cfg(test)]
pub mod testing;

pub use crate::engine::context::{CallContext, Clock, SystemClock};
pub use crate::http::Secret;
pub use client::{Client, ClientConfig, CredentialsPolicy, IdentityError, RawResponse};
pub use error::{ApiDisabled, ApiError, Cause, Found};
pub use host::Host;
pub use operation::OperationApi;
pub use pages::List;
pub use path::{relative, segment};
pub use request::Request;
pub use retry::RetryPolicy;
pub use status::Status;
