//! Redis instances of Memorystore.
//!
//! The API takes one change at a time, and of one field each; a newer version of Redis has a verb of its own. A change takes
//! minutes. The AUTH string is never asked for.

mod maintenance;
mod persistence;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Value};

use self::maintenance::MaintenanceWindow;
use self::persistence::Persistence;
use super::run::names::CloudName;
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{Immutable, Labels, refers, wire, wire_with};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::{self, LOCATION_SEGMENT, SHORT_NAME};
use crate::google::api::Host;
use crate::google::rest::{Naming, Operations, Rest, RestKind, Update};
use crate::types::Location;

/// The kind.
pub(super) struct RedisInstance;

/// Redis instances of Memorystore, by KEY: caches for services in a VPC network.
#[derive(Object, Clone)]
pub(super) struct RedisInstanceSpec {
    /// The instance's name, unique in the project and region: 1 to 40 lower-case letters, digits and `-`, with a letter first
    /// and no `-` last. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// The region. Defaults to the stack's. Immutable.
    #[tf(optional, computed, ext(wire_with(LOCATION_SEGMENT), Immutable))]
    pub(super) location: Value<Location>,
    /// What the instance is called in the console.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// The memory in GiB: 1 to 300, with read replicas 5 at least. A change takes minutes; in the tier `BASIC` it empties the
    /// cache.
    #[tf(required, ext(wire("memorySizeGb")))]
    pub(super) memory_size_gb: Value<i64>,
    /// `BASIC` for one node, or `STANDARD_HA` for one with a replica in another zone that takes over. Immutable.
    #[tf(default = "BASIC", ext(wire("tier").always(), Immutable))]
    pub(super) tier: Value<Tier>,
    /// The version: `REDIS_7_2`, `REDIS_7_0`, `REDIS_6_X`, `REDIS_5_0`, `REDIS_4_0` or `REDIS_3_2`. Google's usual one when
    /// nothing is said. It can be raised, which interrupts connections, and never lowered. When it leaves the configuration it
    /// stays as it is.
    #[tf(optional, computed, ext(wire("redisVersion")))]
    pub(super) redis_version: Value<RedisVersion>,
    /// Settings of Redis itself: `maxmemory-policy`, `notify-keyspace-events`, `activedefrag`, `lfu-decay-time`,
    /// `lfu-log-factor`, `maxmemory-gb`, `stream-node-max-bytes`, `stream-node-max-entries`.
    #[tf(optional, ext(wire("redisConfigs")))]
    pub(super) redis_configs: Value<BTreeMap<String, String>>,
    /// Whether clients must say the AUTH string. It is made by the service and never read here: give those who need it
    /// `redis.instances.getAuthString`, and have them ask `gcloud redis instances get-auth-string`.
    #[tf(default = false, ext(wire("authEnabled")))]
    pub(super) auth_enabled: Value<bool>,
    /// Whether connections are encrypted: `SERVER_AUTHENTICATION` (TLS, on port 6378) or `DISABLED`. Immutable.
    #[tf(default = "DISABLED", ext(wire("transitEncryptionMode"), Immutable))]
    pub(super) transit_encryption_mode: Value<TransitEncryptionMode>,
    /// How the instance is in the network: `DIRECT_PEERING` (a peering of its own) or `PRIVATE_SERVICE_ACCESS` (the network's
    /// peering with Google's services, which must be there). Immutable.
    #[tf(default = "DIRECT_PEERING", ext(wire("connectMode"), Immutable))]
    pub(super) connect_mode: Value<ConnectMode>,
    /// The network from which the instance is reached: the KEY of one of this stack, its name, or
    /// `projects/P/global/networks/NAME`. The project's network `default` when nothing is said. Immutable.
    #[tf(optional, computed, ext(wire("authorizedNetwork"), Immutable, refers("networks", "id").whole()))]
    pub(super) network: Value<CloudName>,
    /// The addresses of the instance: with `DIRECT_PEERING` a range that nothing else in the network uses, a `/29`, or with
    /// read replicas a `/28`; with `PRIVATE_SERVICE_ACCESS` the name of an allocated range. The service chooses when nothing is
    /// said. Immutable.
    #[tf(optional, computed, ext(wire("reservedIpRange"), Immutable))]
    pub(super) reserved_ip_range: Value<String>,
    /// More addresses, which an instance needs that gets read replicas after its creation: a `/28`, the name of an allocated
    /// range, or `auto`.
    #[tf(optional, computed, ext(wire("secondaryIpRange")))]
    pub(super) secondary_ip_range: Value<String>,
    /// The zone of the first node. The service chooses when nothing is said. Immutable.
    #[tf(optional, computed, ext(wire("locationId"), Immutable))]
    pub(super) zone: Value<String>,
    /// Another zone, for the replica of `STANDARD_HA`. The service chooses when nothing is said. Immutable.
    #[tf(optional, computed, ext(wire("alternativeLocationId"), Immutable))]
    pub(super) alternative_zone: Value<String>,
    /// How many replicas there are: with read replicas 1 to 5, and 2 when nothing is said; in `STANDARD_HA` without them 1;
    /// in `BASIC` none. When it leaves the configuration it stays as it is.
    #[tf(optional, computed, ext(wire("replicaCount")))]
    pub(super) replica_count: Value<i64>,
    /// Whether clients may read from replicas: `READ_REPLICAS_ENABLED` or `READ_REPLICAS_DISABLED`. Needs `STANDARD_HA`, 5 GiB,
    /// and on an instance that exists `secondary_ip_range`.
    #[tf(default = "READ_REPLICAS_DISABLED", ext(wire("readReplicasMode")))]
    pub(super) read_replicas_mode: Value<ReadReplicasMode>,
    /// Snapshots, from which the data is recovered after a failure. None when absent.
    #[tf(optional, ext(wire_with(&persistence::Rdb)))]
    pub(super) persistence: Value<Persistence>,
    /// When Google may interrupt the instance for maintenance, for an hour a week. At any time when absent.
    #[tf(optional, ext(wire_with(&maintenance::Weekly)))]
    pub(super) maintenance_window: Value<MaintenanceWindow>,
    /// The Cloud KMS key that the data is encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`, in the
    /// instance's region. Google's own keys when absent. Immutable.
    #[tf(optional, ext(wire("customerManagedKey"), Immutable))]
    pub(super) kms_key: Value<KmsKey>,
    /// Labels of this instance, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The instance's relative name: `projects/P/locations/L/instances/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// The address that clients connect to.
    #[tf(computed, ext(wire("host")))]
    pub(super) host: Value<String>,
    /// The port that clients connect to.
    #[tf(computed, ext(wire("port")))]
    pub(super) port: Value<i64>,
    /// The zone in which the primary node is now; another one after a failover.
    #[tf(computed, ext(wire("currentLocationId")))]
    pub(super) current_location: Value<String>,
}

