//! Alarms of CloudWatch: a preset, or a metric of one's own.
//!
//! An alarm is written whole by one call. A preset is written out into a metric before anything is compared or sent: see
//! [`presets`].

mod presets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::presets::Preset;
use super::limits;
use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{FreeText, Immutable, Labels, ScalarCodec, refers, wire};
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::{self, SECONDS_INT};
use crate::types::Duration;

/// The kind.
pub(super) struct Alarm;

const ARN: &str = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}";
/// What a period without data counts as where nobody says it.
const MISSING: &str = "missing";
/// Lists of those who are told.
const ACTIONS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

/// Alarms of CloudWatch, by KEY: a preset, or a metric of one's own.
#[derive(Object, Clone)]
pub(super) struct AlarmSpec {
    /// The alarm's name: 1 to 255 characters. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("AlarmName"), Immutable))]
    name: Value<String>,
    /// An alarm that is known to work; what it watches is named by the attribute beside it. What you set yourself wins over
    /// it. Exactly one of `preset` and `metric_name` is needed.
    #[tf(optional)]
    preset: Value<Preset>,
    /// The queue that the presets `queue_depth`, `queue_age` and `dead_letters` watch: the KEY of one of `queues`, or the name
    /// of another.
    #[tf(optional, ext(refers("queues", "name")))]
    queue: Value<String>,
    /// The service that the presets `service_cpu` and `service_memory` watch: its ARN, or `CLUSTER/NAME`.
    #[tf(optional, ext(refers("services", "arn")))]
    service: Value<String>,
    /// The database that the presets `database_cpu`, `database_storage` and `database_connections` watch: the KEY of one of
    /// `db_instances`, or the identifier of another.
    #[tf(optional, ext(refers("db_instances", "name")))]
    db_instance: Value<String>,
    /// The target group that the presets `target_5xx`, `target_latency` and `unhealthy_hosts` watch: the KEY of one of
    /// `target_groups`, or what CloudWatch calls another (`targetgroup/NAME/ID`).
    #[tf(optional, ext(refers("target_groups", "full_name")))]
    target_group: Value<String>,
    /// The load balancer in front of it: the KEY of one of `load_balancers`, or what CloudWatch calls another
    /// (`app/NAME/ID`). Where nothing is said it is the one of this stack whose listeners lead to the target group. Without a
    /// target group, `target_5xx` and `target_latency` watch all that is behind it.
    #[tf(optional, computed, ext(refers("load_balancers", "full_name")))]
    load_balancer: Value<String>,
    /// What the alarm is for, and what to do when it goes off: up to 1024 characters. A preset says so itself.
    #[tf(optional, ext(wire("AlarmDescription"), FreeText))]
    description: Value<String>,
    /// Who is told when it goes off: KEYs of `topics` of this stack, or ARNs of topics and other actions. At most 5.
    #[tf(optional, ext(wire("AlarmActions"), refers("topics", "arn").named_as("arn:aws:sns:REGION:ACCOUNT:NAME", is_arn)))]
    actions: Value<BTreeSet<String>>,
    /// Who is told when all is well again.
    #[tf(optional, ext(wire("OKActions"), refers("topics", "arn").named_as("arn:aws:sns:REGION:ACCOUNT:NAME", is_arn)))]
    ok_actions: Value<BTreeSet<String>>,
    /// Who is told when there is no data.
    #[tf(optional, ext(wire("InsufficientDataActions"), refers("topics", "arn").named_as("arn:aws:sns:REGION:ACCOUNT:NAME", is_arn)))]
    insufficient_data_actions: Value<BTreeSet<String>>,
    /// Whether the alarm is evaluated without telling anyone.
    #[tf(default = false, ext(wire("ActionsEnabled").codec(NOT)))]
    shadow: Value<bool>,
    /// Where the metric is from: `AWS/SQS`.
    #[tf(optional, ext(wire("Namespace")))]
    namespace: Value<String>,
    /// The metric that is watched.
    #[tf(optional, ext(wire("MetricName")))]
    metric_name: Value<String>,
    /// What the metric is of: `{ QueueName = "orders" }`.
    #[tf(optional, ext(wire("Dimensions"), FreeText))]
    dimensions: Value<BTreeMap<String, String>>,
    /// What is made of the values of a period; with `metric_name` it or `extended_statistic` is needed.
    #[tf(optional, ext(wire("Statistic")))]
    statistic: Value<Statistic>,
    /// A percentile of the values, such as `p95`, or another statistic that takes a number.
    #[tf(optional, ext(wire("ExtendedStatistic")))]
    extended_statistic: Value<String>,
    /// How long a period is: `10s`, `20s`, `30s` or whole minutes. With `metric_name` it is needed.
    #[tf(optional, ext(wire("Period").codec(SECONDS_INT)))]
    period: Value<Duration>,
    /// Of how many periods the last ones are looked at. With `metric_name` it is needed.
    #[tf(optional, ext(wire("EvaluationPeriods")))]
    evaluation_periods: Value<i64>,
    /// In how many of them the threshold must be crossed. In all of them when absent.
    #[tf(optional, ext(wire("DatapointsToAlarm")))]
    datapoints_to_alarm: Value<i64>,
    /// What the statistic is compared with.
    #[tf(optional, ext(wire("Threshold")))]
    threshold: Value<f64>,
    /// How it is compared. With `metric_name` it is needed.
    #[tf(optional, ext(wire("ComparisonOperator")))]
    comparison_operator: Value<Comparison>,
    /// What a period without data counts as: `missing` when absent, and with a preset `notBreaching`.
    #[tf(optional, ext(wire("TreatMissingData")))]
    treat_missing_data: Value<MissingData>,
    /// Only values of this unit count, such as `Seconds`.
    #[tf(optional, ext(wire("Unit")))]
    unit: Value<String>,
    /// Tags of this alarm, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The alarm's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

/// What is made of the values of a period.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    /// How many there are.
    #[tf(name = "SampleCount")]
    SampleCount,
    /// Their mean.
    #[tf(name = "Average")]
    Average,
    /// Their sum.
    #[tf(name = "Sum")]
    Sum,
    /// The smallest.
    #[tf(name = "Minimum")]
    Minimum,
    /// The largest.
    #[tf(name = "Maximum")]
    Maximum,
}

