//! Log groups of CloudWatch Logs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;

/// The kind.
pub(super) struct LogGroup;

const ARN: &str = "arn:{partition}:logs:{region}:{account}:log-group:{name}";

/// The numbers of days for which events can be kept.
const RETENTION: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Log groups of CloudWatch Logs, by KEY.
#[derive(Object, Clone)]
pub(super) struct LogGroupSpec {
    /// The log group's name, such as `/ecs/api`: 1 to 512 letters, digits and `_`, `-`, `/`, `.`, `#`. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire("logGroupName"), Immutable))]
    name: Value<String>,
    /// For how many days events are kept: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
    /// 2557, 2922, 3288 or 3653. For ever when absent.
    #[tf(optional, ext(wire("retentionInDays")))]
    retention_in_days: Value<i64>,
    /// The ARN of the KMS key that new events are encrypted with. With AWS's own key when absent.
    #[tf(optional, ext(wire("kmsKeyId")))]
    kms_key_id: Value<String>,
    /// What can be done with the events, and so what they cost. Immutable.
    #[tf(default = "STANDARD", ext(wire("logGroupClass"), Immutable))]
    log_group_class: Value<LogGroupClass>,
    /// Tags of this log group, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The log group's ARN, without `:*` at its end.
    #[tf(computed)]
    arn: Value<String>,
}

/// The classes of log groups.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum LogGroupClass {
    /// All that CloudWatch Logs can do.
    Standard,
    /// Cheaper, without metric filters, live tail and exports.
    InfrequentAccess,
    /// For delivery to S3 and Firehose only.
    Delivery,
}

impl Declared for LogGroup {
    type Spec = LogGroupSpec;
    const NAME: &'static str = "log_groups";
    const NOUN: &'static str = "log group";

    fn validate(&self, spec: &LogGroupSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static LOG_GROUP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_/.#-]{1,512}$").ok());
        let fits = |name: &&String| LOG_GROUP.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a log group: 1 to 512 letters, digits and _ - / . # are allowed. It defaults to \
                 the KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a log group", detail).at(path.attribute("name")));
        }
        if let Some(days) = spec.retention_in_days.known().filter(|days| !RETENTION.contains(days)) {
            let (below, above) = (RETENTION.iter().rfind(|one| *one < days), RETENTION.iter().find(|one| *one > days));
            let nearest: Vec<String> = [below, above].into_iter().flatten().map(ToString::to_string).collect();
            let detail = format!(
                "retention_in_days is {days}, for which CloudWatch Logs keeps nothing. Write {}, or leave it out to keep events \
                 for ever.",
                nearest.join(" or ")
            );
            let path = path.attribute("retention_in_days");
            diagnostics.push(Diagnostic::error("Invalid retention of a log group", detail).at(path));
        } else if let (Some(days), Some(LogGroupClass::Delivery)) =
            (spec.retention_in_days.known(), spec.log_group_class.known())
        {
            let detail = format!(
                "retention_in_days is {days}, and log_group_class is DELIVERY: for how long such a group keeps its events is AWS's \
                 alone. Leave retention_in_days out."
            );
            let path = path.attribute("retention_in_days");
            diagnostics.push(Diagnostic::error("Invalid retention of a log group", detail).at(path));
        }
    }
}

impl Kind for LogGroup {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// Log groups of services: `/aws/SERVICE/...` is what they call those that they make by themselves ("AWS services that
    /// publish logs to CloudWatch Logs"); enhanced monitoring of RDS and stages of API Gateway have names of their own.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        const STARTS: [&str; 3] = ["/aws/", "API-Gateway-Execution-Logs_", "/aws-glue/"];
        let name = self.name_of(body);
        tags::are_missing(body) && (name == "RDSOSMetrics" || STARTS.iter().any(|start| name.starts_with(start)))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["arn", "creationTime", "logGroupArn", "metricFilterCount", "storedBytes"]
    }
}

/// The tags of a log group; `None` where there is none.
async fn tags_of(name: &str, run: Run<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let resource = arn(ARN, &run.scope.place, name);
    let request = Request::new(Service::LOGS, "ListTagsForResource", json!({ "resourceArn": resource }));
    Ok(run.call(request).await.found()?.map(|answer| tags::of(&answer)))
}

