//! Conditions: what is watched, and when it is too much.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin::{Choice, Object, Value};

use super::aggregation::Aggregation;
use crate::engine::marks::{FreeText, Identity, wire};
use crate::engine::wire::DURATION;
use crate::google::kinds::scalars::Query;
use crate::types::Duration;

/// A condition. Exactly one of `threshold`, `absent`, `promql` and `matched_log` is set; one that exists with another kind of
/// query (MQL, SQL) has none of them, and keeps its query until one of them is set.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Condition {
    /// What the condition is called in notifications; a new one needs it.
    #[tf(optional, ext(wire("displayName"), Identity, FreeText))]
    pub(super) display_name: Value<String>,
    /// A time series above or below a threshold.
    #[tf(optional, ext(wire("conditionThreshold").instead_of(INSTEAD_OF_THRESHOLD)))]
    pub(super) threshold: Value<Threshold>,
    /// A time series without data.
    #[tf(optional, ext(wire("conditionAbsent").instead_of(INSTEAD_OF_ABSENT)))]
    pub(super) absent: Value<Absent>,
    /// A PromQL expression that yields anything.
    #[tf(optional, ext(wire("conditionPrometheusQueryLanguage").instead_of(INSTEAD_OF_PROMQL)))]
    pub(super) promql: Value<Promql>,
    /// A log entry. It stands alone in its policy, which needs `notification_rate_limit`.
    #[tf(optional, ext(wire("conditionMatchedLog").instead_of(INSTEAD_OF_LOG)))]
    pub(super) matched_log: Value<MatchedLog>,
}

const INSTEAD_OF_THRESHOLD: &[&str] =
    &["conditionAbsent", "conditionPrometheusQueryLanguage", "conditionMatchedLog", MQL, SQL];
const INSTEAD_OF_ABSENT: &[&str] =
    &["conditionThreshold", "conditionPrometheusQueryLanguage", "conditionMatchedLog", MQL, SQL];
const INSTEAD_OF_PROMQL: &[&str] = &["conditionThreshold", "conditionAbsent", "conditionMatchedLog", MQL, SQL];
const INSTEAD_OF_LOG: &[&str] =
    &["conditionThreshold", "conditionAbsent", "conditionPrometheusQueryLanguage", MQL, SQL];
/// The kinds of condition that the schema does not have.
const MQL: &str = "conditionMonitoringQueryLanguage";
const SQL: &str = "conditionSql";

/// A time series above or below a threshold.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Threshold {
    /// The time series, as a monitoring filter: it names `metric.type` and `resource.type`. White space means nothing.
    #[tf(required, ext(wire("filter"), FreeText))]
    pub(super) filter: Value<Query>,
    /// How the series are aligned and joined.
    #[tf(optional, ext(wire("aggregations")))]
    pub(super) aggregations: Value<Vec<Aggregation>>,
    /// The series that the first are divided by, so that a share is compared.
    #[tf(optional, ext(wire("denominatorFilter"), FreeText))]
    pub(super) denominator_filter: Value<Query>,
    /// How those are aligned and joined: in the same periods and groups.
    #[tf(optional, ext(wire("denominatorAggregations")))]
    pub(super) denominator_aggregations: Value<Vec<Aggregation>>,
    /// `COMPARISON_GT` (above) or `COMPARISON_LT` (below).
    #[tf(default = "COMPARISON_GT", ext(wire("comparison").always()))]
    pub(super) comparison: Value<Comparison>,
    /// What the series is compared with.
    #[tf(default = 0.0, ext(wire("thresholdValue")))]
    pub(super) threshold_value: Value<f64>,
    /// How long the comparison must hold: whole minutes; `0s` for a single point.
    #[tf(default = "0s", ext(wire("duration").codec(DURATION).always()))]
    pub(super) duration: Value<Duration>,
    /// How many series must be over the threshold.
    #[tf(default = 1, ext(wire("trigger.count")))]
    pub(super) trigger_count: Value<i64>,
    /// How many percent of the series must be, instead of a number: above 0, up to 100.
    #[tf(optional, ext(wire("trigger.percent").instead_of(&["trigger.count"])))]
    pub(super) trigger_percent: Value<f64>,
    /// What missing data means for a condition with a duration.
    #[tf(optional, ext(wire("evaluationMissingData")))]
    pub(super) evaluation_missing_data: Value<MissingData>,
    /// Fires when the series is forecast to pass the threshold within this time, from `1h` to `60h`.
    #[tf(optional, ext(wire("forecastOptions.forecastHorizon").codec(DURATION)))]
    pub(super) forecast_horizon: Value<Duration>,
}

