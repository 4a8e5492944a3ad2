//! Cloud Run jobs (API v2): containers that run to their end.
//!
//! An update replaces the whole job: what is not declared is read and written back. What services have, too, is in
//! [`run`]. A job can be [executed](execution) after each change, and others wait until it has succeeded.

mod execution;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin::{Diagnostics, Dynamic, Number, Object, Path, Value};

use super::run::container::container_object;
use super::run::paths::{Paths, container_paths};
use super::run::probe::{Probe, ProbeAt};
use super::run::resources::Gpu;
use super::run::sidecars::{self, JobSidecar, Sidecars, sidecars};
use super::run::validate::{self, Member, Report};
use super::run::volumes::{VolumePaths, Volumes, volume_paths};
use super::run::vpc_access::VpcAccess;
use super::run::{self, ExecutionEnvironment, FOREIGN_ANNOTATIONS, is_account_email, names};
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{
    Codec, Immutable, Labels, NeverRead, OwnKeys, Volatile, WhenSilent, refers, wire, wire_with,
};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire::{self, DURATION, LOCATION_SEGMENT, SHORT_NAME};
use crate::google::api::Host;
use crate::google::rest::{FollowUp, IamStyle, Naming, Operations, Patch, Rest, RestKind, Update};
use crate::types::{Duration, Location};

/// The kind.
pub(super) struct Job;

/// The paths of the main container's settings.
const CONTAINER: Paths = container_paths!("template.template.containers[ports].");

/// Where the volumes are.
const VOLUMES: VolumePaths = volume_paths!("template.template");

/// The containers beside the main one.
const SIDECARS: Sidecars = sidecars!("template.template", sidecars::of_job);

/// Where the retries are.
const MAX_RETRIES: &str = "template.template.maxRetries";