/// How the statistic is compared with the threshold.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// Greater or equal goes off.
    #[tf(name = "GreaterThanOrEqualToThreshold")]
    AtLeast,
    /// Greater goes off.
    #[tf(name = "GreaterThanThreshold")]
    Greater,
    /// Less goes off.
    #[tf(name = "LessThanThreshold")]
    Less,
    /// Less or equal goes off.
    #[tf(name = "LessThanOrEqualToThreshold")]
    AtMost,
}

/// What a period without data counts as.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum MissingData {
    /// As one in which the threshold is crossed.
    #[tf(name = "breaching")]
    Breaching,
    /// As one in which all is well.
    #[tf(name = "notBreaching")]
    NotBreaching,
    /// The alarm stays as it is.
    #[tf(name = "ignore")]
    Ignore,
    /// As none: without any data the alarm says so.
    #[tf(name = "missing")]
    Missing,
}

/// An alarm whose actions are switched off is a shadow.
const NOT: ScalarCodec = ScalarCodec {
    write: |value| json!(value.as_bool() != Some(true)),
    read: |json| Dynamic::Bool(json.as_bool() == Some(false)),
};

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

impl Declared for Alarm {
    type Spec = AlarmSpec;
    const NAME: &'static str = "alarms";
    const NOUN: &'static str = "alarm";