/// How much an instance bears.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// One node, of which the data is lost when it fails.
    Basic,
    /// A replica takes over.
    StandardHa,
}

/// A version of Redis, the oldest first.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RedisVersion {
    /// 3.2.
    #[tf(name = "REDIS_3_2")]
    V3_2,
    /// 4.0.
    #[tf(name = "REDIS_4_0")]
    V4_0,
    /// 5.0.
    #[tf(name = "REDIS_5_0")]
    V5_0,
    /// The latest 6.
    #[tf(name = "REDIS_6_X")]
    V6,
    /// 7.0.
    #[tf(name = "REDIS_7_0")]
    V7_0,
    /// 7.2.
    #[tf(name = "REDIS_7_2")]
    V7_2,
}

/// Whether connections are encrypted.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransitEncryptionMode {
    /// By TLS.
    ServerAuthentication,
    /// Not at all.
    Disabled,
}

/// How an instance is in the network.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectMode {
    /// By a peering of its own.
    DirectPeering,
    /// By the network's peering with Google's services.
    PrivateServiceAccess,
}

/// Whether clients may read from replicas.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadReplicasMode {
    /// They may not.
    ReadReplicasDisabled,
    /// They may.
    ReadReplicasEnabled,
}

impl Declared for RedisInstance {
    type Spec = RedisInstanceSpec;
    const NAME: &'static str = "redis_instances";
    const NOUN: &'static str = "redis instance";

    fn validate(&self, spec: &RedisInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::name(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &RedisInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new(spec, path, diagnostics);
    }

    fn validate_change(
        &self,
        before: &RedisInstanceSpec,
        after: &RedisInstanceSpec,
        path: &Path,
        diagnostics: &mut Diagnostics,
    ) {
        validate::change(before, after, path, diagnostics);
    }
}

impl Kind for RedisInstance {
    fn holds_data(&self) -> bool {
        true
    }

    /// The API takes the network's full name.
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        let short = component.get("network").as_str().filter(|name| !name.is_empty() && !name.contains('/'));
        if let Some(full) = short.map(|name| format!("projects/{}/global/networks/{name}", scope.place.account)) {
            tree::set(component, "network", Dynamic::String(full));
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let text = |name: &str| component.get(name).as_str();
        match (text("name"), text("location")) {
            (Some(name), Some(location)) => {
                let location = location.to_lowercase();
                let id = format!("projects/{}/locations/{location}/instances/{name}", scope.place.account);
                vec![("id", Dynamic::String(id))]
            }
            _ => Vec::new(),
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "availableMaintenanceVersions",
            "createTime",
            "maintenancePolicy.createTime",
            "maintenancePolicy.updateTime",
            "maintenancePolicy.weeklyMaintenanceWindow.*.duration",
            "maintenanceSchedule",
            "maintenanceVersion",
            "nodes",
            "persistenceConfig.rdbNextSnapshotTime",
            "persistenceIamIdentity",
            "readEndpoint",
            "readEndpointPort",
            "satisfiesPzi",
            "satisfiesPzs",
            "serverCaCerts",
            "state",
            "statusMessage",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for RedisInstance {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let network = wire::text(body, "authorizedNetwork");
        if network.is_empty() { Vec::new() } else { vec![("networks", network.to_owned())] }
    }
}

impl RestKind for RedisInstance {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::REDIS,
            version: "v1",
            collection: "projects/{project}/locations/{location}/instances",
            items: "instances",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Query("instanceId"),
            update: Update::OneByOne {
                together: &["readReplicasMode", "replicaCount", "secondaryIpRange"],
                verbs: &[("redisVersion", "upgrade")],
            },
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//redis.googleapis.com/{name}",
        }
    }
}

impl Gradual for RedisInstance {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "state") {
            "CREATING" | "UPDATING" | "DELETING" | "REPAIRING" | "MAINTENANCE" | "IMPORTING" | "FAILING_OVER" => {
                Readiness::Pending
            }
            _ => Readiness::Ready,
        }
    }

    /// It has no address while it is being made.
    fn was_ready(&self, component: &Dynamic) -> bool {
        !component.get("host").is_null()
    }
}
