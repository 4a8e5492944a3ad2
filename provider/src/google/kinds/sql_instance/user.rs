//! Users of an instance.

use tfplugin::{Choice, Dynamic, Object, Value};

use super::database::InnerDeletionPolicy;
use super::version::Family;
use crate::engine::marks::{FreeText, Identity, Immutable, InputOnly, wire};

/// A user who may log in to the databases.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct User {
    /// The user's name; of IAM users the email, for PostgreSQL with or without the `.gserviceaccount.com` of service accounts.
    /// Defaults to the KEY. `{{service_accounts.KEY.email}}` is filled in. Another name is another user.
    #[tf(optional, ext(wire("name"), Identity, FreeText))]
    pub(super) name: Value<String>,
    /// From where a MySQL user may come: an address, or a pattern such as `10.%`. Everywhere, `%`, when absent. Another host is
    /// another user. Only for MySQL.
    #[tf(optional, ext(wire("host"), Identity))]
    pub(super) host: Value<String>,
    /// `BUILT_IN` for one with a password, or `CLOUD_IAM_USER`, `CLOUD_IAM_SERVICE_ACCOUNT` or `CLOUD_IAM_GROUP`, which need
    /// the instance's flag for IAM. Immutable: a change is refused, or with `allow_replacement` on the instance deletes the
    /// user and creates it anew.
    #[tf(default = "BUILT_IN", ext(wire("type"), Immutable))]
    pub(super) r#type: Value<UserType>,
    /// The user's password. It is sent when the user is made and whenever `password_wo_version` changes. It is never stored:
    /// not in the state, not in a plan, not in a log, and nobody can read it back.
    #[tf(optional, write_only, sensitive, ext(wire("password"), InputOnly))]
    pub(super) password_wo: Value<String>,
    /// Any number; change it to send `password_wo` again. A user of an imported instance keeps the password that it has:
    /// the first number after the import is recorded, and nothing is sent until it changes once more.
    #[tf(optional)]
    pub(super) password_wo_version: Value<i64>,
    /// What happens to the user when it leaves the configuration and the instance stays: `DELETE` or `ABANDON`, for instance
    /// because it owns objects that PostgreSQL will not leave without an owner. As with the instance when absent, as for
    /// databases. What counts is what the state has.
    #[tf(optional)]
    pub(super) deletion_policy: Value<InnerDeletionPolicy>,
}

/// How a user proves who it is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum UserType {
    /// By a password.
    BuiltIn,
    /// As a person with a Google account.
    CloudIamUser,
    /// As a service account.
    CloudIamServiceAccount,
    /// As a group of either.
    CloudIamGroup,
    /// As a person in a group: the API makes it at the first login.
    CloudIamGroupUser,
    /// As a service account in a group: the API makes it at the first login.
    CloudIamGroupServiceAccount,
}

/// The ending of service accounts' emails that PostgreSQL does without.
const ACCOUNT_ENDING: &str = ".gserviceaccount.com";

/// Fills in what a user means but does not say.
pub(super) fn complete(key: &str, family: Option<Family>, user: &mut Dynamic) {
    let kind = user.get("type").clone();
    let Some(entries) = user.as_entries_mut() else { return };
    let name = entries.slot("name");
    if name.is_null() {
        *name = Dynamic::string(key);
    }
    if family == Some(Family::Postgres)
        && kind.as_str() == Some("CLOUD_IAM_SERVICE_ACCOUNT")
        && let Some(short) = name.as_str().and_then(|name| name.strip_suffix(ACCOUNT_ENDING)).map(str::to_owned)
    {
        *name = Dynamic::String(short);
    }
    let is_built_in = kind.is_null() || kind.as_str() == Some("BUILT_IN");
    let host = entries.slot("host");
    if host.is_null() && family == Some(Family::MySql) && is_built_in {
        *host = Dynamic::string("%");
    }
}

/// The relative name of a user, with its host where it has one; `None` while it is not known.
pub(super) fn path(instance: &str, key: &str, user: &Dynamic) -> Option<String> {
    let (name, host) = (user.get("name"), user.get("host"));
    if name.is_unknown() || host.is_unknown() {
        return None;
    }
    let name = name.as_str().unwrap_or(key);
    let host = host.as_str().filter(|host| !host.is_empty()).map(|host| format!("@{host}")).unwrap_or_default();
    Some(format!("{instance}/users/{name}{host}"))
}
