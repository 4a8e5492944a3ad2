//! Services of ECS, each with the task definition that it runs and how it is scaled.
//!
//! The revision that the service runs is the truth: a pipeline that deploys another image is no drift. A change of the task is
//! a new revision, made of the running one. [`task`] and [`container`] have both forms of a definition.

mod container;
mod scaling;
mod task;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::container::Sidecar;
use self::scaling::{SCALING, Scaling};
use super::limits;
use crate::aws::api::{ApiError, Found, Request, Service as Services};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::is_arn;
use crate::aws::{ecs, elb, patience, tags};
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{FreeText, Immutable, Labels, ScalarCodec, Silent, Volatile, WhenSilent, refers, wire};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire::{INT64, SECONDS_INT};
use crate::engine::{labels, wire};
use crate::types::Duration;

/// The kind.
pub(super) struct Service;

const ARN: &str = "arn:{partition}:ecs:{region}:{account}:service/{name}";
/// The fields of a service's JSON that are not so in the API.
const ID: &str = "id";
const CLUSTER: &str = "cluster";
const TASK: &str = "task";
const TARGET: &str = "target";
const COUNT: &str = "desiredCount";
const BREAKER: &str = "deploymentConfiguration.deploymentCircuitBreaker";
/// Whether tasks have a public address, in the API's words.
const ENABLED: ScalarCodec = ScalarCodec { write: write_enabled, read: read_enabled };

fn write_enabled(value: &Dynamic) -> Json {
    value.as_bool().map_or(Json::Null, |value| json!(if value { "ENABLED" } else { "DISABLED" }))
}

fn read_enabled(json: &Json) -> Dynamic {
    json.as_str().map_or(Dynamic::Null, |text| Dynamic::Bool(text == "ENABLED"))
}

/// The number of tasks where the configuration says nothing of it: the scaler's, else as it is.
fn count(silent: &Silent<'_>) -> Dynamic {
    match silent.now.get(SCALING) {
        Dynamic::Null if silent.value.is_null() => Dynamic::Unknown,
        Dynamic::Null => silent.value.clone(),
        Dynamic::Unknown => Dynamic::Unknown,
        _ => Dynamic::Null,
    }
}

/// The name at the end of an ARN; other texts as they are.
fn last_part(text: &str) -> String {
    if is_arn(text) { text.rsplit('/').next().unwrap_or(text).to_owned() } else { text.to_owned() }
}

