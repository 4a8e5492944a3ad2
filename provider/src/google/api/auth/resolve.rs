//! Which source of credentials is used: the first that is set, in the order of the google provider.
//! A source that is set and broken is an error, not a reason to look further: the user meant that one.

use super::CredentialsConfig;
use super::error::{AuthError, Tried};
use super::exchange::TokenSource;
use super::file::{self, FromFile};
use super::impersonation::Impersonation;
use super::metadata::Metadata;
use super::service_account::Gcloud;
use super::user::FixedToken;
use crate::http::Pools;
use crate::http::Secret;

/// Variables that hold a path or a document.
pub const CREDENTIALS_VARIABLES: [&str; 3] = ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];
/// The variable that holds a token.
pub const TOKEN_VARIABLE: &str = "GOOGLE_OAUTH_ACCESS_TOKEN";
/// The variable that holds a path.
pub const FILE_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// The source in use.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) source: Box<dyn TokenSource>,
    /// For people: kind and place.
    pub(super) description: String,
    pub(super) quota_project: Option<String>,
}

/// Finds the source. Reads files; asks the metadata server and gcloud only when nothing else is set.
pub(super) async fn resolve(config: &CredentialsConfig, pools: &Pools) -> Result<Resolved, AuthError> {
    let mut tried = Vec::new();
    let found = match set_explicitly(config, &mut tried)? {
        Some(found) => found,
        None => offered_by_machine(config, pools, tried).await?,
    };
    Ok(match &config.impersonate_service_account {
        None => found,
        Some(email) => Resolved {
            description: format!("{email}, impersonated with {}", found.description),
            source: Box::new(Impersonation::of(found.source, email.clone())),
            quota_project: found.quota_project,
        },
    })
}

fn set_explicitly(config: &CredentialsConfig, tried: &mut Vec<Tried>) -> Result<Option<Resolved>, AuthError> {
    let environment = &config.environment;
    let mut unset = |place: &str| tried.push(Tried { place: place.to_owned(), found: "not set".to_owned() });

    match &config.access_token {
        Some(token) => return Ok(Some(fixed(token.clone(), "access_token of the provider block"))),
        None => unset("access_token of the provider block"),
    }
    match &config.credentials {
        Some(given) => {
            return from_file("credentials of the provider block", |place| {
                file::path_or_document(place, given.reveal())
            });
        }
        None => unset("credentials of the provider block"),
    }
    match environment.get(TOKEN_VARIABLE) {
        Some(token) => return Ok(Some(fixed(Secret::new(token), TOKEN_VARIABLE))),
        None => unset(TOKEN_VARIABLE),
    }
    for name in CREDENTIALS_VARIABLES {
        match environment.get(name) {
            Some(given) => return from_file(name, |place| file::path_or_document(place, &given)),
            None => unset(name),
        }
    }
    match environment.get(FILE_VARIABLE) {
        Some(path) => return from_file(FILE_VARIABLE, |place| file::path_only(place, path.as_ref())),
        None => unset(FILE_VARIABLE),
    }
    match environment.default_credentials_file() {
        Some(path) if path.is_file() => {
            return from_file(&path.display().to_string(), |place| file::path_only(place, &path));
        }
        Some(path) => tried.push(Tried { place: path.display().to_string(), found: "no such file".to_owned() }),
        None => tried.push(Tried {
            place: "gcloud's application default credentials".to_owned(),
            found: "no home folder".to_owned(),
        }),
    }
    Ok(None)
}

async fn offered_by_machine(
    config: &CredentialsConfig,
    pools: &Pools,
    mut tried: Vec<Tried>,
) -> Result<Resolved, AuthError> {
    match Metadata::find(&config.environment, pools).await {
        Ok(metadata) => {
            return Ok(Resolved {
                source: Box::new(metadata),
                description: "the metadata server".to_owned(),
                quota_project: None,
            });
        }
        Err(found) => tried.push(Tried { place: "the metadata server".to_owned(), found }),
    }
    match gcloud(config).await {
        Ok(resolved) => Ok(resolved),
        Err(found) => {
            tried.push(Tried { place: "the gcloud program".to_owned(), found });
            Err(AuthError::NoneFound(tried))
        }
    }
}

async fn gcloud(config: &CredentialsConfig) -> Result<Resolved, String> {
    if !config.environment.may_run_programs() {
        return Err("not asked".to_owned());
    }
    let name = if cfg!(windows) { "gcloud.cmd" } else { "gcloud" };
    let path = config.environment.get("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return Err("not on the PATH".to_owned());
    }
    // Whether anybody is logged in shows when the token is fetched; the error then names gcloud.
    Ok(Resolved { source: Box::new(Gcloud), description: "the gcloud program".to_owned(), quota_project: None })
}

fn fixed(token: Secret, place: &str) -> Resolved {
    Resolved { source: Box::new(FixedToken(token)), description: place.to_owned(), quota_project: None }
}

fn from_file(
    place: &str,
    read: impl FnOnce(&str) -> Result<FromFile, AuthError>,
) -> Result<Option<Resolved>, AuthError> {
    let found = read(place)?;
    Ok(Some(Resolved {
        source: found.source,
        description: format!("{} from {place}", found.kind),
        quota_project: found.quota_project,
    }))
}
