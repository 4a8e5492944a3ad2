//! Settings of an instance that are more than a field.

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Dynamic, Entries, Number, Object, Value};

use super::stays;
use super::version::Family;
use crate::engine::marks::{Codec, Identity, Silent, WhenSilent, wire, wire_with};
use crate::engine::wire;
use crate::google::kinds::scalars::Instant;

/// Fields that nobody manages.
pub(super) const UNMANAGED: &[&str] = &[
    "availableMaintenanceVersions",
    "backendType",
    "createTime",
    "currentDiskSize",
    "databaseInstalledVersion",
    "databases.*.etag",
    "databases.*.instance",
    "databases.*.kind",
    "databases.*.listed",
    "databases.*.project",
    "databases.*.selfLink",
    "diskEncryptionConfiguration.kind",
    "diskEncryptionStatus",
    "dnsName",
    "dnsNames",
    "etag",
    "failoverReplica",
    "gceZone",
    "geminiConfig",
    "includeReplicasForMajorVersionUpgrade",
    "instanceType",
    "ipAddresses",
    "ipv6Address",
    "kind",
    "maintenanceVersion",
    "maxDiskSize",
    "name",
    "nodes",
    "primaryDnsName",
    "project",
    "pscServiceAttachmentLink",
    "replicaNames",
    "satisfiesPzi",
    "satisfiesPzs",
    "scheduledMaintenance",
    "secondaryGceZone",
    "selfLink",
    "serverCaCert",
    "settings.authorizedGaeApplications",
    "settings.backupConfiguration.backupRetentionSettings.retentionUnit",
    "settings.backupConfiguration.backupTier",
    "settings.backupConfiguration.kind",
    "settings.backupConfiguration.transactionalLogStorageState",
    "settings.ipConfiguration.authorizedNetworks.*.kind",
    "settings.ipConfiguration.requireSsl",
    "settings.ipConfiguration.serverCaMode",
    "settings.kind",
    "settings.locationPreference",
    "settings.maintenanceWindow.kind",
    "settings.pricingPlan",
    "settings.replicationLagMaxSeconds",
    "settings.replicationType",
    "settings.settingsVersion",
    "sqlNetworkArchitecture",
    "state",
    "suspensionReason",
    "switchTransactionLogsToCloudStorageEnabled",
    "upgradableDatabaseVersions",
    "users.*.etag",
    "users.*.iamEmail",
    "users.*.instance",
    "users.*.kind",
    "users.*.listed",
    "users.*.passwordPolicy.status",
    "users.*.project",
    "users.*.sqlserverUserDetails",
    "writeEndpoint",
];

/// Backups.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Backup {
    /// Whether they are made.
    #[tf(default = false, ext(wire("enabled")))]
    pub(super) enabled: Value<bool>,
    /// When the four hours begin in which one is made: `HH:MM` in UTC. The API chooses when absent.
    #[tf(optional, computed, ext(wire("startTime"), WhenSilent(|silent| stays(silent, "start_time"))))]
    pub(super) start_time: Value<String>,
    /// Where they are kept: a region or multi-region. The multi-region closest to the instance when absent.
    #[tf(optional, ext(wire("location")))]
    pub(super) location: Value<String>,
    /// How many are kept: 1 to 365.
    #[tf(default = 7, ext(wire("backupRetentionSettings.retainedBackups")))]
    pub(super) retained_backups: Value<i64>,
    /// Whether the instance can be restored as it was at any moment; for MySQL this is the binary log. Needs `enabled`.
    #[tf(default = false, ext(wire_with(&PointInTime)))]
    pub(super) point_in_time_recovery: Value<bool>,
    /// For how many days the logs for that are kept: 1 to 7, with `ENTERPRISE_PLUS` to 35. 7 or 14 when absent.
    #[tf(optional, computed, ext(wire("transactionLogRetentionDays"), WhenSilent(days_of_logs)))]
    pub(super) transaction_log_retention_days: Value<i64>,
}

/// The most days of logs that the edition `ENTERPRISE` keeps.
const MOST_DAYS: i64 = 7;

/// The days stay as they are, and come down to what the edition allows.
fn days_of_logs(silent: &Silent<'_>) -> Dynamic {
    let days = stays(silent, "transaction_log_retention_days");
    let most = Number::from(MOST_DAYS);
    let is_above = days.as_number().is_some_and(|days| *days > most);
    let is_enterprise = silent.component.get("edition").as_str() == Some("ENTERPRISE");
    if is_above && is_enterprise { Dynamic::Number(most) } else { days }
}

/// When Google may restart the instance.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct MaintenanceWindow {
    /// The day: 1 is Monday, 7 is Sunday.
    #[tf(required, ext(wire("day")))]
    pub(super) day: Value<i64>,
    /// The hour in UTC: 0 to 23.
    #[tf(required, ext(wire("hour")))]
    pub(super) hour: Value<i64>,
    /// How early it gets updates: `canary`, `stable` or `week5`. The API chooses when absent.
    #[tf(optional, ext(wire("updateTrack")))]
    pub(super) update_track: Value<UpdateTrack>,
}

/// How early an instance gets updates.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(rename = "snake_case")]
pub(in crate::google::kinds) enum UpdateTrack {
    /// One week after they are announced.
    Canary,
    /// Two weeks after.
    Stable,
    /// Five weeks after.
    Week5,
}