/// Services of ECS, by KEY. A service and the task definition that it runs are one component.
#[derive(Object, Clone)]
pub(super) struct ServiceSpec {
    /// The service's name: 1 to 255 letters, digits, `-` and `_`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("serviceName"), Immutable))]
    name: Value<String>,
    /// The cluster that it runs in: the KEY of one of `clusters`, or the name of another. Immutable.
    #[tf(required, ext(wire(CLUSTER), Immutable, refers("clusters", "name").compared_by(last_part)))]
    cluster: Value<String>,
    /// What it runs on. Immutable.
    #[tf(default = "FARGATE", ext(wire("launchType").always(), Immutable))]
    launch_type: Value<LaunchType>,
    /// The image of the main container. When absent it is the pipeline's: whatever the service runs stays, and deployments are
    /// no difference. A new service needs one.
    #[tf(optional, computed, ext(wire("task.main.image")))]
    image: Value<String>,
    /// The CPU units of a task, of which a CPU has 1024.
    #[tf(required, ext(wire("task.cpu").codec(INT64)))]
    cpu: Value<i64>,
    /// The memory of a task, in MiB.
    #[tf(required, ext(wire("task.memory").codec(INT64)))]
    memory: Value<i64>,
    /// The port that the main container listens on.
    #[tf(optional, ext(wire("task.main.port")))]
    port: Value<i64>,
    /// What the main container runs, in place of the image's command.
    #[tf(optional, ext(wire("task.main.command")))]
    command: Value<Vec<String>>,
    /// Environment variables of the main container.
    #[tf(optional, ext(wire("task.main.environment"), FreeText))]
    env: Value<BTreeMap<String, String>>,
    /// Environment variables of the main container whose values come from secrets when a task starts: KEYs of `secrets`, or
    /// the ARNs of others. The execution role reads them.
    #[tf(optional, ext(wire("task.main.secrets"), refers("secrets", "arn").named_as("arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME", is_arn)))]
    secret_env: Value<BTreeMap<String, String>>,
    /// Where the main container's output goes: the KEY of one of `log_groups`, or the name of another.
    #[tf(optional, ext(wire("task.main.logs.group"), refers("log_groups", "name")))]
    log_group: Value<String>,
    /// What the names of the main container's log streams begin with.
    #[tf(default = "ecs", ext(wire("task.main.logs.prefix")))]
    log_stream_prefix: Value<String>,
    /// What the main container is called. The service's name when nothing is said.
    #[tf(optional, computed, ext(wire("task.mainName")))]
    container_name: Value<String>,
    /// The containers beside the main one, by name. When absent, those that there are stay as they are.
    #[tf(optional, computed, ext(wire("task.sidecars")))]
    containers: Value<BTreeMap<String, Sidecar>>,
    /// What the task definition is called. The service's name when nothing is said.
    #[tf(optional, computed, ext(wire("task.family")))]
    family: Value<String>,
    /// Who ECS is when it starts a task: pulls the image, reads secrets, writes logs. The KEY of one of `roles`, or the ARN of
    /// another.
    #[tf(optional, ext(wire("task.executionRoleArn"), refers("roles", "arn").named_as("arn:aws:iam::ACCOUNT:role/NAME", is_arn)))]
    execution_role: Value<String>,
    /// Who the tasks are when they call AWS: the KEY of one of `roles`, or the ARN of another.
    #[tf(optional, ext(wire("task.taskRoleArn"), refers("roles", "arn").named_as("arn:aws:iam::ACCOUNT:role/NAME", is_arn)))]
    task_role: Value<String>,
    /// The subnets of the tasks, by id.
    #[tf(required, ext(wire("networkConfiguration.awsvpcConfiguration.subnets")))]
    subnets: Value<BTreeSet<String>>,
    /// The security groups of the tasks: KEYs of `security_groups`, or the ids of others. That of the VPC when absent.
    #[tf(
        optional,
        ext(wire("networkConfiguration.awsvpcConfiguration.securityGroups"), refers("security_groups", "id"))
    )]
    security_groups: Value<BTreeSet<String>>,
    /// Whether the tasks have public addresses.
    #[tf(default = false, ext(wire("networkConfiguration.awsvpcConfiguration.assignPublicIp").codec(ENABLED)))]
    assign_public_ip: Value<bool>,
    /// Where requests to `port` come from: the KEY of one of `target_groups`, or the ARN of another.
    #[tf(optional, ext(wire("target.targetGroupArn"), refers("target_groups", "arn").named_as("arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID", is_arn)))]
    target_group: Value<String>,
    /// For how long the target group's checks do not count after a task has started.
    #[tf(default = "0s", ext(wire("healthCheckGracePeriodSeconds").codec(SECONDS_INT)))]
    grace_period: Value<Duration>,
    /// How many tasks there are: 1 when nothing is said. With `scaling` it is the scaler's, and null here.
    #[tf(optional, computed, ext(wire(COUNT), WhenSilent(count)))]
    desired_count: Value<i64>,
    /// How the number of tasks follows their load.
    #[tf(optional, ext(wire(SCALING)))]
    scaling: Value<Scaling>,
    /// What happens to a deployment whose tasks do not start.
    #[tf(optional, ext(wire(BREAKER)))]
    circuit_breaker: Value<CircuitBreaker>,
    /// How many of the tasks run at least during a deployment, in percent.
    #[tf(default = 100, ext(wire("deploymentConfiguration.minimumHealthyPercent")))]
    minimum_healthy_percent: Value<i64>,
    /// How many tasks run at most during a deployment, in percent.
    #[tf(default = 200, ext(wire("deploymentConfiguration.maximumPercent")))]
    maximum_percent: Value<i64>,
    /// Whether commands can be executed in the containers (ECS Exec).
    #[tf(default = false, ext(wire("enableExecuteCommand")))]
    execute_command: Value<bool>,
    /// Tags of this service, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The name of the service after that of its cluster: `CLUSTER/SERVICE`.
    #[tf(computed, ext(wire(ID)))]
    id: Value<String>,
    /// The service's ARN.
    #[tf(computed, ext(wire("serviceArn")))]
    arn: Value<String>,
    /// The ARN of the revision that runs.
    #[tf(computed, ext(wire("taskDefinition"), Volatile { with: TASK }))]
    task_definition: Value<String>,
}