container_object! {
    at "template.template.containers[ports].", paths CONTAINER,
    cpu [optional, computed] " Cloud Run sets 1. When it leaves the configuration it stays as it is.",
    memory [optional, computed] " Cloud Run sets `512Mi`. When it leaves the configuration it stays as it is.",
    volumes [ext(wire_with(&Volumes(VOLUMES)))],
    /// Cloud Run jobs, by KEY: containers that run to their end, when a schedule or somebody starts them, or after each change.
    #[derive(Object, Clone)]
    #[tf(nested)]
    pub(super) struct JobSpec {
        /// The job's name, unique in the project and region: at most 63 lower-case letters, digits and `-`, a letter first.
        /// Defaults to the KEY. Immutable.
        #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
        pub(super) name: Value<String>,
        /// The region. Defaults to the stack's. Immutable.
        #[tf(optional, computed, ext(wire_with(LOCATION_SEGMENT), Immutable))]
        pub(super) location: Value<Location>,
        /// Whether the job is executed once after its creation, and again after each change of what it runs: containers with
        /// their variables, volumes, account, network. The apply waits until the execution has succeeded, and so do services
        /// that name the job in `after_jobs`. One that failed is tried again by the next apply. An execution whose end nobody
        /// saw (the apply was killed) is made again, so the job must bear being run twice.
        #[tf(default = false, ext(wire_with(&execution::OnChange)))]
        pub(super) execute_on_change: Value<bool>,
        /// How many tasks an execution has, each of which runs the containers once: 1 to 10000.
        #[tf(default = 1, ext(wire("template.taskCount")))]
        pub(super) task_count: Value<i64>,
        /// How many tasks run at the same time, at most `task_count`. As many as possible when it is 0.
        #[tf(default = 0, ext(wire("template.parallelism")))]
        pub(super) parallelism: Value<i64>,
        /// How often a task that failed is tried again: 0 to 10. With 0 the first failure is the task's.
        #[tf(default = 3, ext(wire_with(&Retries).always()))]
        pub(super) max_retries: Value<i64>,
        /// How long one try of a task may take: `1s` to `168h`; with a GPU at most `1h`.
        #[tf(default = "10m", ext(wire("template.template.timeout").codec(DURATION)))]
        pub(super) timeout: Value<Duration>,
        /// GPUs per task: 1. Needs `gpu_type`. `nvidia-l4` needs at least 4 CPUs and 16Gi, `nvidia-rtx-pro-6000` 20 CPUs and 80Gi.
        #[tf(optional, ext(wire_with(&Gpu(CONTAINER))))]
        pub(super) gpu: Value<i64>,
        /// The type of GPU: `nvidia-l4` or `nvidia-rtx-pro-6000`.
        #[tf(optional, ext(wire("template.template.nodeSelector.accelerator")))]
        pub(super) gpu_type: Value<String>,
        /// Whether tasks with a GPU stay in one zone: cheaper, and not replaced when the zone fails.
        #[tf(default = false, ext(wire("template.template.gpuZonalRedundancyDisabled")))]
        pub(super) gpu_zonal_redundancy_disabled: Value<bool>,
        /// The identity of the tasks: the KEY of a service account of this stack, or an e-mail address. Cloud Run takes the
        /// project's default compute account when nothing is said. When it leaves the configuration it stays as it is, unless
        /// the account leaves the stack, too: then Cloud Run takes the default one again.
        #[tf(optional, computed, ext(wire("template.template.serviceAccount"), refers("service_accounts", "email").named_as("NAME@PROJECT.iam.gserviceaccount.com", is_account_email)))]
        pub(super) service_account: Value<String>,
        /// The sandbox: `EXECUTION_ENVIRONMENT_GEN2`, which Cloud Run sets, or `EXECUTION_ENVIRONMENT_GEN1`. When it leaves the
        /// configuration it stays as it is.
        #[tf(optional, computed, ext(wire("template.template.executionEnvironment")))]
        pub(super) execution_environment: Value<ExecutionEnvironment>,
        /// What must succeed before the sidecars that depend on the main container start: all its checks together within `240s`.
        /// None when absent.
        #[tf(optional, ext(wire_with(&ProbeAt(CONTAINER.startup_probe))))]
        pub(super) startup_probe: Value<Probe>,
        /// The sidecars: containers beside the main one, by name, that share its network and volumes. Once it is set, it is all
        /// there are: sidecars that it does not name are removed, `{}` removes all. When nothing is said, or when it leaves the
        /// configuration, those that are there stay as they are.
        #[tf(optional, computed, ext(wire_with(&SIDECARS)))]
        pub(super) containers: Value<BTreeMap<String, JobSidecar>>,
        /// What the main container is called, for `depends_on` of sidecars. Cloud Run names it where there are several and nothing
        /// is said. When it leaves the configuration it stays as it is.
        #[tf(optional, computed, ext(wire("template.template.containers[ports].name"), WhenSilent(sidecars::name_of_main)))]
        pub(super) container_name: Value<String>,
        /// The way into a VPC network. None when absent.
        #[tf(optional, ext(wire("template.template.vpcAccess")))]
        pub(super) vpc_access: Value<VpcAccess>,
        /// The Cloud KMS key that the image is encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
        #[tf(optional, ext(wire("template.template.encryptionKey")))]
        pub(super) kms_key: Value<KmsKey>,
        /// Labels of this job, over those of the provider and the stack. Labels that others set are left alone.
        #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
        pub(super) labels: Value<BTreeMap<String, String>>,
        /// Annotations. Those that others set (gcloud, CI) are left alone and not shown. Keys of Google's own prefixes
        /// (`run.googleapis.com/` and the like) are refused by the API.
        #[tf(optional, ext(wire("annotations"), OwnKeys, NeverRead(FOREIGN_ANNOTATIONS)))]
        pub(super) annotations: Value<BTreeMap<String, String>>,
        /// The job's relative name: `projects/P/locations/L/jobs/NAME`.
        #[tf(computed, ext(wire("name")))]
        pub(super) id: Value<String>,
        /// A number that no other job ever has.
        #[tf(computed, ext(wire("uid")))]
        pub(super) uid: Value<String>,
        /// The execution that was created last, as its relative name.
        #[tf(computed, ext(wire("latestCreatedExecution.name"), Volatile { with: "" }))]
        pub(super) latest_execution: Value<String>,
        /// Whether what the job runs now has been executed with success, where `execute_on_change` wants it to be.
        #[tf(computed, ext(Volatile { with: "" }))]
        pub(super) executed: Value<bool>,
    }
}

/// How often a task is tried again. Answers leave 0 out, and 3 is what the API makes of a request that does.
struct Retries;

impl Codec for Retries {
    fn read(&self, body: &Json) -> Dynamic {
        let retries = wire::get(body, MAX_RETRIES).and_then(Json::as_i64).unwrap_or_default();
        Dynamic::Number(Number::from(retries))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        wire::put(body, MAX_RETRIES, value.as_number().map_or(Json::from(3), wire::json_number));
    }
    fn masks(&self) -> &'static [&'static str] {
        &[MAX_RETRIES]
    }
}

