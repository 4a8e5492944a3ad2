//! Why there is no token, and what to do about it.
//! Texts name places (a variable, a file, a URL), never contents.

use std::fmt;

use crate::google::api::status::Status;

/// A source that was looked at and had nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The source.
    pub place: String,
    /// What was found there.
    pub found: String,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.found)
    }
}

/// No token could be had.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No source has credentials.
    #[error("no credentials found; looked at {}", list(.0))]
    NoneFound(Vec<Tried>),
    /// A credentials file cannot be read.
    #[error("credentials from {place}: cannot read {path}")]
    Unreadable {
        /// The source.
        place: String,
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A text that is neither a document nor the path of a file; it may be a secret, and is not shown.
    #[error(
        "credentials from {place}: neither a JSON document nor the path of a file that can be read; the value is not shown"
    )]
    NoDocument {
        /// The source.
        place: String,
    },
    /// Credentials are not what they should be.
    #[error("credentials from {place}: {problem}")]
    Malformed {
        /// The source.
        place: String,
        /// What is wrong, without contents.
        problem: String,
    },
    /// Credentials of a kind that is not supported.
    #[error("credentials from {place}: {kind} is not supported")]
    Unsupported {
        /// The source.
        place: String,
        /// The kind.
        kind: String,
    },
    /// The credentials give access tokens, and no identity tokens.
    #[error("credentials from {place} give no identity token: {reason}")]
    NoIdentity {
        /// The source.
        place: String,
        /// Why not.
        reason: &'static str,
    },
    /// A token service refused.
    #[error("credentials from {place}: {step} was refused: {status}")]
    Refused {
        /// The source.
        place: String,
        /// What was asked, and where.
        step: String,
        /// The answer.
        status: Box<Status>,
    },
    /// A token service could not be reached, or broke off.
    #[error("credentials from {place}: {step} got no answer")]
    Unreachable {
        /// The source.
        place: String,
        /// What was asked, and where.
        step: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The library for keys and gcloud failed.
    #[error("credentials from {place}: no token")]
    Library {
        /// The source.
        place: String,
        /// Its error.
        #[source]
        source: gcp_auth::Error,
    },
}

impl AuthError {
    /// Whether another attempt may succeed.
    pub fn is_passing(&self) -> bool {
        match self {
            AuthError::Unreachable { .. } => true,
            AuthError::Refused { status, .. } => status.http == 429 || status.http >= 500,
            AuthError::NoneFound(_)
            | AuthError::Unreadable { .. }
            | AuthError::NoDocument { .. }
            | AuthError::Malformed { .. }
            | AuthError::Unsupported { .. }
            | AuthError::NoIdentity { .. }
            | AuthError::Library { .. } => false,
        }
    }

    /// What the user can do.
    pub fn advice(&self) -> String {
        match self {
            AuthError::NoneFound(tried) => {
                let looked: String = tried.iter().map(|tried| format!("\n  - {tried}")).collect();
                format!(
                    "Give the provider credentials in one of these ways: run gcloud auth application-default login; set \
                     GOOGLE_APPLICATION_CREDENTIALS to a credentials file; set credentials or access_token in the provider block. \
                     What was looked at:{looked}"
                )
            }
            AuthError::Unreadable { place, path, .. } => {
                format!("Check that {place} names a file that exists and can be read here (it gave {path}).")
            }
            AuthError::NoDocument { place } => {
                format!(
                    "Set {place} to the path of a credentials file, or to its content as it is: JSON that begins with {{, not \
                     encoded. A token goes into access_token."
                )
            }
            AuthError::Malformed { place, .. } => {
                format!("Check the document that {place} gives. It should be as Google Cloud or gcloud wrote it.")
            }
            AuthError::Unsupported { .. } => "Supported are service account keys, user credentials of gcloud, impersonated service accounts, and \
                 external accounts whose token comes from a file or a URL."
                .to_owned(),
            AuthError::NoIdentity { .. } => {
                "Act as a service account: set impersonate_service_account in the provider block (or GOOGLE_IMPERSONATE_SERVICE_ACCOUNT) to \
                 one that may call the service, and on which the caller has roles/iam.serviceAccountTokenCreator."
                    .to_owned()
            }
            AuthError::Refused { step, status, .. } if step.contains("generateIdToken") && status.http == 403 => {
                "Grant the caller roles/iam.serviceAccountTokenCreator (or roles/iam.serviceAccountOpenIdTokenCreator) on the service \
                 account, and enable iamcredentials.googleapis.com."
                    .to_owned()
            }
            AuthError::Refused { step, status, .. } if step.contains("generateAccessToken") && status.http == 403 => {
                "Grant the caller roles/iam.serviceAccountTokenCreator on the service account (for an external account also \
                 roles/iam.workloadIdentityUser), and enable iamcredentials.googleapis.com."
                    .to_owned()
            }
            AuthError::Refused { status, .. } if status.has_reason("invalid_grant") => {
                "The credentials have expired or were revoked. For a user: gcloud auth application-default login. For keyless login in a \
                 pipeline: the token of the job may have expired, or the pool's condition refuses it."
                    .to_owned()
            }
            AuthError::Refused { place, .. } | AuthError::Library { place, .. } => {
                format!("Check that the credentials from {place} are still valid and that the clock of this machine is right.")
            }
            AuthError::Unreachable { .. } => "Check the network and proxy settings, and run the command again.".to_owned(),
        }
    }
}

fn list(tried: &[Tried]) -> String {
    tried.iter().map(|tried| tried.place.as_str()).collect::<Vec<_>>().join(", ")
}