/// What tasks run on.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum LaunchType {
    /// Machines of AWS.
    Fargate,
    /// Machines of the cluster.
    Ec2,
    /// Machines of one's own.
    External,
}

/// What happens to a deployment whose tasks do not start.
#[derive(Object, Clone)]
struct CircuitBreaker {
    /// Whether it is given up.
    #[tf(default = false, ext(wire("enable").always()))]
    enable: Value<bool>,
    /// Whether the revision before it is deployed again.
    #[tf(default = false, ext(wire("rollback").always()))]
    rollback: Value<bool>,
}

impl Declared for Service {
    type Spec = ServiceSpec;
    const NAME: &'static str = "services";
    const NOUN: &'static str = "service";

    fn validate(&self, spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_-]{1,255}$").ok());
        let mut refuse = |title: &str, detail: String, attribute: &str| {
            diagnostics.push(Diagnostic::error(title.to_owned(), detail).at(path.attribute(attribute)));
        };
        let fits = |name: &&String| NAME.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a service: 1 to 255 letters, digits, - and _ are allowed. It defaults to the \
                 KEY; set name where the KEY does not do."
            );
            refuse("Invalid name of a service", detail, "name");
        }
        if let (Some(LaunchType::Fargate), Some(cpu), Some(memory)) =
            (spec.launch_type.known(), spec.cpu.known(), spec.memory.known())
            && !task::is_of_fargate(*cpu, *memory)
        {
            let detail = match task::fargate_memory(*cpu) {
                Some((from, to, step)) => format!(
                    "Fargate has no task with {memory} MiB for {cpu} CPU units. With {cpu} it can be {from} to {to}, in steps of \
                     {step}."
                ),
                None => format!(
                    "Fargate has no task with {cpu} CPU units. Write 256, 512, 1024, 2048, 4096, 8192 or 16384."
                ),
            };
            let attribute = if task::fargate_memory(*cpu).is_some() { "memory" } else { "cpu" };
            refuse("Fargate has no tasks of that size", detail, attribute);
        }
        if spec.port.is_null() && !spec.target_group.is_null() {
            let detail = "The target group sends requests to the main container's port. Set port.".to_owned();
            refuse("A target group needs a port", detail, "target_group");
        }
        if let Some(scaling) = spec.scaling.known()
            && let (Some(min), Some(max)) = (scaling.min.known(), scaling.max.known())
            && min > max
        {
            let detail = format!("min is {min} and max is {max}: there cannot be fewer tasks at most than at least.");
            refuse("Invalid scaling of a service", detail, "scaling");
        }
        if !spec.scaling.is_null() && spec.desired_count.known().is_some() {
            let detail =
                "With scaling, the number of tasks follows their load. Leave desired_count out, and set the limits in \
                          scaling.min and scaling.max; or leave scaling out."
                    .to_owned();
            refuse("The number of tasks is the scaler's", detail, "desired_count");
        }
        limits::number(&spec.port, 1..=65_535, "port", path, diagnostics);
        limits::number(&spec.minimum_healthy_percent, 0..=100, "minimum_healthy_percent", path, diagnostics);
        limits::number(&spec.maximum_percent, 100..=2_000, "maximum_percent", path, diagnostics);
    }

    fn validate_new(&self, spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if spec.image.is_null() {
            let detail = "A new service has nothing that it runs yet. Set image for its creation; without it later, the image is \
                          the pipeline's.";
            diagnostics.push(Diagnostic::error("A new service needs an image", detail).at(path.attribute("image")));
        }
    }
}

impl Kind for Service {
    fn predict(&self, component: &Dynamic, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        full_name(component).map(|id| (ID, Dynamic::String(id))).into_iter().collect()
    }

