//! Cloud Run services (API v2).
//!
//! A service belongs to many: CI changes the image, gcloud leaves its name, others add sidecars. Only what is declared is
//! written, and the main container is the one with a port, else the first. What jobs have, too, is in [`run`].

mod silence;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Value};

use super::run::container::container_object;
use super::run::paths::{Paths, container_paths};
use super::run::probe::{Probe, ProbeAt};
use super::run::resources::{CpuIdle, Gpu};
use super::run::sidecars::{self, Sidecar, Sidecars, sidecars};
use super::run::volumes::{VolumePaths, Volumes, volume_paths};
use super::run::vpc_access::VpcAccess;
use super::run::{self, ExecutionEnvironment, FOREIGN_ANNOTATIONS, is_account_email, names};
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{
    Codec, Immutable, Labels, Later, NeverRead, OwnKeys, ScalarCodec, Unordered, Volatile, WhenSilent, refers, wire,
    wire_with,
};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire::{self, DURATION, LOCATION_SEGMENT, SHORT_NAME};
use crate::google::api::Host;
use crate::google::names::last_segment;
use crate::google::rest::{IamStyle, Naming, Operations, Patch, Rest, RestKind, Update};
use crate::types::{Duration, Location};

/// The kind.
pub(super) struct Service;

container_object! {
    at "template.containers[ports].", paths CONTAINER,
    cpu [optional, computed] " Below 1, `concurrency` must be 1. Cloud Run sets 1. When it leaves the configuration it stays as it is.",
    memory [optional, computed] " Cloud Run sets `512Mi`. When it leaves the configuration it stays as it is.",
    volumes [ext(wire_with(&Volumes(VOLUMES)))],
    /// Cloud Run services, by KEY.
    #[derive(Object, Clone)]
    #[tf(nested)]
    pub(super) struct ServiceSpec {
        /// The service's name, unique in the project and region: at most 49 lower-case letters, digits and `-`, a letter first.
        /// Defaults to the KEY. Immutable.
        #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
        pub(super) name: Value<String>,
        /// The region. Defaults to the stack's. Immutable.
        #[tf(optional, computed, ext(wire_with(LOCATION_SEGMENT), Immutable))]
        pub(super) location: Value<Location>,
        /// What the service is for: at most 512 characters.
        #[tf(optional, ext(wire("description")))]
        pub(super) description: Value<String>,
        /// The port that the container listens on, 1 to 65535. Cloud Run sets 8080, and tells the container in `PORT`. When it
        /// leaves the configuration it stays as it is.
        #[tf(optional, computed, ext(wire("template.containers[ports].ports[containerPort].containerPort")))]
        pub(super) port: Value<i64>,
        /// Whether the container speaks HTTP/2 without TLS (gRPC needs it) rather than HTTP/1.
        #[tf(default = false, ext(wire("template.containers[ports].ports[containerPort].name").codec(H2C)))]
        pub(super) http2: Value<bool>,
        /// GPUs per instance: 1. Needs `gpu_type`, and always allocated CPU, which is set where `cpu_idle` is silent. `nvidia-l4`
        /// needs at least 4 CPUs and 16Gi, `nvidia-rtx-pro-6000` 20 CPUs and 80Gi.
        #[tf(optional, ext(wire_with(&Gpu(CONTAINER))))]
        pub(super) gpu: Value<i64>,
        /// The type of GPU: `nvidia-l4` or `nvidia-rtx-pro-6000`.
        #[tf(optional, ext(wire("template.nodeSelector.accelerator")))]
        pub(super) gpu_type: Value<String>,
        /// Whether instances with a GPU stay in one zone: cheaper, and not replaced when the zone fails.
        #[tf(default = false, ext(wire("template.gpuZonalRedundancyDisabled")))]
        pub(super) gpu_zonal_redundancy_disabled: Value<bool>,
        /// Whether CPU is allocated, and billed, only while a request is served. `false` keeps it allocated for as long as the
        /// instance lives, for work in the background. At creation `true` when nothing is said, with a GPU `false`. When it leaves
        /// the configuration it stays as it is, but follows `gpu` and a `cpu` below 1, which leave no choice.
        #[tf(optional, computed, ext(wire_with(&CpuIdle(CONTAINER)), WhenSilent(silence::cpu_idle)))]
        pub(super) cpu_idle: Value<bool>,
        /// Whether a starting instance gets more CPU, so that a model loads sooner.
        #[tf(default = false, ext(wire("template.containers[ports].resources.startupCpuBoost")))]
        pub(super) startup_cpu_boost: Value<bool>,
        /// The identity of the instances: the KEY of a service account of this stack, or an e-mail address. Cloud Run takes the
        /// project's default compute account when nothing is said. When it leaves the configuration it stays as it is, unless the
        /// account leaves the stack, too: then Cloud Run takes the default one again.
        #[tf(optional, computed, ext(wire("template.serviceAccount"), refers("service_accounts", "email").named_as("NAME@PROJECT.iam.gserviceaccount.com", is_account_email)))]
        pub(super) service_account: Value<String>,
        /// How many instances are kept running when there are no requests.
        #[tf(default = 0, ext(wire("template.scaling.minInstanceCount")))]
        pub(super) min_instances: Value<i64>,
        /// How many instances there may be. Cloud Run sets it from the region's quota. When it leaves the configuration it stays
        /// as it is, unless `min_instances` is above it: then Cloud Run sets it again.
        #[tf(optional, computed, ext(wire("template.scaling.maxInstanceCount"), WhenSilent(silence::max_instances)))]
        pub(super) max_instances: Value<i64>,
        /// How many requests an instance serves at once: 1 to 1000. Cloud Run sets 80, or 1 when `cpu` is below 1. When it leaves
        /// the configuration it stays as it is, but follows `cpu`: 1 below one CPU, and 80 when it is one again.
        #[tf(optional, computed, ext(wire("template.maxInstanceRequestConcurrency"), WhenSilent(silence::concurrency)))]
        pub(super) concurrency: Value<i64>,
        /// How long a request may take: up to `60m`. Cloud Run sets `5m`. When it leaves the configuration it stays as it is.
        #[tf(optional, computed, ext(wire("template.timeout").codec(DURATION)))]
        pub(super) timeout: Value<Duration>,
        /// Whether requests of one client go to one instance where possible.
        #[tf(default = false, ext(wire("template.sessionAffinity")))]
        pub(super) session_affinity: Value<bool>,
        /// Who can reach the service at all: everyone, the project's networks, or those and the load balancer. Who may call it
        /// is a matter of `iam`.
        #[tf(default = "INGRESS_TRAFFIC_ALL", ext(wire("ingress")))]
        pub(super) ingress: Value<Ingress>,
        /// The sandbox: `EXECUTION_ENVIRONMENT_GEN2` is a whole Linux, which bucket and NFS volumes and GPUs need;
        /// `EXECUTION_ENVIRONMENT_GEN1` starts faster. Cloud Run chooses when nothing is said. When it leaves the configuration it
        /// stays as it is, unless it no longer fits `cpu`, `gpu` or `volumes`: then Cloud Run chooses again.
        #[tf(optional, computed, ext(wire("template.executionEnvironment"), WhenSilent(silence::execution_environment)))]
        pub(super) execution_environment: Value<ExecutionEnvironment>,
        /// What must succeed before an instance gets requests: all its checks together within `240s`. Cloud Run waits for the port
        /// to open, up to 240 seconds, when nothing is said, and does so again when it leaves the configuration.
        #[tf(optional, computed, ext(wire_with(&ProbeAt(CONTAINER.startup_probe)), WhenSilent(silence::startup_probe)))]
        pub(super) startup_probe: Value<Probe>,
        /// What must keep succeeding, or the container is restarted. None when absent.
        #[tf(optional, ext(wire_with(&ProbeAt(CONTAINER.liveness_probe))))]
        pub(super) liveness_probe: Value<Probe>,
        /// The sidecars: containers beside the main one, by name, that share its network and volumes. Requests come to the main
        /// one only. Once it is set, it is all there are: sidecars that it does not name are removed, `{}` removes all. When
        /// nothing is said, or when it leaves the configuration, those that are there stay as they are.
        #[tf(optional, computed, ext(wire_with(&SIDECARS), Later))]
        pub(super) containers: Value<BTreeMap<String, Sidecar>>,
        /// What the main container is called, for `depends_on` of sidecars. Cloud Run names it where there are several and nothing is
        /// said. When it leaves the configuration it stays as it is.
        #[tf(optional, computed, ext(wire("template.containers[ports].name"), WhenSilent(sidecars::name_of_main), Later))]
        pub(super) container_name: Value<String>,
        /// KEYs of jobs of this stack that come first: the service is created or changed only when they are, and, where they
        /// are executed on change, when that has succeeded.
        #[tf(optional, ext(refers("jobs", "id").named_as("KEY (only jobs of this stack can come first)", |_| false)))]
        pub(super) after_jobs: Value<BTreeSet<String>>,
        /// The way into a VPC network. None when absent.
        #[tf(optional, ext(wire("template.vpcAccess")))]
        pub(super) vpc_access: Value<VpcAccess>,
        /// How requests are divided among revisions. All go to the latest ready revision when nothing is said, and do so again
        /// when it leaves the configuration.
        #[tf(optional, computed, ext(wire("traffic"), Unordered, WhenSilent(silence::traffic)))]
        pub(super) traffic: Value<Vec<TrafficTarget>>,
        /// The Cloud KMS key that the image is encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
        #[tf(optional, ext(wire("template.encryptionKey")))]
        pub(super) kms_key: Value<KmsKey>,
        /// Audiences that identity tokens may have beside the service's own URL.
        #[tf(optional, ext(wire("customAudiences")))]
        pub(super) custom_audiences: Value<BTreeSet<String>>,
        /// Whether callers need no IAM permission: everybody whom `ingress` lets through may call.
        #[tf(default = false, ext(wire("invokerIamDisabled")))]
        pub(super) invoker_iam_disabled: Value<bool>,
        /// Whether the service has no `run.app` address of its own.
        #[tf(default = false, ext(wire("defaultUriDisabled")))]
        pub(super) default_uri_disabled: Value<bool>,
        /// Labels of this service, over those of the provider and the stack. Labels that others set are left alone.
        #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
        pub(super) labels: Value<BTreeMap<String, String>>,
        /// Annotations. Those that others set (gcloud, CI) are left alone and not shown. Keys of Google's own prefixes
        /// (`run.googleapis.com/` and the like) are refused by the API.
        #[tf(optional, ext(wire("annotations"), OwnKeys, NeverRead(FOREIGN_ANNOTATIONS)))]
        pub(super) annotations: Value<BTreeMap<String, String>>,
        /// The service's relative name: `projects/P/locations/L/services/NAME`.
        #[tf(computed, ext(wire("name")))]
        pub(super) id: Value<String>,
        /// A number that no other service ever has.
        #[tf(computed, ext(wire("uid")))]
        pub(super) uid: Value<String>,
        /// Where the service is called: `https://…run.app`.
        #[tf(computed, ext(wire("uri")))]
        pub(super) url: Value<String>,
        /// The newest revision that is ready, as its relative name.
        #[tf(computed, ext(wire("latestReadyRevision"), Volatile { with: "template" }))]
        pub(super) latest_ready_revision: Value<String>,
    }
}