/// A network that may connect to the public address.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct AuthorizedNetwork {
    /// The network: an IPv4 address or a range such as `203.0.113.0/24`.
    #[tf(required, ext(wire("value"), Identity))]
    pub(super) value: Value<String>,
    /// What it is called in the console.
    #[tf(optional, ext(wire("name")))]
    pub(super) name: Value<String>,
    /// When it loses its access, as RFC 3339. Never when absent.
    #[tf(optional, ext(wire("expirationTime")))]
    pub(super) expiration_time: Value<Instant>,
}

/// Query Insights.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Insights {
    /// Whether they are on.
    #[tf(default = false, ext(wire("queryInsightsEnabled")))]
    pub(super) enabled: Value<bool>,
    /// How much of a query is kept, in bytes: 256 to 4500.
    #[tf(default = 1024, ext(wire("queryStringLength")))]
    pub(super) query_string_length: Value<i64>,
    /// How many query plans are taken in a minute: 0 to 20.
    #[tf(default = 5, ext(wire("queryPlansPerMinute")))]
    pub(super) query_plans_per_minute: Value<i64>,
    /// Whether the application's tags are kept.
    #[tf(default = false, ext(wire("recordApplicationTags")))]
    pub(super) record_application_tags: Value<bool>,
    /// Whether the client's address is kept.
    #[tf(default = false, ext(wire("recordClientAddress")))]
    pub(super) record_client_address: Value<bool>,
}

/// A list of names and values.
pub(super) struct Flags;

const FLAGS: &str = "settings.databaseFlags";

impl Codec for Flags {
    fn read(&self, body: &Json) -> Dynamic {
        let list = wire::get(body, FLAGS).and_then(Json::as_array).into_iter().flatten();
        let flags: Entries = list
            .filter_map(|flag| {
                let name = flag.get("name")?.as_str()?.to_owned();
                Some((name, Dynamic::string(flag.get("value").and_then(Json::as_str).unwrap_or_default())))
            })
            .collect();
        if flags.is_empty() { Dynamic::Null } else { Dynamic::Map(flags) }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let flags = value.as_entries().into_iter().flatten();
        let flag = |name: &str, value: Option<&str>| match value {
            Some(value) if !value.is_empty() => json!({"name": name, "value": value}),
            _ => json!({ "name": name }),
        };
        let list: Vec<Json> = flags.map(|(name, value)| flag(name, value.as_str())).collect();
        // An empty list takes all away; the field left out would leave them.
        wire::put(body, FLAGS, Json::Array(list));
    }
    fn masks(&self) -> &'static [&'static str] {
        &[FLAGS]
    }
}

/// Point-in-time recovery: a field for MySQL, which has its log, and one for the others. Written as the latter.
struct PointInTime;

const RECOVERY: &str = "pointInTimeRecoveryEnabled";
const BINARY_LOG: &str = "binaryLogEnabled";

impl Codec for PointInTime {
    fn read(&self, body: &Json) -> Dynamic {
        let is_on = |field: &str| body.get(field).and_then(Json::as_bool).unwrap_or_default();
        Dynamic::Bool(is_on(RECOVERY) || is_on(BINARY_LOG))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        wire::put(body, RECOVERY, Json::Bool(value.as_bool().unwrap_or_default()));
    }
    fn masks(&self) -> &'static [&'static str] {
        &[RECOVERY]
    }
    fn expresses(&self) -> &'static [&'static str] {
        &[RECOVERY, BINARY_LOG, "replicationLogArchivingEnabled"]
    }
}

/// Calls the logs of a request what the engine of the instance calls them.
pub(super) fn name_logs(body: &mut Json, mask: Option<&mut Vec<String>>) {
    if Family::of(wire::text(body, "databaseVersion")) != Some(Family::MySql) {
        return;
    }
    const BACKUP: &str = "settings.backupConfiguration";
    let (from, to) = (format!("{BACKUP}.{RECOVERY}"), format!("{BACKUP}.{BINARY_LOG}"));
    let is_sent = mask.as_ref().is_none_or(|mask| mask.contains(&from));
    if let Some(value) = wire::get(body, &from).cloned().filter(|_| is_sent) {
        wire::remove(body, &from);
        wire::put(body, &to, value);
    }
    if let Some(mask) = mask {
        mask.iter_mut().filter(|path| **path == from).for_each(|path| path.clone_from(&to));
    }
}

/// The field with the password of the user that owns the instance, which a creation takes.
pub(super) const ROOT_PASSWORD: &str = "rootPassword";
/// The same for an instance that exists: there it is the user's.
pub(super) const ROOT_USER: &str = "rootUser";

/// The password of the user that owns the instance: of a new one as its own field, later as that user's.
pub(super) struct RootPassword;

impl Codec for RootPassword {
    fn read(&self, _: &Json) -> Dynamic {
        Dynamic::Null
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let password = value.as_str().map_or(Json::Null, Json::from);
        wire::put(body, ROOT_USER, password.clone());
        wire::put(body, ROOT_PASSWORD, password);
    }
    fn masks(&self) -> &'static [&'static str] {
        &[ROOT_USER]
    }
}