    /// Of a service that is scaled, the number of tasks is nobody's to record.
    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        body.get(SCALING).map(|_| ("desired_count", Dynamic::Null)).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "availabilityZoneRebalancing",
            "clusterArn",
            "createdAt",
            "createdBy",
            "currentServiceDeployment",
            "currentServiceRevisions",
            "deploymentConfiguration.bakeTimeInMinutes",
            "deploymentConfiguration.deploymentCircuitBreaker",
            "deploymentConfiguration.strategy",
            "deploymentController",
            "deployments",
            "enableECSManagedTags",
            "events",
            "pendingCount",
            "platformFamily",
            "platformVersion",
            "propagateTags",
            "resourceManagementType",
            "roleArn",
            "runningCount",
            "schedulingStrategy",
            "serviceArn",
            "status",
            "target.containerName",
            "target.containerPort",
            "task.enableFaultInjection",
            "task.networkMode",
            "task.requiresCompatibilities",
            "taskDefinition",
            "scaling.cpu.PolicyName",
            "scaling.cpu.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification",
            "scaling.memory.PolicyName",
            "scaling.memory.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Gradual for Service {
    fn readiness(&self, body: &Json) -> Readiness {
        let deployments = body["deployments"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(failed) = deployments.iter().find(|one| one["rolloutState"] == "FAILED") {
            let why = wire::text(failed, "rolloutStateReason").trim_end_matches('.');
            return Readiness::Failed(if why.is_empty() {
                "its tasks do not start".to_owned()
            } else {
                why.to_owned()
            });
        }
        if deployments.iter().any(|one| one["rolloutState"] == "IN_PROGRESS") {
            return Readiness::Pending;
        }
        Readiness::Ready
    }

    /// What a deployment has not brought about, the next change does.
    fn was_ready(&self, _: &Dynamic) -> bool {
        true
    }
}

impl Discovery for Service {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let text = |path: &str| wire::text(body, path);
        // Of a role's ARN the name is the last part, after its path.
        let role = |path: &str| text(path).split_once(":role/").map(|(_, role)| last_part(role).to_owned());
        let roles = ["task.executionRoleArn", "task.taskRoleArn"].into_iter().filter_map(role);
        let mut uses: Vec<(&'static str, String)> = roles.map(|name| ("roles", name)).collect();
        uses.push(("clusters", text(CLUSTER).to_owned()));
        uses.extend(elb::parts(text("target.targetGroupArn")).map(|(name, _)| ("target_groups", name.to_owned())));
        let sidecars = wire::get(body, "task.sidecars").and_then(Json::as_object).into_iter().flatten();
        let containers = wire::get(body, "task.main").into_iter().chain(sidecars.map(|(_, container)| container));
        uses.extend(containers.flat_map(container::uses));
        let groups =
            wire::get(body, "networkConfiguration.awsvpcConfiguration.securityGroups").and_then(Json::as_array);
        let groups = groups.into_iter().flatten().filter_map(Json::as_str);
        uses.extend(groups.map(|group| ("security_groups", group.to_owned())));
        uses.retain(|(_, name)| !name.is_empty());
        uses
    }
}

/// A service out of what the calls say of it. `main` is what its main container is called, as far as somebody knows.
pub(super) fn object(mut service: Json, definition: Json, scaling: Option<Json>, main: &str, region: &str) -> Json {
    let cluster = last_part(wire::text(&service, "clusterArn"));
    let name = wire::text(&service, "serviceName").to_owned();
    let target = service["loadBalancers"].take();
    let balanced = wire::text(&target[0], "containerName");
    let task = task::object(definition, &[main, balanced, &name], region);
    let is_simple = target.as_array().is_some_and(|list| list.len() == 1)
        && target[0]["containerName"] == task["mainName"]
        && target[0]["containerPort"] == task["main"]["port"]
        && target[0].get("targetGroupArn").is_some();
    if let Some(fields) = service.as_object_mut() {
        fields.retain(|_, value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty)));
        fields.insert(ID.to_owned(), json!(format!("{cluster}/{name}")));
        fields.insert(CLUSTER.to_owned(), json!(cluster));
        fields.insert(TASK.to_owned(), task);
        fields.extend(scaling.map(|scaling| (SCALING.to_owned(), scaling)));
        if is_simple {
            fields.insert(TARGET.to_owned(), target[0].clone());
        } else if target.as_array().is_some_and(|list| !list.is_empty()) {
            fields.insert("loadBalancers".to_owned(), target);
        }
    }
    service
}

