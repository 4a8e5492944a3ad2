//! Credential documents: told apart by their `type`, and made into a source.
//! What a document lacks is said by field name; contents are never quoted.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::error::AuthError;
use super::exchange::{TokenSource, confidential_url};
use super::external_account::ExternalAccount;
use super::fields::Fields;
use super::impersonation::Impersonation;
use super::service_account::ServiceAccountKey;
use super::user::AuthorizedUser;
use crate::regular_file;

/// A source and the quota project that came with it.
#[derive(Debug)]
pub(super) struct FromFile {
    pub(super) source: Box<dyn TokenSource>,
    pub(super) quota_project: Option<String>,
    /// The kind, for people.
    pub(super) kind: &'static str,
}

/// Reads what the user gave: the document itself, or the path of a file that holds it.
pub(super) fn path_or_document(place: &str, given: &str) -> Result<FromFile, AuthError> {
    if given.trim_start().starts_with('{') {
        return document(place, given);
    }
    let home = given.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    let path = home.unwrap_or_else(|| given.into());
    path_only(place, &path)
}

/// Reads a file.
pub(super) fn path_only(place: &str, path: &Path) -> Result<FromFile, AuthError> {
    let unreadable = |source: io::Error| {
        let place = place.to_owned();
        // People put the credentials themselves where a path should be, in forms that nobody foresees.
        if is_surely_a_path(path) {
            AuthError::Unreadable { place, path: path.display().to_string(), source }
        } else {
            AuthError::NoDocument { place }
        }
    };
    let text = regular_file::read(path, LARGEST).map_err(unreadable)?;
    document(place, &String::from_utf8_lossy(&text))
}

/// More than any credentials file has, in bytes.
const LARGEST: u64 = 1 << 20;

/// Whether a text can be shown as a path: its folder is there, or it ends as the name of a file does.
fn is_surely_a_path(path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    is_json || folder.is_some_and(Path::is_dir)
}

fn document(place: &str, text: &str) -> Result<FromFile, AuthError> {
    let document: Value = serde_json::from_str(text).map_err(|error| {
        Fields { place, document: &Value::Null }.malformed(format!(
            "not JSON (line {} column {})",
            error.line(),
            error.column()
        ))
    })?;
    let fields = Fields { place, document: &document };
    let (source, kind) = source(&fields)?;
    Ok(FromFile { source, kind, quota_project: fields.optional("quota_project_id").map(str::to_owned) })
}

fn source(fields: &Fields<'_>) -> Result<(Box<dyn TokenSource>, &'static str), AuthError> {
    Ok(match fields.text("type")? {
        "service_account" => (Box::new(ServiceAccountKey::read(fields)?), "service account key"),
        "authorized_user" => (Box::new(AuthorizedUser::read(fields)?), "user credentials"),
        "external_account" => (external_account(fields)?, "external account"),
        "impersonated_service_account" => (impersonated(fields)?, "impersonated service account"),
        other => {
            return Err(AuthError::Unsupported { place: fields.place.to_owned(), kind: format!("type {other:?}") });
        }
    })
}

fn external_account(fields: &Fields<'_>) -> Result<Box<dyn TokenSource>, AuthError> {
    let base = Box::new(ExternalAccount::read(fields)?);
    let Some(url) = fields.optional("service_account_impersonation_url") else { return Ok(base) };
    let url = confidential_url(fields.place, "service_account_impersonation_url", url)?;
    let options = fields.document.get("service_account_impersonation");
    let lifetime = options.and_then(|options| options.get("token_lifetime_seconds")).and_then(Value::as_u64);
    Ok(Box::new(Impersonation::at(base, url, lifetime, Vec::new())))
}

fn impersonated(fields: &Fields<'_>) -> Result<Box<dyn TokenSource>, AuthError> {
    let url = confidential_url(
        fields.place,
        "service_account_impersonation_url",
        fields.text("service_account_impersonation_url")?,
    )?;
    let inner =
        fields.document.get("source_credentials").ok_or_else(|| fields.malformed("source_credentials is missing"))?;
    if inner.get("type").and_then(Value::as_str) == Some("impersonated_service_account") {
        return Err(fields.malformed("source_credentials are impersonated themselves"));
    }
    let (base, _) = source(&Fields { place: fields.place, document: inner })?;
    let delegates = fields.document.get("delegates").and_then(Value::as_array).into_iter().flatten();
    let delegates = delegates.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    Ok(Box::new(Impersonation::at(base, url, None, delegates)))
}
