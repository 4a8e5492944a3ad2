//! Clusters of ECS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use async_trait::async_trait;
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{ecs, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct Cluster;

const ARN: &str = "arn:{partition}:ecs:{region}:{account}:cluster/{name}";
/// The setting of the API that is an element of a list there, and a field of its own here.
const INSIGHTS: &str = "containerInsights";
const PROVIDERS: &str = "capacityProviders";

/// Clusters of ECS, in which services run, by KEY.
#[derive(Object, Clone)]
pub(super) struct ClusterSpec {
    /// The cluster's name: 1 to 255 letters, digits, `-` and `_`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("clusterName"), Immutable))]
    name: Value<String>,
    /// Whether CloudWatch gets metrics of tasks and containers, and how many. When absent it is the account's setting, and
    /// later stays as it is.
    #[tf(optional, computed, ext(wire(INSIGHTS)))]
    container_insights: Value<Insights>,
    /// Where tasks may run, beside the launch types: `FARGATE`, `FARGATE_SPOT`. When absent they stay as they are.
    #[tf(optional, computed, ext(wire(PROVIDERS)))]
    capacity_providers: Value<BTreeSet<String>>,
    /// Tags of this cluster, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The cluster's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

/// How much CloudWatch gets.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Insights {
    /// Metrics of tasks and containers.
    #[tf(name = "enabled")]
    Enabled,
    /// The same in more detail.
    #[tf(name = "enhanced")]
    Enhanced,
    /// Metrics of services only.
    #[tf(name = "disabled")]
    Disabled,
}

impl Declared for Cluster {
    type Spec = ClusterSpec;
    const NAME: &'static str = "clusters";
    const NOUN: &'static str = "cluster";

    fn validate(&self, spec: &ClusterSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_-]{1,255}$").ok());
        let fits = |name: &&String| NAME.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a cluster: 1 to 255 letters, digits, - and _ are allowed. It defaults to the \
                 KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a cluster", detail).at(path.attribute("name")));
        }
    }
}

impl Kind for Cluster {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// ECS makes a cluster of this name for who runs a task or opens the console without one ("Clusters" in its guide).
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        let is_empty = ["activeServicesCount", "registeredContainerInstancesCount", "runningTasksCount"]
            .iter()
            .all(|count| body[*count].as_i64().unwrap_or_default() == 0);
        self.name_of(body) == "default" && is_empty && tags::are_missing(body)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "activeServicesCount",
            "attachments",
            "attachmentsStatus",
            "clusterArn",
            "pendingTasksCount",
            "registeredContainerInstancesCount",
            "runningTasksCount",
            "statistics",
            "status",
        ]
    }
}

/// A cluster as it is shown here.
pub(super) fn object(mut cluster: Json) -> Json {
    let settings = cluster["settings"].take();
    let insights = settings.as_array().into_iter().flatten().find(|setting| setting["name"] == INSIGHTS);
    if let Some(fields) = cluster.as_object_mut() {
        fields.remove("settings");
        fields.extend(insights.map(|insights| (INSIGHTS.to_owned(), insights["value"].clone())));
    }
    cluster
}

fn settings(body: &Json) -> Option<Json> {
    Some(json!([{ "name": INSIGHTS, "value": body.get(INSIGHTS)? }]))
}

async fn described(names: &[String], run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let with = json!({ "include": ["TAGS", "SETTINGS"] });
    let found = ecs::describe("DescribeClusters", "clusters", names, &with, run).await?;
    Ok(found.into_iter().map(object).collect())
}

#[async_trait]
impl Api for Cluster {
    fn service(&self) -> Service {
        Service::ECS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:DescribeClusters",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateCluster",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "clusterName")
    }

    /// The cluster that is there is the answer.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        Ok(described(&[name.to_owned()], run).await?.pop())
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let arns = ecs::all("ListClusters", "clusterArns", json!({}), run).await?;
        described(&arns, run).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let wanted = json!({
            "clusterName": self.name_of(body),
            "settings": settings(body).unwrap_or_else(|| json!([])),
            PROVIDERS: body.get(PROVIDERS).cloned().unwrap_or_else(|| json!([])),
            "tags": ecs::pairs(&tags::of(body)),
        });
        ecs::call("CreateCluster", wanted, run).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        if let Some(settings) = settings(after).filter(|_| changed.has(INSIGHTS)) {
            ecs::call("UpdateCluster", json!({ "cluster": name, "settings": settings }), run).await?;
        }
        if changed.has(PROVIDERS) {
            let wanted = json!({
                "cluster": name,
                PROVIDERS: after.get(PROVIDERS).cloned().unwrap_or_else(|| json!([])),
                "defaultCapacityProviderStrategy":
                    after.get("defaultCapacityProviderStrategy").cloned().unwrap_or_else(|| json!([])),
            });
            ecs::call("PutClusterCapacityProviders", wanted, run).await?;
        }
        let change = tags::Change::between(before, after);
        ecs::retag(wire::text(before, "clusterArn"), &change, run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        ecs::call("DeleteCluster", json!({ "cluster": name }), run).await.map(drop)
    }
}
