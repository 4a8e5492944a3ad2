//! Firestore databases, with their composite indexes and TTL fields.
//!
//! Every write is long-running. Indexes and TTL fields are objects of their own below the database; they hang in its JSON
//! as `indexes` and `ttlFields`. A database is data: it stays when its component goes, unless that says otherwise.

mod index;
#[cfg(test)]
mod tests;
mod ttl;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::index::Index;
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Children, Immutable, Inner, OwnKeys, ScalarCodec, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::{SHORT_NAME, UPPER};
use crate::google::api::{ApiError, Host};
use crate::google::rest::{Naming, Operations, Parts, Rest, RestKind, Undeletion, Update};
use crate::google::session::Run;
use crate::types::Location;

/// The kind.
pub(super) struct FirestoreDatabase;

/// Firestore databases, by KEY.
#[derive(Object, Clone)]
pub(super) struct FirestoreDatabaseSpec {
    /// The database's name: `(default)`, or 4 to 63 lower-case letters, digits and `-`, with a letter first. Immutable.
    #[tf(default = "(default)", ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// Where the data is: a region, or `eur3` or `nam5` for several in Europe or North America. Immutable.
    #[tf(required, ext(wire("locationId"), Immutable))]
    pub(super) location: Value<Location>,
    /// `FIRESTORE_NATIVE`, or `DATASTORE_MODE` for applications that speak Datastore. It can be changed while the database
    /// is empty.
    #[tf(default = "FIRESTORE_NATIVE", ext(wire("type").codec(UPPER).always()))]
    pub(super) r#type: Value<DatabaseType>,
    /// The edition: `STANDARD` or `ENTERPRISE`. Immutable.
    #[tf(default = "STANDARD", ext(wire("databaseEdition").codec(UPPER), Immutable))]
    pub(super) edition: Value<Edition>,
    /// How transactions keep out of each other's way: `PESSIMISTIC`, `OPTIMISTIC` or `OPTIMISTIC_WITH_ENTITY_GROUPS`. The
    /// edition says when absent.
    #[tf(optional, computed, ext(wire("concurrencyMode")))]
    pub(super) concurrency_mode: Value<ConcurrencyMode>,
    /// Whether the data can be read as it was at any minute of the last 7 days, rather than of the last hour.
    #[tf(default = false, ext(wire("pointInTimeRecoveryEnablement").codec(POINT_IN_TIME)))]
    pub(super) point_in_time_recovery: Value<bool>,
    /// Whether the API refuses to delete the database.
    #[tf(default = false, ext(wire("deleteProtectionState").codec(PROTECTION)))]
    pub(super) delete_protection: Value<bool>,
    /// The Cloud KMS key that the data is encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`, in the
    /// database's location. Google's own keys when absent. Immutable.
    #[tf(optional, ext(wire("cmekConfig.kmsKeyName"), Immutable))]
    pub(super) kms_key: Value<KmsKey>,
    /// Composite indexes, by a KEY of your choice. Indexes that others made are left alone. An index cannot be changed: the
    /// new one is made, which takes minutes, and more where there is much data, and then the old one is deleted, as one
    /// that leaves the configuration is. That of a database that must not be deleted stays and is released. The plan says
    /// which.
    #[tf(optional, ext(wire("indexes"), Children))]
    pub(super) indexes: Value<BTreeMap<String, Index>>,
    /// Documents that go by themselves: for each collection group the field with the time after which a document is
    /// deleted: `{ feedback = "expireAt" }`. A collection group has one such field. Those that others set are left alone, and
    /// those of an imported database stay when they leave the configuration.
    #[tf(optional, ext(wire("ttlFields"), OwnKeys, Inner))]
    pub(super) ttl_fields: Value<BTreeMap<String, String>>,
    /// The database's relative name: `projects/P/databases/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// The database's unique identifier, which a database made anew under the same name does not share.
    #[tf(computed, ext(wire("uid")))]
    pub(super) uid: Value<String>,
}

/// What a database speaks.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseType {
    /// Firestore.
    FirestoreNative,
    /// Datastore.
    DatastoreMode,
}

/// What a database can do.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    /// Indexes on all fields, and the classic queries.
    Standard,
    /// Indexes as declared, and MongoDB's protocol.
    Enterprise,
}

/// How transactions keep out of each other's way.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConcurrencyMode {
    /// The later one is tried again.
    Optimistic,
    /// The later one waits.
    Pessimistic,
    /// As Datastore has it.
    OptimisticWithEntityGroups,
}

const POINT_IN_TIME: ScalarCodec = ScalarCodec {
    write: |on| switch(on, "POINT_IN_TIME_RECOVERY_ENABLED", "POINT_IN_TIME_RECOVERY_DISABLED"),
    read: |json| is_on(json),
};

const PROTECTION: ScalarCodec = ScalarCodec {
    write: |on| switch(on, "DELETE_PROTECTION_ENABLED", "DELETE_PROTECTION_DISABLED"),
    read: |json| is_on(json),
};