/// One page of the log groups whose names begin with `prefix`.
async fn page(prefix: Option<&str>, token: Option<&str>, run: Run<'_>) -> Result<Json, ApiError> {
    let mut body = json!({ "limit": 50 });
    if let Some(prefix) = prefix {
        body["logGroupNamePrefix"] = json!(prefix);
    }
    if let Some(token) = token {
        body["nextToken"] = json!(token);
    }
    let mut page = run.call(Request::new(Service::LOGS, "DescribeLogGroups", body)).await?;
    for group in page["logGroups"].as_array_mut().into_iter().flatten() {
        *group = object(group.take());
    }
    Ok(page)
}

/// A log group out of what is said of it, without the retention that AWS alone gives to one for delivery.
pub(super) fn object(mut group: Json) -> Json {
    if group["logGroupClass"] == "DELIVERY"
        && let Some(fields) = group.as_object_mut()
    {
        fields.remove("retentionInDays");
    }
    group
}

#[async_trait]
impl Api for LogGroup {
    fn service(&self) -> Service {
        Service::LOGS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DescribeLogGroups",
            "logs:DisassociateKmsKey",
            "logs:ListTagsForResource",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        body["logGroupName"].as_str().unwrap_or_default()
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        // They come in the order of their names: the one that is the prefix is the first.
        let resource = arn(ARN, &run.scope.place, name);
        let tags = tagging::tags_of(&resource, known, run, tags_of(name, run));
        let (mut page, tags) = try_join(page(Some(name), None, run), tags).await?;
        let groups = page["logGroups"].as_array_mut();
        let found = groups.and_then(|groups| groups.iter_mut().find(|group| self.name_of(group) == name));
        let (Some(found), Some(tags)) = (found, tags) else { return Ok(None) };
        tags::put(found, tags);
        Ok(Some(found.take()))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut groups: Vec<Json> = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut page = page(None, token.as_deref(), run).await?;
            groups.append(page["logGroups"].as_array_mut().unwrap_or(&mut Vec::new()));
            token = page["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        try_join_all(groups.iter_mut().map(|group| async {
            if let Some(tags) = tags_of(self.name_of(group), run).await? {
                tags::put(group, tags);
            }
            Ok(())
        }))
        .await?;
        Ok(groups)
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = body.clone();
        if let Some(fields) = wanted.as_object_mut() {
            fields.retain(|field, _| field != "retentionInDays");
        }
        run.call(Request::new(Service::LOGS, "CreateLogGroup", wanted)).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        body.get("retentionInDays").is_some()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        match body.get("retentionInDays") {
            Some(_) => keep(self.name_of(body), body, run).await,
            None => Ok(()),
        }
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        let resource = arn(ARN, &run.scope.place, name);
        let call = async |action, body| run.call(Request::new(Service::LOGS, action, body)).await.map(drop);
        if changed.has("retentionInDays") {
            keep(name, after, run).await?;
        }
        if changed.has("kmsKeyId") {
            match after.get("kmsKeyId") {
                Some(key) => call("AssociateKmsKey", json!({ "logGroupName": name, "kmsKeyId": key })).await?,
                None => call("DisassociateKmsKey", json!({ "logGroupName": name })).await?,
            }
        }
        let tags = tags::Change::between(before, after);
        if !tags.set.is_empty() {
            call("TagResource", json!({ "resourceArn": resource, "tags": tags.set })).await?;
        }
        if !tags.remove.is_empty() {
            call("UntagResource", json!({ "resourceArn": resource, "tagKeys": tags.remove })).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        run.call(Request::new(Service::LOGS, "DeleteLogGroup", json!({ "logGroupName": name }))).await.map(drop)
    }
}

/// Keeps events as long as `wanted` says.
async fn keep(name: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let request = match wanted.get("retentionInDays") {
        Some(days) => {
            let body = json!({ "logGroupName": name, "retentionInDays": days });
            Request::new(Service::LOGS, "PutRetentionPolicy", body)
        }
        None => Request::new(Service::LOGS, "DeleteRetentionPolicy", json!({ "logGroupName": name })),
    };
    run.call(request).await.map(drop)
}
