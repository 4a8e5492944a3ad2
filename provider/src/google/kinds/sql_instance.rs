//! Cloud SQL instances, with their databases and users.
//!
//! Every write is an operation, of which an instance does one at a time. Settings have a version that guards their changes.
//! Databases and users are objects of their own; they hang in the instance's JSON as `databases` and `users`. The name of a
//! deleted instance is taken for a week.

mod database;
mod inside;
mod settings;
#[cfg(test)]
mod tests;
mod user;
mod validate;
mod version;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostics, Dynamic, Name, Object, Path, Value};

use self::database::Database;
use self::settings::{AuthorizedNetwork, Backup, Flags, Insights, MaintenanceWindow, RootPassword};
use self::user::User;
use self::version::Family;
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{
    Children, Immutable, InputOnly, Labels, Silent, Unordered, Volatile, refers, wire, wire_with,
};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::{self, INT64};
use crate::google::api::{ApiError, Host};
use crate::google::names::own_name;
use crate::google::rest::{Guard, Naming, Operations, Parts, Patch, Rest, RestKind, Update};
use crate::google::session::Run;
use crate::types::Location;

/// The kind.
pub(super) struct SqlInstance;

/// Cloud SQL instances, by KEY: MySQL, PostgreSQL or SQL Server, with databases and users.
#[derive(Object, Clone)]
pub(super) struct SqlInstanceSpec {
    /// The instance's name, unique in the project: lower-case letters, digits and `-`, with a letter first and no `-` last;
    /// together with the project's at most 97. Defaults to the KEY. The name of a deleted instance cannot be used for a
    /// week. Immutable.
    #[tf(optional, computed, ext(wire("name"), Immutable))]
    pub(super) name: Value<String>,
    /// The region. Defaults to the stack's. Immutable.
    #[tf(optional, computed, ext(wire("region"), Immutable))]
    pub(super) location: Value<Location>,
    /// The database engine and its version: `POSTGRES_17`, `MYSQL_8_4`, `SQLSERVER_2022_STANDARD`. A newer version of the same
    /// engine is an upgrade in place, with minutes of downtime; an older one is an error of the plan.
    #[tf(required, ext(wire("databaseVersion")))]
    pub(super) database_version: Value<String>,
    /// The machine: `db-custom-CPUS-MEMORY` with the memory in MB, `db-f1-micro` or `db-g1-small` (shared cores, without the
    /// service level agreement), and for `ENTERPRISE_PLUS` `db-perf-optimized-N-CPUS`. A change restarts the instance.
    #[tf(default = "db-custom-1-3840", ext(wire("settings.tier").always()))]
    pub(super) tier: Value<String>,
    /// The edition: `ENTERPRISE` or `ENTERPRISE_PLUS`. It is always sent: the API itself chooses the dearer one from
    /// PostgreSQL 16 on.
    #[tf(default = "ENTERPRISE", ext(wire("settings.edition").always()))]
    pub(super) edition: Value<Edition>,
    /// `ZONAL`, or `REGIONAL` for a standby in another zone. The latter needs backups with point-in-time recovery.
    #[tf(default = "ZONAL", ext(wire("settings.availabilityType")))]
    pub(super) availability_type: Value<Availability>,
    /// The disk: `PD_SSD`, `PD_HDD` or `HYPERDISK_BALANCED`. It cannot be changed.
    #[tf(default = "PD_SSD", ext(wire("settings.dataDiskType")))]
    pub(super) disk_type: Value<DiskType>,
    /// The disk's size in GB: 10 to 65536. 10 when a new instance says nothing. A disk never shrinks: a smaller size is an error
    /// of the plan. What `disk_autoresize` adds is no drift.
    #[tf(optional, computed, ext(wire("settings.dataDiskSizeGb").codec(INT64)))]
    pub(super) disk_size: Value<i64>,
    /// Whether the disk grows by itself before it is full.
    #[tf(default = true, ext(wire("settings.storageAutoResize")))]
    pub(super) disk_autoresize: Value<bool>,
    /// How far it grows, in GB. 0 is without a limit.
    #[tf(default = 0, ext(wire("settings.storageAutoResizeLimit").codec(INT64)))]
    pub(super) disk_autoresize_limit: Value<i64>,
    /// Flags of the database engine, by name: `{ max_connections = "200" }`. Some restart the instance.
    #[tf(optional, ext(wire_with(&Flags)))]
    pub(super) flags: Value<BTreeMap<String, String>>,
    /// Backups that are made every day. A new instance makes none when absent; an existing one goes on as it does.
    #[tf(optional, computed, ext(wire("settings.backupConfiguration")))]
    pub(super) backup: Value<Backup>,
    /// When Google may restart the instance for maintenance. Any time when absent.
    #[tf(optional, ext(wire("settings.maintenanceWindow")))]
    pub(super) maintenance_window: Value<MaintenanceWindow>,
    /// Whether the instance has a public IPv4 address. Without it `private_network` is needed.
    #[tf(default = true, ext(wire("settings.ipConfiguration.ipv4Enabled")))]
    pub(super) ipv4_enabled: Value<bool>,
    /// The VPC network in which the instance has a private address: the KEY of one of `networks` of this stack, a network's
    /// name in this project, or `projects/P/global/networks/NAME`. A network of the stack needs `private_services`, for which
    /// the instance waits; any other needs private services access first. It can be changed and not removed.
    #[tf(optional, ext(wire("settings.ipConfiguration.privateNetwork"), refers("networks", "id").whole()))]
    pub(super) private_network: Value<String>,
    /// The name of the reserved range that the private address is taken from. Any of the network's when absent.
    #[tf(optional, ext(wire("settings.ipConfiguration.allocatedIpRange")))]
    pub(super) allocated_ip_range: Value<String>,
    /// Whether BigQuery and other services of Google reach the instance at its private address.
    #[tf(default = false, ext(wire("settings.ipConfiguration.enablePrivatePathForGoogleCloudServices")))]
    pub(super) enable_private_path: Value<bool>,
    /// Networks that may connect to the public address without the Auth Proxy, in any order.
    #[tf(optional, ext(wire("settings.ipConfiguration.authorizedNetworks"), Unordered))]
    pub(super) authorized_networks: Value<Vec<AuthorizedNetwork>>,
    /// Which connections are taken: `ALLOW_UNENCRYPTED_AND_ENCRYPTED`, `ENCRYPTED_ONLY`, or
    /// `TRUSTED_CLIENT_CERTIFICATE_REQUIRED` (not for SQL Server).
    #[tf(default = "ALLOW_UNENCRYPTED_AND_ENCRYPTED", ext(wire("settings.ipConfiguration.sslMode")))]
    pub(super) ssl_mode: Value<SslMode>,
    /// Whether only the Auth Proxy and the connectors may connect: `REQUIRED`, or `NOT_REQUIRED`.
    #[tf(default = "NOT_REQUIRED", ext(wire("settings.connectorEnforcement")))]
    pub(super) connector_enforcement: Value<ConnectorEnforcement>,
    /// Query Insights. Off when absent.
    #[tf(optional, ext(wire("settings.insightsConfig")))]
    pub(super) insights: Value<Insights>,
    /// `ALWAYS`, or `NEVER` for an instance that is stopped: databases and users then stay as they are, and cannot be changed.
    #[tf(default = "ALWAYS", ext(wire("settings.activationPolicy")))]
    pub(super) activation_policy: Value<ActivationPolicy>,
    /// Whether the API refuses to delete the instance, whoever asks. To delete it, set `false` and apply first.
    #[tf(default = false, ext(wire("settings.deletionProtectionEnabled")))]
    pub(super) delete_protection: Value<bool>,
    /// The Cloud KMS key that the data is encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`, in the
    /// instance's region. Google's own keys when absent. Immutable.
    #[tf(optional, ext(wire("diskEncryptionConfiguration.kmsKeyName"), Immutable))]
    pub(super) kms_key: Value<KmsKey>,
    /// The password of the user that comes with the instance: `postgres`, `root` or `sqlserver`. It is sent when the
    /// instance is made and whenever `root_password_wo_version` changes. It is never stored: not in the state, not in a
    /// plan, not in a log. SQL Server needs one.
    #[tf(optional, write_only, sensitive, ext(wire_with(&RootPassword), InputOnly))]
    pub(super) root_password_wo: Value<String>,
    /// Any number; change it to send `root_password_wo` again.
    #[tf(optional)]
    pub(super) root_password_wo_version: Value<i64>,
    /// The instance's databases, by a KEY of your choice. Those that others made are left alone, and so is `postgres`, which
    /// comes with PostgreSQL, unless it is declared. One that leaves the configuration of an instance that must not be deleted
    /// is released, unless it says otherwise.
    #[tf(optional, ext(wire("databases"), Children))]
    pub(super) databases: Value<BTreeMap<String, Database>>,
    /// The users who may log in, by a KEY of your choice. Those that others made are left alone, and so are `postgres`,
    /// `root` and `sqlserver`, which come with the instance, unless they are declared. They are released as databases are.
    #[tf(optional, ext(wire("users"), Children))]
    pub(super) users: Value<BTreeMap<String, User>>,
    /// Labels of this instance, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "settings.userLabels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The instance's relative name: `projects/P/instances/NAME`.
    #[tf(computed)]
    pub(super) id: Value<String>,
    /// What the Auth Proxy and Cloud Run call the instance: `PROJECT:REGION:NAME`.
    #[tf(computed, ext(wire("connectionName")))]
    pub(super) connection_name: Value<String>,
    /// The public address; null where there is none.
    #[tf(computed, ext(Volatile { with: "settings.ipConfiguration" }))]
    pub(super) public_ip: Value<String>,
    /// The private address; null where there is none.
    #[tf(computed, ext(Volatile { with: "settings.ipConfiguration" }))]
    pub(super) private_ip: Value<String>,
    /// The account that the instance itself acts as, to import from and export to buckets.
    #[tf(computed, ext(wire("serviceAccountEmailAddress")))]
    pub(super) service_account: Value<String>,
}