/// An answer without a number of retries means none, a request without one means three.
fn keep_retries(body: &mut Json) {
    if wire::get(body, MAX_RETRIES).is_none() {
        wire::put(body, MAX_RETRIES, Json::from(0));
    }
}

impl Declared for Job {
    type Spec = JobSpec;
    const NAME: &'static str = "jobs";
    const NOUN: &'static str = "job";

    fn validate(&self, spec: &JobSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut report = Report { path, diagnostics };
        validate::name(&spec.name, "job", 63, &mut report);
        if let Some(location) = spec.location.known().filter(|location| !location.is_region()) {
            report.error(
                "location",
                "A job is in one region",
                format!("location must be a region, such as europe-west1; it is {location}."),
            );
        }
        let at = |name: &str| path.attribute(name);
        report.range(at("task_count"), "task_count", &spec.task_count, 1, 10_000);
        report.range(at("max_retries"), "max_retries", &spec.max_retries, 0, 10);
        let most = spec.task_count.known().copied().unwrap_or(10_000).clamp(1, 10_000);
        report.range(at("parallelism"), "parallelism", &spec.parallelism, 0, most);
        let gpu = validate::Gpu { count: &spec.gpu, kind: &spec.gpu_type };
        let longest = if gpu.is_there() { 3_600 } else { 7 * 86_400 };
        report.seconds(at("timeout"), "timeout", &spec.timeout, 1, longest);
        validate::gpu(gpu, spec.container(), &spec.execution_environment, &mut report);
        validate::container(spec.container(), path, &spec.execution_environment, &mut report);
        // What the second generation needs, all containers have together.
        let is_alone = spec.containers.known().is_none_or(BTreeMap::is_empty);
        let generation = if is_alone { &spec.execution_environment } else { &Value::Null };
        validate::size(spec.container(), path, gpu.is_other(), generation, &mut report);
        validate::startup_probe(&spec.startup_probe, path, &mut report);
        let main = Member {
            path: path.clone(),
            name: spec.container_name.known().map(String::as_str),
            depends_on: &spec.depends_on,
            volumes: &spec.volumes,
            has_startup_probe: !spec.startup_probe.is_null(),
        };
        validate::containers(main, &spec.containers, &spec.execution_environment, &mut report);
        validate::network(&spec.vpc_access, &mut report);
        validate::annotations(&spec.annotations, &mut report);
    }

    fn validate_new(&self, spec: &JobSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let gpu = validate::Gpu { count: &spec.gpu, kind: &spec.gpu_type };
        validate::new_size(gpu, spec.container(), "job", &mut Report { path, diagnostics });
    }
}

impl Kind for Job {
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        run::name_fully(component, scope);
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        run::predict(component, scope, "jobs")
    }

    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        let executed = execution::is_wanted(body) && execution::is_done(body);
        vec![("executed", if executed { Dynamic::Bool(true) } else { Dynamic::Null })]
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
            "executionCount",
            "expireTime",
            "generation",
            "lastModifier",
            "latestCreatedExecution",
            "launchStage",
            "observedGeneration",
            "reconciling",
            "satisfiesPzs",
            "template.annotations",
            "template.client",
            "template.clientVersion",
            "template.labels",
            "terminalCondition",
            "updateTime",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl RestKind for Job {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::RUN,
            version: "v2",
            collection: "projects/{project}/locations/{location}/jobs",
            items: "jobs",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 100),
            naming: Naming::Query("jobId"),
            update: Update::Whole,
            operations: Operations { create: true, update: true, delete: true },
            iam: Some(IamStyle::Verbs),
            full_name: "//run.googleapis.com/{name}",
        }
    }

    fn before_update(&self, _: &Json, patch: &mut Patch) {
        keep_retries(&mut patch.body);
    }

    fn follow_up(&self) -> Option<&dyn FollowUp> {
        Some(&execution::Execution)
    }
}

impl Gradual for Job {
    fn readiness(&self, body: &Json) -> Readiness {
        match run::readiness(body, "the job cannot be run") {
            Readiness::Ready if execution::is_wanted(body) && !execution::is_done(body) => {
                Readiness::Failed(execution::failure(body))
            }
            readiness => readiness,
        }
    }

    fn was_ready(&self, component: &Dynamic) -> bool {
        component.get("execute_on_change").as_bool() != Some(true) || component.get("executed").as_bool() == Some(true)
    }
}

impl Discovery for Job {
    /// The registry of the image, the service account, the buckets and the secrets.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        names::used(body, "template.template")
    }
}