    fn validate(&self, spec: &AlarmSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        let length = |text: &Value<String>| text.known().map_or(1, |text| text.chars().count());
        if !(1..=255).contains(&length(&spec.name)) {
            error("name", "Invalid name of an alarm", "The name of an alarm has 1 to 255 characters.".to_owned());
        }
        if length(&spec.description) > 1024 {
            let detail = format!("description has {} characters; at most 1024 are allowed.", length(&spec.description));
            error("description", "The description is too long", detail);
        }
        for (actions, attribute) in [
            (&spec.actions, "actions"),
            (&spec.ok_actions, "ok_actions"),
            (&spec.insufficient_data_actions, "insufficient_data_actions"),
        ] {
            if let Some(many) = actions.known().map(BTreeSet::len).filter(|many| *many > 5) {
                error(attribute, "Too many actions", format!("An alarm has at most 5 of them; here are {many}."));
            }
        }
        if let Some(seconds) = spec.period.known().map(|period| period.to_std().as_secs()) {
            if seconds == 0 || (!seconds.is_multiple_of(60) && ![10, 20, 30].contains(&seconds)) {
                let detail = format!("period is {seconds}s. It can be 10s, 20s, 30s or whole minutes.");
                error("period", "Invalid period of an alarm", detail);
            }
            let longest = if seconds < 3600 { 86_400 } else { 7 * 86_400 };
            let periods = spec.evaluation_periods.known().and_then(|periods| u64::try_from(*periods).ok());
            if let Some(periods) = periods.filter(|periods| periods.saturating_mul(seconds) > longest) {
                let detail = format!(
                    "{periods} periods of {seconds}s are longer than CloudWatch looks back: a day, or 7 with periods of at least \
                     an hour."
                );
                error("evaluation_periods", "An alarm looks back too far", detail);
            }
        }
        if let (Some(needed), Some(periods)) = (spec.datapoints_to_alarm.known(), spec.evaluation_periods.known())
            && needed > periods
        {
            let detail = format!("datapoints_to_alarm is {needed}, and only {periods} periods are looked at.");
            error("datapoints_to_alarm", "More datapoints than periods", detail);
        }
        if spec.statistic.known().is_some() && spec.extended_statistic.known().is_some() {
            let detail = "An alarm has one of statistic and extended_statistic. Remove one.";
            error("extended_statistic", "Two statistics", detail.to_owned());
        }
        limits::number(&spec.evaluation_periods, 1..=i64::from(i32::MAX), "evaluation_periods", path, diagnostics);
        limits::number(&spec.datapoints_to_alarm, 1..=i64::from(i32::MAX), "datapoints_to_alarm", path, diagnostics);
        presets::validate(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &AlarmSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if !spec.preset.is_null() {
            return presets::validate_new(spec, path, diagnostics);
        }
        for (is_missing, attribute) in [
            (spec.metric_name.is_null(), "metric_name"),
            (spec.namespace.is_null(), "namespace"),
            (spec.statistic.is_null() && spec.extended_statistic.is_null(), "statistic"),
            (spec.period.is_null(), "period"),
            (spec.evaluation_periods.is_null(), "evaluation_periods"),
            (spec.threshold.is_null(), "threshold"),
            (spec.comparison_operator.is_null(), "comparison_operator"),
        ] {
            if is_missing {
                let detail = format!("An alarm without a preset needs {attribute}. Set it, or name a preset.");
                diagnostics.push(Diagnostic::error("An alarm that is not whole", detail).at(path.attribute(attribute)));
            }
        }
    }
}

impl Kind for Alarm {
    fn implied(
        &self,
        component: &Dynamic,
        others: &mut dyn Iterator<Item = (&'static str, &str, &Dynamic)>,
    ) -> Vec<(&'static str, Dynamic)> {
        let Some(group) = tree::text(component, "target_group") else { return Vec::new() };
        let leads_to_it = |listener: &Dynamic| tree::text(listener, "target_group") == Some(group);
        let mut balancers = others.filter(|(kind, _, balancer)| {
            let listeners = balancer.get("listeners").as_entries().into_iter().flatten();
            *kind == super::load_balancer::LoadBalancer::NAME && listeners.map(|(_, one)| one).any(leads_to_it)
        });
        balancers.next().map(|(_, key, _)| ("load_balancer", Dynamic::string(key))).into_iter().collect()
    }

    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        presets::write_out(component);
        if component.get("treat_missing_data").is_null() {
            tree::set(component, "treat_missing_data", Dynamic::string(MISSING));
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// Target tracking makes alarms of its own ("Target tracking scaling policies" in the guide of Application Auto Scaling),
    /// and so does Elastic Beanstalk, whose environments are `awseb-e-ID-stack`.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        ["TargetTracking-", "awseb-e-"].iter().any(|start| wire::text(body, "AlarmName").starts_with(start))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "AlarmArn",
            "AlarmConfigurationUpdatedTimestamp",
            "EvaluationState",
            "StateReason",
            "StateReasonData",
            "StateTransitionedTimestamp",
            "StateUpdatedTimestamp",
            "StateValue",
        ]
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for Alarm {
    /// What the metric's dimensions name.
    fn watches(&self, body: &Json) -> Vec<(&'static str, String)> {
        let dimension = |name: &str| body["Dimensions"][name].as_str().map(str::to_owned);
        // `app/NAME/ID` of a balancer, `targetgroup/NAME/ID`.
        let within = |name: &str| Some(dimension(name)?.split('/').nth(1)?.to_owned());
        let service = dimension("ClusterName").zip(dimension("ServiceName"));
        let watched = [
            ("services", service.map(|(cluster, service)| format!("{cluster}/{service}"))),
            ("queues", dimension("QueueName")),
            ("db_instances", dimension("DBInstanceIdentifier")),
            ("load_balancers", within("LoadBalancer")),
            ("target_groups", within("TargetGroup")),
            ("tables", dimension("TableName")),
            ("topics", dimension("TopicName")),
            ("buckets", dimension("BucketName")),
            ("log_groups", dimension("LogGroupName")),
            ("vpc_endpoints", dimension("VPC Endpoint Id")),
        ];
        watched.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect()
    }

    /// The topics that it tells, and what it watches.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let actions = ACTIONS.iter().filter_map(|list| body.get(*list)?.as_array()).flatten().filter_map(Json::as_str);
        let topics = actions.filter(|action| action.contains(":sns:")).filter_map(|topic| topic.rsplit(':').next());
        topics.map(|topic| ("topics", topic.to_owned())).chain(self.watches(body)).collect()
    }
}

/// How many alarms one call describes at most.
const AT_ONCE: usize = 100;

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::CLOUDWATCH, action, body)).await
}