/// What an instance can do, and costs.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    /// The usual one.
    Enterprise,
    /// Faster machines and longer logs.
    EnterprisePlus,
}

/// How an instance survives the failure of a zone.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// It does not.
    Zonal,
    /// By a standby in another zone.
    Regional,
}

/// A kind of disk.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskType {
    /// Solid state.
    PdSsd,
    /// Spinning.
    PdHdd,
    /// With performance of its own.
    HyperdiskBalanced,
}

/// Which connections are taken.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
    /// All.
    AllowUnencryptedAndEncrypted,
    /// Encrypted ones.
    EncryptedOnly,
    /// Encrypted ones with a client's certificate.
    TrustedClientCertificateRequired,
}

/// Whether connections must come through a connector.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectorEnforcement {
    /// They need not.
    NotRequired,
    /// They must.
    Required,
}

/// Whether an instance runs.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActivationPolicy {
    /// It does.
    Always,
    /// It is stopped.
    Never,
}

/// The relative name of the instance `name`.
fn id(name: &str, scope: &Scope) -> String {
    format!("projects/{}/instances/{name}", scope.place.account)
}

/// The instance's first address of a kind.
fn address(body: &Json, kind: &str) -> Dynamic {
    let all = body.get("ipAddresses").and_then(Json::as_array).into_iter().flatten();
    let mut of_kind = all.filter(|address| wire::text(address, "type") == kind);
    of_kind.next().map_or(Dynamic::Null, |address| Dynamic::string(wire::text(address, "ipAddress")))
}