/// A time series without data.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Absent {
    /// The time series, as a monitoring filter.
    #[tf(required, ext(wire("filter"), FreeText))]
    pub(super) filter: Value<Query>,
    /// How the series are aligned and joined.
    #[tf(optional, ext(wire("aggregations")))]
    pub(super) aggregations: Value<Vec<Aggregation>>,
    /// How long without data: from `2m` to `23h`, in whole minutes.
    #[tf(required, ext(wire("duration").codec(DURATION)))]
    pub(super) duration: Value<Duration>,
    /// How many series must be without data.
    #[tf(default = 1, ext(wire("trigger.count")))]
    pub(super) trigger_count: Value<i64>,
    /// How many percent of the series must be, instead of a number: above 0, up to 100.
    #[tf(optional, ext(wire("trigger.percent").instead_of(&["trigger.count"])))]
    pub(super) trigger_percent: Value<f64>,
}

/// A PromQL expression that yields anything.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Promql {
    /// The expression.
    #[tf(required, ext(wire("query"), FreeText))]
    pub(super) query: Value<Query>,
    /// How long it must yield.
    #[tf(default = "0s", ext(wire("duration").codec(DURATION)))]
    pub(super) duration: Value<Duration>,
    /// How often it is evaluated: a multiple of 30 seconds.
    #[tf(default = "30s", ext(wire("evaluationInterval").codec(DURATION)))]
    pub(super) evaluation_interval: Value<Duration>,
    /// Labels that are added to the result.
    #[tf(optional, ext(wire("labels")))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The rule group, where rules come from Prometheus.
    #[tf(optional, ext(wire("ruleGroup")))]
    pub(super) rule_group: Value<String>,
    /// The alerting rule, where rules come from Prometheus.
    #[tf(optional, ext(wire("alertRule")))]
    pub(super) alert_rule: Value<String>,
    /// Whether metrics need not exist yet.
    #[tf(default = false, ext(wire("disableMetricValidation")))]
    pub(super) disable_metric_validation: Value<bool>,
}

/// A log entry.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct MatchedLog {
    /// The entries, as a query of Cloud Logging.
    #[tf(required, ext(wire("filter"), FreeText))]
    pub(super) filter: Value<Query>,
    /// Labels of the incident, by how they are taken out of the entry: `EXTRACT(jsonPayload.code)`.
    #[tf(optional, ext(wire("labelExtractors")))]
    pub(super) label_extractors: Value<BTreeMap<String, String>>,
}

/// How a series and a threshold are compared. Alerting does the first two; the others are the API's for the future.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Above.
    #[tf(name = "COMPARISON_GT")]
    Above,
    /// Below.
    #[tf(name = "COMPARISON_LT")]
    Below,
    /// Not below.
    #[tf(name = "COMPARISON_GE")]
    NotBelow,
    /// Not above.
    #[tf(name = "COMPARISON_LE")]
    NotAbove,
    /// The same.
    #[tf(name = "COMPARISON_EQ")]
    Same,
    /// Another.
    #[tf(name = "COMPARISON_NE")]
    Other,
}

/// What missing data means.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingData {
    /// All is well.
    #[tf(name = "EVALUATION_MISSING_DATA_INACTIVE")]
    Inactive,
    /// It is as bad as before.
    #[tf(name = "EVALUATION_MISSING_DATA_ACTIVE")]
    Active,
    /// Nothing: open incidents stay, none are opened.
    #[tf(name = "EVALUATION_MISSING_DATA_NO_OP")]
    NoOp,
}

/// The names of services in the filters and queries of a policy.
pub(super) fn services(policy: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let conditions = policy.get("conditions").and_then(Json::as_array).into_iter().flatten();
    for text in conditions.flat_map(texts) {
        for (start, _) in text.match_indices("service_name") {
            let rest = text[start + "service_name".len()..].trim_start_matches(['"', ' ', '=', '~', ':', '(']);
            let before = text[start..].strip_prefix("service_name").unwrap_or_default().trim_start();
            if !before.starts_with('=') {
                continue;
            }
            let name: String =
                rest.trim_start_matches('\'').chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found
}

/// Filters and queries at any depth.
fn texts(json: &Json) -> Vec<&str> {
    match json {
        Json::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Json::String(text) if matches!(name.as_str(), "filter" | "denominatorFilter" | "query") => {
                    vec![text.as_str()]
                }
                Json::Object(_) => texts(value),
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}