fn switch(value: &Dynamic, on: &str, off: &str) -> Json {
    value.as_bool().map_or(Json::Null, |is_on| Json::from(if is_on { on } else { off }))
}

fn is_on(json: &Json) -> Dynamic {
    json.as_str().map_or(Dynamic::Null, |text| Dynamic::Bool(text.ends_with("_ENABLED")))
}

fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name == "(default)"
        || (4..=63).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.ends_with(inner)
            && name.chars().all(|c| inner(c) || c == '-')
}

impl Declared for FirestoreDatabase {
    type Spec = FirestoreDatabaseSpec;
    const NAME: &'static str = "firestore_databases";
    const NOUN: &'static str = "firestore database";

    fn validate(&self, spec: &FirestoreDatabaseSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid database name",
                    format!(
                        "{name:?} cannot be the name of a database: it is \"(default)\", or 4 to 63 lower-case letters, digits \
                         and '-', with a letter first and a letter or digit last."
                    ),
                )
                .at(path.attribute("name")),
            );
        }
    }

    fn validate_new(&self, spec: &FirestoreDatabaseSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let edition = spec.edition.known().copied();
        for (key, index) in spec.indexes.known().into_iter().flatten() {
            index::validate(index, edition, &path.attribute("indexes").key(key), diagnostics);
        }
        for (collection, field) in spec.ttl_fields.known().into_iter().flatten() {
            if collection.is_empty() || field.is_empty() {
                diagnostics.push(
                    Diagnostic::error("A name is missing", "ttl_fields are COLLECTION = \"FIELD\", both with a name.")
                        .at(path.attribute("ttl_fields").key(collection)),
                );
            }
        }
    }
}

impl Kind for FirestoreDatabase {
    fn holds_data(&self) -> bool {
        true
    }

    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        let indexes = component.as_entries_mut().and_then(|entries| entries.get_mut("indexes"));
        for (_, index) in indexes.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
            index::complete(index);
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        match component.get("name").as_str() {
            Some(name) => vec![("id", Dynamic::string(format!("projects/{}/databases/{name}", scope.place.account)))],
            None => Vec::new(),
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "appEngineIntegrationMode",
            "createTime",
            "earliestVersionTime",
            "etag",
            "firestoreDataAccessMode",
            "freeTier",
            "indexes.*.density",
            "indexes.*.multikey",
            "indexes.*.shardCount",
            "indexes.*.state",
            "keyPrefix",
            "mongodbCompatibleDataAccessMode",
            "previousId",
            "realtimeUpdatesMode",
            "sourceInfo",
            "updateTime",
            "versionRetentionPeriod",
        ]
    }

    fn inner_names(&self, component: &Dynamic, _: &Scope) -> Option<Vec<String>> {
        let (indexes, fields) = (component.get("indexes"), component.get("ttl_fields"));
        let database = component.get("id").as_str()?;
        if indexes.is_unknown() || !fields.is_wholly_known() {
            return None;
        }
        let mut names = Vec::new();
        for (_, index) in indexes.as_entries().into_iter().flatten() {
            match index.get("id") {
                Dynamic::Unknown => return None,
                id => names.extend(id.as_str().map(str::to_owned)),
            }
        }
        for (collection, field) in fields.as_entries().into_iter().flatten() {
            names.push(format!("{database}/collectionGroups/{collection}/fields/{}", field.as_str()?));
        }
        Some(names)
    }
}

impl RestKind for FirestoreDatabase {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::FIRESTORE,
            version: "v1",
            collection: "projects/{project}/databases",
            items: "databases",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 0),
            naming: Naming::Query("databaseId"),
            update: Update::Mask { etag: false },
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//firestore.googleapis.com/{name}",
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }

    fn undeletion(&self) -> Option<&dyn Undeletion> {
        Some(self)
    }
}

#[async_trait]
impl Parts for FirestoreDatabase {
    fn fields(&self) -> &'static [&'static str] {
        &["indexes", "ttlFields"]
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        let read = bodies.iter_mut().map(|database| async move {
            let name = database.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
            let (indexes, fields) = futures::try_join!(index::read(&name, run), ttl::read(&name, run))?;
            for (part, value) in [("indexes", indexes), ("ttlFields", fields)] {
                crate::engine::wire::put(database, part, value);
            }
            Ok(())
        });
        futures::future::try_join_all(read).await.map(|_: Vec<()>| ())
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        index::look_for(body, component, run).await?;
        ttl::look_for(body, component, run).await
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        // Neither waits for the other, and neither is left half done because the other failed.
        let ((made, indexes), fields) =
            futures::join!(index::write(name, before, after, run), ttl::write(name, before, after, run));
        after["indexes"] = made;
        if fields.is_err() {
            after["ttlFields"] = before.get("ttlFields").cloned().unwrap_or_default();
        }
        indexes.and(fields)
    }
}

#[async_trait]
impl Undeletion for FirestoreDatabase {
    fn is_deleted(&self, body: &Json) -> bool {
        body.get("deleteTime").is_some_and(|time| !time.is_null())
    }
}