/// A network by its relative name: a bare name is one of this project, and a link has a host in front.
fn network_path(network: &str, scope: &Scope) -> String {
    let path =
        network.split_once("/projects/").map_or_else(|| network.to_owned(), |(_, rest)| format!("projects/{rest}"));
    if !path.contains('/') {
        return format!("projects/{}/global/networks/{path}", scope.place.account);
    }
    own_name(&path, &scope.place).unwrap_or(path)
}

impl Declared for SqlInstance {
    type Spec = SqlInstanceSpec;
    const NAME: &'static str = "sql_instances";
    const NOUN: &'static str = "sql instance";

    fn validate(&self, spec: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::always(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new(spec, path, diagnostics);
    }

    fn validate_change(&self, was: &SqlInstanceSpec, is: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::change(was, is, path, diagnostics);
    }
}

impl Kind for SqlInstance {
    fn holds_data(&self) -> bool {
        true
    }

    fn name_is_kept_for(&self) -> Option<&'static str> {
        Some("a week")
    }

    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        if let Some(path) = component.get("private_network").as_str().map(|network| network_path(network, scope)) {
            tree::set(component, "private_network", Dynamic::String(path));
        }
        let family = component.get("database_version").as_str().and_then(Family::of);
        let children = |component: &mut Dynamic, of: &str, complete: &dyn Fn(&str, &mut Dynamic)| {
            let children = component.as_entries_mut().and_then(|entries| entries.get_mut(of));
            for (key, child) in children.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
                complete(key, child);
            }
        };
        children(component, "databases", &database::complete);
        children(component, "users", &|key, child| user::complete(key, family, child));
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let Some(name) = component.get("name").as_str() else { return Vec::new() };
        let mut known = vec![("id", Dynamic::String(id(name, scope)))];
        if let Some(region) = component.get("location").as_str() {
            let connection = format!("{}:{}:{name}", scope.place.account, region.to_lowercase());
            known.push(("connection_name", Dynamic::String(connection)));
        }
        known
    }

    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        let mut derived = vec![("public_ip", address(body, "PRIMARY")), ("private_ip", address(body, "PRIVATE"))];
        // A window without a day is none.
        if wire::get(body, "settings.maintenanceWindow.day").and_then(Json::as_i64).unwrap_or_default() == 0 {
            derived.push(("maintenance_window", Dynamic::Null));
        }
        derived
    }

    /// A disk that has grown by itself is as it shall be.
    fn observed(&self, component: &mut Dynamic, effective: &Dynamic, found: &Dynamic, _: &Scope) {
        let size = |of: &Dynamic| of.get("disk_size").as_number().and_then(|size| size.to_string().parse::<i64>().ok());
        if found.get("disk_autoresize").as_bool() == Some(true)
            && let (Some(was), Some(is)) = (size(effective), size(found))
            && is > was
        {
            tree::set(component, "disk_size", effective.get("disk_size").clone());
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        settings::UNMANAGED
    }

    /// What comes with every instance is its owner's to declare.
    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        let family = component.get("database_version").as_str().and_then(Family::of);
        for (map, own) in
            [("databases", Family::databases as fn(Family) -> &'static [&'static str]), ("users", Family::users)]
        {
            let children = component.as_entries_mut().and_then(|entries| entries.get_mut(map));
            let Some(Dynamic::Map(children)) = children else { continue };
            let own = family.map(own).unwrap_or_default();
            children.retain(|_, child| !child.get("name").as_str().is_some_and(|name| own.contains(&name)));
            if children.is_empty() {
                tree::set(component, map, Dynamic::Null);
            }
        }
    }

    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let instance = id(component.get("name").as_str()?, scope);
        let mut names = Vec::new();
        for (map, named) in
            [("databases", database::path as fn(&str, &str, &Dynamic) -> Option<String>), ("users", user::path)]
        {
            let children = component.get(map);
            if children.is_unknown() {
                return None;
            }
            let named = |(key, child): (&Name, &Dynamic)| named(&instance, key, child);
            names.extend(children.as_entries().into_iter().flatten().map(named).collect::<Option<Vec<String>>>()?);
        }
        Some(names)
    }

    fn account_of<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body.get("project").and_then(Json::as_str)
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }
}

