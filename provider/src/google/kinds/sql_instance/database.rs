//! Databases of an instance.

use tfplugin::{Choice, Dynamic, Object, Value};

use super::stays;
use crate::engine::marks::{Identity, WhenSilent, wire};

/// A database.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Database {
    /// The database's name: at most 63 characters. Defaults to the KEY. Another name is another database.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// The character set, such as `UTF8` or `utf8mb4`. The engine chooses when absent. That of a PostgreSQL database cannot be
    /// changed.
    #[tf(optional, computed, ext(wire("charset"), WhenSilent(|silent| stays(silent, "charset"))))]
    pub(super) charset: Value<String>,
    /// The collation, such as `en_US.UTF8` or `utf8mb4_0900_ai_ci`. The engine chooses when absent. That of a PostgreSQL database
    /// cannot be changed.
    #[tf(optional, computed, ext(wire("collation"), WhenSilent(|silent| stays(silent, "collation"))))]
    pub(super) collation: Value<String>,
    /// What happens to the database when it leaves the configuration and the instance stays: `DELETE` or `ABANDON`. As with the
    /// instance when absent: one that must not be deleted keeps its databases, and the stack forgets them. What counts is
    /// what the state has.
    #[tf(optional)]
    pub(super) deletion_policy: Value<InnerDeletionPolicy>,
}

/// What happens to an object inside an instance that leaves the configuration.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum InnerDeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays in the instance.
    Abandon,
}

/// Fills in what a database means but does not say.
pub(super) fn complete(key: &str, database: &mut Dynamic) {
    let Some(entries) = database.as_entries_mut() else { return };
    let name = entries.slot("name");
    if name.is_null() {
        *name = Dynamic::string(key);
    }
}

/// The relative name of a database; `None` while it is not known.
pub(super) fn path(instance: &str, key: &str, database: &Dynamic) -> Option<String> {
    match database.get("name") {
        Dynamic::Unknown => None,
        name => Some(format!("{instance}/databases/{}", name.as_str().unwrap_or(key))),
    }
}