/// Completes services, as described, with what other calls say of them.
async fn complete(service: Json, main: &str, run: Run<'_>) -> Result<Json, ApiError> {
    let name = format!("{}/{}", last_part(wire::text(&service, "clusterArn")), wire::text(&service, "serviceName"));
    let asked = json!({ "taskDefinition": service["taskDefinition"] });
    let calls = try_join(ecs::call("DescribeTaskDefinition", asked, run), scaling::read(&name, run));
    let (mut definition, scaling) = calls.await?;
    Ok(object(service, definition["taskDefinition"].take(), scaling, main, &run.scope.place.region))
}

async fn described(cluster: &str, names: &[String], run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let with = json!({ "cluster": cluster, "include": ["TAGS"] });
    ecs::describe("DescribeServices", "services", names, &with, run).await
}

/// The name of a component's service after that of its cluster, in which the cluster is resolved.
fn full_name(component: &Dynamic) -> Option<String> {
    Some(format!("{}/{}", last_part(component.get("cluster").as_str()?), component.get("name").as_str()?))
}

/// Cluster and service in the name of an object.
fn parts(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or((name, ""))
}

/// Registers the task of `body` and answers with the ARN of the revision.
async fn register(body: &Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut wanted = task::registration(&body[TASK], wire::text(body, "serviceName"), &run.scope.place.region);
    // It is not the revision that is unfinished.
    let mut of_revision = tags::of(body);
    of_revision.remove(labels::UNFINISHED);
    wanted["tags"] = ecs::pairs(&of_revision);
    let is_new = |error: &ApiError| error.says("Role is not valid") || error.says("unable to assume");
    let request = Request::new(Services::ECS, "RegisterTaskDefinition", wanted);
    let mut answer = run.call(request.also_retry(patience::NEW_PRINCIPAL, is_new)).await?;
    Ok(answer["taskDefinition"]["taskDefinitionArn"].take())
}

/// Where requests come from, as ECS takes it.
fn load_balancers(body: &Json) -> Json {
    let name = wire::get(body, "task.mainName").cloned().unwrap_or_else(|| body["serviceName"].clone());
    match wire::get(body, "target.targetGroupArn") {
        Some(group) => json!([{
            "targetGroupArn": group, "containerName": name, "containerPort": wire::get(body, "task.main.port"),
        }]),
        None => body.get("loadBalancers").cloned().unwrap_or_else(|| json!([])),
    }
}

/// The fields that a service has in calls as it has them here.
const PLAIN: [&str; 4] =
    ["networkConfiguration", "deploymentConfiguration", "healthCheckGracePeriodSeconds", "enableExecuteCommand"];