impl Gradual for SqlInstance {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "state") {
            "PENDING_CREATE" => Readiness::Pending,
            "FAILED" => Readiness::Failed("its state is FAILED: the creation did not succeed".to_owned()),
            _ => Readiness::Ready,
        }
    }

    fn was_ready(&self, _: &Dynamic) -> bool {
        true
    }
}

impl Discovery for SqlInstance {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let network = wire::text(body, "settings.ipConfiguration.privateNetwork");
        if network.is_empty() { Vec::new() } else { vec![("networks", network.to_owned())] }
    }
}

#[async_trait]
impl RestKind for SqlInstance {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::SQL_ADMIN,
            version: "v1",
            collection: "projects/{project}/instances",
            items: "items",
            query: &[],
            list_query: &[],
            page_size: ("maxResults", 500),
            naming: Naming::Inside,
            update: Update::Merge(Guard::Field("settings.settingsVersion")),
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//cloudsql.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        settings::name_logs(body, None);
    }

    fn before_update(&self, current: &Json, patch: &mut Patch) {
        settings::name_logs(&mut patch.body, Some(&mut patch.mask));
        // Insights that nobody speaks of any more are off.
        let insights = "settings.insightsConfig";
        if wire::get(current, insights).is_some() && wire::get(&patch.body, insights).is_none_or(Json::is_null) {
            wire::put(&mut patch.body, insights, json!({"queryInsightsEnabled": false}));
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for SqlInstance {
    fn fields(&self) -> &'static [&'static str] {
        inside::FIELDS
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        inside::read(bodies, run).await
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, _: Run<'_>) -> Result<(), ApiError> {
        inside::remember(body, component);
        Ok(())
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        inside::write(name, before, after, run).await
    }
}

/// What a silent configuration leaves as it is; of what is new the API decides.
fn stays(silent: &Silent<'_>, attribute: &str) -> Dynamic {
    let known = [silent.value, silent.before.get(attribute)];
    known.into_iter().find(|value| !value.is_null()).cloned().unwrap_or(Dynamic::Unknown)
}