/// A share of the requests, or a tag.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct TrafficTarget {
    /// Whether the latest ready revision is meant, or the named one. The latter is understood when `revision` is set.
    #[tf(default = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", ext(wire("type").always()))]
    pub(super) r#type: Value<TrafficType>,
    /// The revision's name: `NAME-00001-abc`.
    #[tf(optional, ext(wire("revision")))]
    pub(super) revision: Value<String>,
    /// Percent of the requests. All shares add up to 100.
    #[tf(default = 0, ext(wire("percent")))]
    pub(super) percent: Value<i64>,
    /// A tag under which this target alone is reached: `https://TAG---…run.app`. No two targets have the same.
    #[tf(optional, ext(wire("tag")))]
    pub(super) tag: Value<String>,
}

/// Who can reach the service.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ingress {
    /// Everyone.
    #[tf(name = "INGRESS_TRAFFIC_ALL")]
    All,
    /// The project's networks, and Google services.
    #[tf(name = "INGRESS_TRAFFIC_INTERNAL_ONLY")]
    InternalOnly,
    /// Those, and external load balancers.
    #[tf(name = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")]
    InternalLoadBalancer,
    /// Nobody.
    #[tf(name = "INGRESS_TRAFFIC_NONE")]
    None,
}

/// What a share of the requests goes to.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrafficType {
    /// The latest ready revision.
    #[tf(name = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST")]
    Latest,
    /// The named revision.
    #[tf(name = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION")]
    Revision,
}