/// An alarm out of what the calls say of it; what says nothing is left out.
pub(super) fn object(mut alarm: Json, found: BTreeMap<String, String>) -> Json {
    if let Some(fields) = alarm.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && value != &json!([]) && value != &json!(""));
    }
    let pair = |pair: &Json| Some((pair.get("Name")?.as_str()?.to_owned(), pair.get("Value")?.clone()));
    let dimensions: Map<String, Json> = alarm["Dimensions"].as_array().into_iter().flatten().filter_map(pair).collect();
    wire::put(&mut alarm, "Dimensions", if dimensions.is_empty() { Json::Null } else { Json::Object(dimensions) });
    if alarm.get("TreatMissingData").is_none() {
        alarm["TreatMissingData"] = json!(MISSING);
    }
    tags::put(&mut alarm, found);
    alarm
}

/// The alarm as CloudWatch takes it: whole, with what nobody here knows, and without what only it says.
pub(super) fn written(alarm: &Json) -> Json {
    let mut wanted = alarm.clone();
    let dimensions = alarm["Dimensions"].as_object().into_iter().flatten();
    let dimensions: Vec<Json> = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    wanted["Dimensions"] = Json::Array(dimensions);
    if let Some(fields) = wanted.as_object_mut() {
        fields.retain(|field, _| field != tags::FIELD && !Alarm.unmanaged().contains(&field.as_str()));
    }
    wanted
}

/// The alarms of these names, which are no more than one call describes.
async fn described(names: Vec<String>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let asked = json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm"], "MaxRecords": AT_ONCE });
    let mut page = call("DescribeAlarms", asked, run).await?;
    Ok(page["MetricAlarms"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

/// The tags of an alarm; `None` where there is none.
async fn tags_of(resource: &str, run: Run<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let found = call("ListTagsForResource", json!({ "ResourceARN": resource }), run).await.found()?;
    Ok(found.map(|found| tags::of_pairs(&found["Tags"])))
}

/// Puts the tags beside an alarm; `None` for one that is gone by now.
async fn tagged(alarm: Json, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let found = tags_of(wire::text(&alarm, "AlarmArn"), run).await?;
    Ok(found.map(|found| object(alarm, found)))
}

#[async_trait]
impl Api for Alarm {
    fn service(&self) -> Service {
        Service::CLOUDWATCH
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "AlarmName")
    }

    /// The same call makes and changes alarms.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let is_it = |alarm: &Json, name: &str| wire::text(alarm, "AlarmName") == name;
        let alarms = run.together().ask(("DescribeAlarms", AT_ONCE), name, is_it, |names| described(names, run));
        let resource = arn(ARN, &run.scope.place, name);
        let tags = tagging::tags_of(&resource, known, run, tags_of(&resource, run));
        let (mut alarms, found) = try_join(alarms, tags).await?;
        Ok(alarms.pop().zip(found).map(|(alarm, found)| object(alarm, found)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut alarms: Vec<Json> = Vec::new();
        let mut body = json!({ "MaxRecords": AT_ONCE, "AlarmTypes": ["MetricAlarm"] });
        loop {
            let mut page = call("DescribeAlarms", body.clone(), run).await?;
            alarms.append(page["MetricAlarms"].as_array_mut().unwrap_or(&mut Vec::new()));
            match page["NextToken"].as_str() {
                Some(token) => body["NextToken"] = json!(token),
                None => break,
            }
        }
        let alarms = try_join_all(alarms.into_iter().map(|alarm| tagged(alarm, run))).await?;
        Ok(alarms.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = written(body);
        wanted["Tags"] = tags::pairs(&tags::of(body));
        call("PutMetricAlarm", wanted, run).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        if changed.is_beyond(tags::FIELD) {
            call("PutMetricAlarm", written(after), run).await?;
        }
        let tags = tags::Change::between(before, after);
        let resource = arn(ARN, &run.scope.place, self.name_of(before));
        if !tags.set.is_empty() {
            call("TagResource", json!({ "ResourceARN": resource, "Tags": tags::pairs(&tags.set) }), run).await?;
        }
        if !tags.remove.is_empty() {
            call("UntagResource", json!({ "ResourceARN": resource, "TagKeys": tags.remove }), run).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        call("DeleteAlarms", json!({ "AlarmNames": [name] }), run).await.map(drop)
    }
}