#[async_trait]
impl Api for Service {
    fn service(&self) -> Services {
        Services::ECS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "ecs:CreateService",
            "ecs:DeleteService",
            "ecs:DeregisterTaskDefinition",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:ListTaskDefinitions",
            "ecs:RegisterTaskDefinition",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateService",
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
            "iam:PassRole",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, ID)
    }

    fn object_name(&self, component: &Dynamic) -> Option<String> {
        match component.get(ID) {
            Dynamic::String(id) => Some(id.clone()),
            Dynamic::Null => full_name(component),
            _ => None,
        }
    }

    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let (cluster, service) = parts(name);
        let is_it = |found: &Json, name: &str| wire::text(found, "serviceName") == name;
        let list = format!("services of {cluster}");
        let of_names = |names: Vec<String>| async move { described(cluster, &names, run).await };
        let found = run.together().ask((&list, ecs::AT_ONCE), service, is_it, of_names).await.found()?;
        let Some(service) = found.into_iter().flatten().next() else { return Ok(None) };
        let main = known.and_then(|known| known.get("container_name").as_str()).unwrap_or_default();
        complete(service, main, run).await.map(Some)
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let clusters = ecs::all("ListClusters", "clusterArns", json!({}), run).await?;
        let services = try_join_all(clusters.iter().map(|cluster| async move {
            let names = ecs::all("ListServices", "serviceArns", json!({ "cluster": cluster }), run).await?;
            described(cluster, &names, run).await
        }))
        .await?;
        try_join_all(services.into_iter().flatten().map(|service| complete(service, "", run))).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let revision = register(body, run).await?;
        let mut wanted = json!({
            "cluster": body[CLUSTER],
            "serviceName": body["serviceName"],
            "taskDefinition": revision,
            "launchType": body["launchType"],
            "desiredCount": body.get(COUNT).or(wire::get(body, "scaling.MinCapacity")).unwrap_or(&json!(1)),
            "loadBalancers": load_balancers(body),
            "tags": ecs::pairs(&tags::of(body)),
        });
        for field in PLAIN.into_iter().filter(|field| body.get(field).is_some()) {
            wanted[field] = body[field].clone();
        }
        // Until the balancer's listener is there, nothing is sent to the target group.
        let is_early = |error: &ApiError| error.says("does not have an associated load balancer");
        let request = Request::new(Services::ECS, "CreateService", wanted);
        run.call(request.also_retry(patience::LISTENER, is_early)).await.map(drop)
    }

    fn is_made_in_steps(&self, _: &Json) -> bool {
        true
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = format!("{}/{}", last_part(wire::text(body, CLUSTER)), wire::text(body, "serviceName"));
        scaling::write(&name, (&Json::Null, body), None, run).await
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "cluster": before[CLUSTER], "service": before["serviceName"] });
        let of_call = wanted.as_object().map_or(0, serde_json::Map::len);
        if changed.has(TASK) {
            wanted["taskDefinition"] = register(after, run).await?;
        }
        for field in PLAIN.into_iter().filter(|field| changed.has(field)) {
            wanted[field] = after.get(field).cloned().unwrap_or_else(|| absent(field));
        }
        if changed.has(BREAKER) && wire::get(after, BREAKER).is_none() {
            wanted["deploymentConfiguration"]["deploymentCircuitBreaker"] =
                json!({ "enable": false, "rollback": false });
        }
        if let Some(count) = after.get(COUNT).filter(|_| changed.has(COUNT)) {
            wanted[COUNT] = count.clone();
        }
        if changed.has(TARGET) {
            wanted["loadBalancers"] = load_balancers(after);
        }
        if wanted.as_object().is_some_and(|fields| fields.len() > of_call) {
            ecs::call("UpdateService", wanted, run).await?;
        }
        scaling::write(self.name_of(before), (before, after), Some(changed), run).await?;
        ecs::retag(wire::text(before, "serviceArn"), &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let (cluster, service) = parts(name);
        if !known.get("scaling").is_null() {
            scaling::remove(name, run).await?;
        }
        ecs::call("DeleteService", json!({ "cluster": cluster, "service": service, "force": true }), run).await?;
        // Its tasks end first; until then neither the cluster can go nor another service of the name come.
        let mut looks = 0;
        while !described(cluster, &[service.to_owned()], run).await.found()?.unwrap_or_default().is_empty() {
            if run.pause(looks).await.is_err() {
                break;
            }
            looks += 1;
        }
        forget_revisions(known, run).await
    }
}

/// What a field is set to that leaves the configuration.
fn absent(field: &str) -> Json {
    match field {
        "healthCheckGracePeriodSeconds" => json!(0),
        "enableExecuteCommand" => json!(false),
        _ => json!({}),
    }
}

/// Takes out of use the revisions that the stack registered for a service which is gone; those of a pipeline stay.
async fn forget_revisions(known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let Some(family) = known.get("family").as_str() else { return Ok(()) };
    let revisions =
        ecs::all("ListTaskDefinitions", "taskDefinitionArns", json!({ "familyPrefix": family }), run).await?;
    try_join_all(revisions.iter().map(|revision| async move {
        let asked = json!({ "taskDefinition": revision, "include": ["TAGS"] });
        let found = ecs::call("DescribeTaskDefinition", asked, run).await?;
        if tags::of_pairs(&found["tags"]).get(labels::STACK_STAMP) == Some(&run.scope.stack) {
            ecs::call("DeregisterTaskDefinition", json!({ "taskDefinition": revision }), run).await?;
        }
        Ok(())
    }))
    .await
    .map(drop)
}