/// Where the main container is.
const MAIN: &str = "template.containers[ports]";

/// The paths of the main container's settings.
const CONTAINER: Paths = container_paths!("template.containers[ports].");

/// Where the volumes are.
const VOLUMES: VolumePaths = volume_paths!("template");

/// The containers beside the main one.
const SIDECARS: Sidecars = sidecars!("template", sidecars::of_service);

/// The protocol is the name of the port.
const H2C: ScalarCodec = ScalarCodec {
    write: |value| Json::from(if value.as_bool() == Some(true) { "h2c" } else { "http1" }),
    read: |json| json.as_str().map_or(Dynamic::Null, |name| Dynamic::Bool(name == "h2c")),
};

impl Declared for Service {
    type Spec = ServiceSpec;
    const NAME: &'static str = "services";
    const NOUN: &'static str = "service";

    fn validate(&self, spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::service(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new_service(spec, path, diagnostics);
    }
}

impl Kind for Service {
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        run::name_fully(component, scope);
        let Some(entries) = component.as_entries_mut() else { return };
        if let Some(Dynamic::List(targets)) = entries.get_mut("traffic") {
            for target in targets.iter_mut().filter_map(Dynamic::as_entries_mut) {
                if target.get("revision").is_some_and(|revision| !revision.is_null()) {
                    target.insert("type".to_owned(), Dynamic::string(TrafficType::Revision.spelling()));
                }
            }
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        run::predict(component, scope, "services")
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "client",
            "clientVersion",
            "conditions",
            "createTime",
            "creator",
            "deleteTime",
            "etag",
            "expireTime",
            "generation",
            "lastModifier",
            "latestCreatedRevision",
            "launchStage",
            "observedGeneration",
            "reconciling",
            "satisfiesPzs",
            "scaling.scalingMode",
            "template.annotations",
            "template.client",
            "template.clientVersion",
            "template.containers[ports].buildInfo",
            "template.labels",
            "template.revision",
            "terminalCondition",
            "threatDetectionEnabled",
            "trafficStatuses",
            "updateTime",
            "urls",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl RestKind for Service {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::RUN,
            version: "v2",
            collection: "projects/{project}/locations/{location}/services",
            items: "services",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 100),
            naming: Naming::Query("serviceId"),
            update: Update::Mask { etag: true },
            operations: Operations { create: true, update: true, delete: true },
            iam: Some(IamStyle::Verbs),
            full_name: "//run.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        let containers =
            wire::get(body, VOLUMES.containers()).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let (are_several, has_resources) =
            (containers.len() > 1, containers.iter().any(|container| container.get("resources").is_some()));
        // With resources given, the API would take an absent cpuIdle for false: always allocated and billed. A GPU wants that.
        if has_resources && Gpu(CONTAINER).read(body).is_null() {
            let path = format!("{MAIN}.resources.cpuIdle");
            if wire::get(body, &path).is_none() {
                wire::put(body, &path, Json::Bool(true));
            }
        }
        // Of several containers it must be said which one has the port.
        if are_several && wire::get(body, &format!("{MAIN}.ports")).is_none() {
            wire::put(body, &format!("{MAIN}.ports"), json!([{}]));
        }
        sidecars::follow_main(&Json::Null, body, &VOLUMES);
        let port = format!("{MAIN}.ports[containerPort]");
        if wire::get(body, &port).is_some_and(|port| port.get("containerPort").is_none()) {
            wire::put(body, &format!("{port}.containerPort"), Json::from(8080));
        }
    }

