//! AWS over HTTP, and nothing of Terraform.
//!
//! One [`Client`] owns connections, credentials and the limit on calls in flight; calls are [`Request`] values, in the
//! protocol of their [`Service`]. What went wrong is an [`ApiError`], which answers questions instead of exposing codes.

mod answers;
pub mod client;
pub mod credentials;
pub mod endpoint;
pub mod error;
mod form;
mod refusal;
mod request;
mod rights;
mod service;
mod sign;
mod xml;

#[cfg(test)]
mod tests;

pub use client::{Caller, Client, ClientConfig};
pub use error::{ApiError, Found};
pub use request::Request;
pub use service::{Protocol, Service};
pub use xml::items;
