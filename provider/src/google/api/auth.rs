//! Access tokens: where they come from, in a fixed order, and how they are kept fresh.
//! [`CredentialsConfig`] says what the user set, [`resolve`] finds the source, [`Tokens`] shares one token among all calls.
//! Some services want another token, that says who one is: [`Tokens::identity_token`].
//! A secret is a [`Secret`] from the moment it is read: it prints as nothing.

mod error;
mod exchange;
mod external_account;
mod fields;
mod file;
mod impersonation;
mod metadata;
pub mod resolve;
mod service_account;
mod tokens;
mod user;

pub use error::{AuthError, Tried};
pub use tokens::{Lease, Tokens};

pub use crate::http::Environment;

use crate::http::Secret;

/// What the user said about credentials.
#[derive(Clone, Debug, Default)]
pub struct CredentialsConfig {
    /// `access_token` of the provider block.
    pub access_token: Option<Secret>,
    /// `credentials` of the provider block: a path, or the document itself.
    pub credentials: Option<Secret>,
    /// The service account to act as.
    pub impersonate_service_account: Option<String>,
    /// Everything else: variables, well-known files, the machine's own services.
    pub environment: Environment,
}

/// The one scope that is asked for; what may be done is a matter of IAM.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

#[cfg(test)]
mod tests;