    /// A template that says nothing new makes no new revision, unless it names one.
    fn repair(&self, current: &Json) -> Option<Patch> {
        let name = last_segment(current.get("name")?.as_str()?);
        let digest = Sha256::digest(current.get("etag").and_then(Json::as_str).unwrap_or_default());
        let suffix = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut body = current.clone();
        wire::put(&mut body, "template.revision", Json::from(format!("{name}-r{suffix}")));
        Some(Patch { body, mask: vec!["template".to_owned()] })
    }

    /// A changed template makes a new revision, which must not take the name of the last one.
    fn before_update(&self, current: &Json, patch: &mut Patch) {
        if patch.mask.iter().any(|path| path == VOLUMES.containers()) {
            sidecars::follow_main(current, &mut patch.body, &VOLUMES);
        }
        let changes_template = patch.mask.iter().any(|path| path == "template" || path.starts_with("template."));
        if changes_template && wire::get(current, "template.revision").is_some() {
            wire::remove(&mut patch.body, "template.revision");
            if !patch.mask.iter().any(|path| path == "template") {
                patch.mask.push("template.revision".to_owned());
            }
        }
    }
}

impl Gradual for Service {
    fn readiness(&self, body: &Json) -> Readiness {
        run::readiness(body, "the last revision did not become ready")
    }

    fn was_ready(&self, component: &Dynamic) -> bool {
        !component.get("latest_ready_revision").is_null()
    }
}

impl Discovery for Service {
    /// The registry of the image, the service account, the buckets and the secrets.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        names::used(body, "template")
    }
}
