//! What Cloud Monitoring refuses in the conditions of an alert policy.
//! Threshold and absence conditions name one metric and one resource type; their aggregations must fit the metric; times are whole minutes.

use serde_json::Value;

use super::filter::{self, Expr};
use super::{invalid, metrics};
use crate::error::ApiError;
use crate::store::World;

/// The longest time that a condition may have to hold: 23.5 hours.
const MAX_DURATION: f64 = 84_600.0;
/// The longest alignment period in a condition: 25 hours.
const MAX_ALIGNMENT: f64 = 90_000.0;

const KINDS: [&str; 6] = [
    "conditionThreshold",
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionPrometheusQueryLanguage",
    "conditionMonitoringQueryLanguage",
    "conditionSql",
];

/// Seconds of `"300s"`.
pub(super) fn seconds(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_str)?.strip_suffix('s')?.parse().ok()
}

/// Judges all conditions of a policy in `project`.
///
/// # Errors
/// 400 for what is malformed, 404 for a metric that nobody has written.
pub(super) fn check_all(world: &World, project: &str, conditions: &[Value]) -> Result<(), ApiError> {
    if !(1..=6).contains(&conditions.len()) {
        let found = conditions.len().to_string();
        return Err(invalid("alert_policy.conditions", &found, "A policy must have between one and six conditions."));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let at = format!("alert_policy.conditions[{index}]");
        let name = condition["displayName"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(invalid(&format!("{at}.display_name"), "", "A display name is required."));
        }
        let given: Vec<&str> = KINDS.into_iter().filter(|kind| condition.get(*kind).is_some()).collect();
        let [kind] = given.as_slice() else {
            return Err(invalid(&at, name, "Exactly one kind of condition must be specified."));
        };
        if conditions.len() > 1
            && matches!(*kind, "conditionMatchedLog" | "conditionMonitoringQueryLanguage" | "conditionSql")
        {
            return Err(invalid(&at, name, "A condition of this kind must be the only one of its policy."));
        }
        let scope = Scope { world, project, at: format!("{at}.{}", snake(kind)) };
        let body = &condition[*kind];
        match *kind {
            "conditionThreshold" => scope.threshold(body)?,
            "conditionAbsent" => scope.absent(body)?,
            "conditionMatchedLog" => scope.required(body, "filter")?,
            "conditionPrometheusQueryLanguage" => scope.promql(body)?,
            _ => scope.required(body, "query")?,
        }
    }
    Ok(())
}

struct Scope<'w> {
    world: &'w World,
    project: &'w str,
    at: String,
}

impl Scope<'_> {
    fn refuse(&self, field: &str, value: &str, why: &str) -> ApiError {
        invalid(&format!("{}.{field}", self.at), value, why)
    }

    fn required(&self, body: &Value, field: &str) -> Result<(), ApiError> {
        match body[field].as_str() {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => Err(self.refuse(field, "", "must be specified")),
        }
    }

    fn threshold(&self, body: &Value) -> Result<(), ApiError> {
        let metric = self.metric_filter(body, "filter")?;
        match body["comparison"].as_str() {
            Some("COMPARISON_GT" | "COMPARISON_LT") => {}
            Some(other) => {
                return Err(self.refuse("comparison", other, "Only COMPARISON_LT and COMPARISON_GT are supported."));
            }
            None => return Err(self.refuse("comparison", "", "A comparison is required.")),
        }
        self.whole_minutes(body, "duration", 0.0)?;
        self.aggregations(body, "aggregations", metric.as_deref())?;
        if body.get("denominatorFilter").is_some() {
            let metric = self.metric_filter(body, "denominatorFilter")?;
            self.aggregations(body, "denominatorAggregations", metric.as_deref())?;
            let period = |field: &str| seconds(body[field].get(0).and_then(|a| a.get("alignmentPeriod")));
            if period("aggregations") != period("denominatorAggregations") {
                return Err(self.refuse(
                    "denominator_aggregations",
                    "",
                    "The numerator and the denominator must use the same alignment period.",
                ));
            }
        } else if body.get("denominatorAggregations").is_some() {
            return Err(self.refuse("denominator_aggregations", "", "A denominator filter is required with them."));
        }
        if body.get("evaluationMissingData").is_some() && seconds(body.get("duration")).unwrap_or(0.0) < 60.0 {
            return Err(self.refuse(
                "evaluation_missing_data",
                "",
                "The duration must be at least 60 seconds with it.",
            ));
        }
        self.trigger(body)
    }

    fn absent(&self, body: &Value) -> Result<(), ApiError> {
        let metric = self.metric_filter(body, "filter")?;
        self.whole_minutes(body, "duration", 120.0)?;
        self.aggregations(body, "aggregations", metric.as_deref())?;
        self.trigger(body)
    }

    fn promql(&self, body: &Value) -> Result<(), ApiError> {
        self.required(body, "query")?;
        let query = body["query"].as_str().unwrap_or_default();
        if !balanced(query) {
            return Err(self.refuse("query", query, "The query is no valid PromQL: brackets or quotes do not match."));
        }
        let interval = seconds(body.get("evaluationInterval")).unwrap_or(30.0);
        if interval <= 0.0 || interval % 30.0 != 0.0 {
            let shown = body["evaluationInterval"].as_str().unwrap_or_default();
            return Err(self.refuse("evaluation_interval", shown, "must be a positive multiple of 30 seconds"));
        }
        Ok(())
    }

    fn whole_minutes(&self, body: &Value, field: &str, least: f64) -> Result<(), ApiError> {
        let shown = body[field].as_str().unwrap_or("0s");
        let length = seconds(body.get(field)).unwrap_or(0.0);
        if length % 60.0 != 0.0 {
            return Err(self.refuse(&snake(field), shown, "must be a multiple of one minute"));
        }
        if !(least..=MAX_DURATION).contains(&length) {
            let why = format!("must be between {least} and {MAX_DURATION} seconds");
            return Err(self.refuse(&snake(field), shown, &why));
        }
        Ok(())
    }

    fn trigger(&self, body: &Value) -> Result<(), ApiError> {
        let Some(trigger) = body.get("trigger") else { return Ok(()) };
        if trigger.get("count").is_some() && trigger.get("percent").is_some() {
            return Err(self.refuse("trigger", "", "count and percent exclude each other"));
        }
        if trigger["count"].as_i64().is_some_and(|count| count < 0) {
            return Err(self.refuse("trigger.count", "", "must not be negative"));
        }
        if trigger["percent"].as_f64().is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err(self.refuse("trigger.percent", "", "must be between 0 and 100"));
        }
        Ok(())
    }

    /// Judges a filter, and gives the metric when it names exactly one.
    fn metric_filter(&self, body: &Value, field: &str) -> Result<Option<String>, ApiError> {
        let text = body[field].as_str().unwrap_or_default();
        let parsed = filter::parse(text).map_err(|why| self.refuse(&snake(field), text, &why))?;
        let comparisons = parsed.comparisons();
        let on = |name: &str| comparisons.iter().filter(|c| c.field.join(".") == name).collect::<Vec<_>>();
        let metrics_named = on("metric.type");
        if parsed == Expr::All || metrics_named.is_empty() {
            return Err(self.refuse(
                &snake(field),
                text,
                "must specify a restriction on \"metric.type\" in the filter; see \"https://cloud.google.com/monitoring/api/metrics\" for a list of available metrics.",
            ));
        }
        if on("resource.type").is_empty() {
            return Err(self.refuse(
                &snake(field),
                text,
                "must specify a restriction on \"resource.type\" in the filter; see \"https://cloud.google.com/monitoring/api/resources\" for a list of available resource types.",
            ));
        }
        const ROOTS: [&str; 5] = ["metric", "resource", "metadata", "project", "group"];
        for comparison in &comparisons {
            let root = comparison.field.first().map_or("", String::as_str);
            let whole = matches!(root, "metric" | "resource" | "metadata" | "group") && comparison.field.len() < 2;
            if !ROOTS.contains(&root) || whole {
                let why = format!("\"{}\" is no field that a filter can name.", comparison.field.join("."));
                return Err(self.refuse(&snake(field), text, &why));
            }
        }
        let exact: Vec<&str> = metrics_named.iter().flat_map(|c| c.exact_values()).collect();
        for metric in &exact {
            if !metrics::exists(self.world, self.project, metric) {
                return Err(metrics::unknown(metric));
            }
        }
        Ok(match exact.as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        })
    }

    fn aggregations(&self, body: &Value, field: &str, metric: Option<&str>) -> Result<(), ApiError> {
        let steps = body[field].as_array().map_or(&[][..], Vec::as_slice);
        if steps.len() > 2 {
            return Err(self.refuse(&snake(field), "", "At most two aggregations are supported."));
        }
        let mut kind = metric.and_then(|metric| metrics::kind_of(self.world, self.project, metric));
        for (index, step) in steps.iter().enumerate() {
            let at = format!("{}[{index}]", snake(field));
            let aligner = step["perSeriesAligner"].as_str().unwrap_or("ALIGN_NONE");
            let reducer = step["crossSeriesReducer"].as_str().unwrap_or("REDUCE_NONE");
            let shown = step["alignmentPeriod"].as_str().unwrap_or_default();
            let period = seconds(step.get("alignmentPeriod"));
            if aligner != "ALIGN_NONE" && period.is_none() {
                return Err(self.refuse(
                    &format!("{at}.alignment_period"),
                    "",
                    "is required with a per-series aligner",
                ));
            }
            if reducer != "REDUCE_NONE" && aligner == "ALIGN_NONE" {
                return Err(self.refuse(
                    &format!("{at}.cross_series_reducer"),
                    reducer,
                    "A cross-series reducer needs a per-series aligner other than ALIGN_NONE.",
                ));
            }
            if period.is_some_and(|p| !(60.0..=MAX_ALIGNMENT).contains(&p) || p % 60.0 != 0.0) {
                return Err(self.refuse(
                    &format!("{at}.alignment_period"),
                    shown,
                    "must be a multiple of 60 seconds, at least 60 seconds and at most 25 hours",
                ));
            }
            if let Some((metric_kind, value)) = &kind {
                if !aligner_fits(aligner, metric_kind, value) {
                    let why = format!(
                        "The aligner cannot be applied to metrics with kind {metric_kind} and value type {value}."
                    );
                    return Err(self.refuse(&format!("{at}.per_series_aligner"), aligner, &why));
                }
                let aligned = aligned_type(aligner, value);
                if !reducer_fits(reducer, aligned) {
                    let why = format!("The reducer cannot be applied to values of type {aligned}.");
                    return Err(self.refuse(&format!("{at}.cross_series_reducer"), reducer, &why));
                }
                kind = Some(("GAUGE".to_owned(), reduced_type(reducer, aligned).to_owned()));
            }
        }
        match kind {
            Some((_, value))
                if self.at.ends_with("condition_threshold") && matches!(value.as_str(), "DISTRIBUTION" | "STRING") =>
            {
                let why = format!("The aggregations leave values of type {value}, which have no threshold.");
                Err(self.refuse(&snake(field), "", &why))
            }
            _ => Ok(()),
        }
    }
}

fn aligner_fits(aligner: &str, kind: &str, value: &str) -> bool {
    let numeric = matches!(value, "INT64" | "DOUBLE");
    match aligner {
        "ALIGN_DELTA" => kind != "GAUGE" && (numeric || value == "DISTRIBUTION"),
        "ALIGN_RATE" => kind != "GAUGE" && numeric,
        "ALIGN_INTERPOLATE" => kind == "GAUGE" && numeric,
        "ALIGN_NEXT_OLDER" => kind == "GAUGE",
        "ALIGN_MIN" | "ALIGN_MAX" | "ALIGN_MEAN" | "ALIGN_STDDEV" | "ALIGN_PERCENT_CHANGE" => numeric,
        "ALIGN_COUNT_TRUE" | "ALIGN_COUNT_FALSE" | "ALIGN_FRACTION_TRUE" => kind == "GAUGE" && value == "BOOL",
        "ALIGN_SUM" => numeric || value == "DISTRIBUTION",
        _ if aligner.starts_with("ALIGN_PERCENTILE_") => value == "DISTRIBUTION",
        _ => true,
    }
}

fn aligned_type<'v>(aligner: &str, value: &'v str) -> &'v str {
    match aligner {
        "ALIGN_COUNT" | "ALIGN_COUNT_TRUE" | "ALIGN_COUNT_FALSE" => "INT64",
        "ALIGN_RATE" | "ALIGN_MEAN" | "ALIGN_STDDEV" | "ALIGN_FRACTION_TRUE" | "ALIGN_PERCENT_CHANGE" => "DOUBLE",
        _ if aligner.starts_with("ALIGN_PERCENTILE_") => "DOUBLE",
        _ => value,
    }
}

fn reducer_fits(reducer: &str, value: &str) -> bool {
    let numeric = matches!(value, "INT64" | "DOUBLE");
    match reducer {
        "REDUCE_MIN" | "REDUCE_MAX" => numeric,
        "REDUCE_MEAN" | "REDUCE_SUM" | "REDUCE_STDDEV" => numeric || value == "DISTRIBUTION",
        "REDUCE_COUNT_TRUE" | "REDUCE_COUNT_FALSE" | "REDUCE_FRACTION_TRUE" => value == "BOOL",
        _ if reducer.starts_with("REDUCE_PERCENTILE_") => numeric || value == "DISTRIBUTION",
        _ => true,
    }
}

fn reduced_type<'v>(reducer: &str, value: &'v str) -> &'v str {
    match reducer {
        "REDUCE_NONE" | "REDUCE_SUM" | "REDUCE_MIN" | "REDUCE_MAX" => value,
        "REDUCE_COUNT" | "REDUCE_COUNT_TRUE" | "REDUCE_COUNT_FALSE" => "INT64",
        _ => "DOUBLE",
    }
}

/// Do brackets and quotes match?
fn balanced(query: &str) -> bool {
    let mut open = Vec::new();
    let mut quote = None;
    let mut letters = query.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(mark), _) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, '{') => open.push('}'),
            (None, ')' | ']' | '}') if open.pop() != Some(letter) => return false,
            _ => {}
        }
    }
    open.is_empty() && quote.is_none()
}

fn snake(camel: &str) -> String {
    let mut out = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::Settings;
    use serde_json::json;

    fn judge(condition: Value) -> Result<(), String> {
        let world = World::new(Clock::system(), Settings::default());
        let mut condition = condition;
        condition["displayName"] = json!("c");
        check_all(&world, "p", &[condition]).map_err(|error| format!("{} {}", error.code, error.message))
    }

    fn threshold(changes: Value) -> Result<(), String> {
        let mut body = json!({
            "filter": r#"resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count""#,
            "comparison": "COMPARISON_GT",
            "duration": "60s",
            "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
        });
        crate::json::merge_patch(&mut body, &changes);
        judge(json!({"conditionThreshold": body}))
    }

    #[test]
    fn a_plain_threshold_is_fine() {
        assert_eq!(threshold(json!({})), Ok(()));
    }

    #[test]
    fn a_filter_names_metric_and_resource_type() {
        for filter in [r#"metric.type="a.googleapis.com/b""#, r#"resource.type="cloud_run_revision""#, ""] {
            let refusal = threshold(json!({"filter": filter})).expect_err("a refusal");
            assert!(refusal.contains("must specify a restriction on"), "{refusal}");
        }
    }

    #[test]
    fn a_filter_that_does_not_parse_is_refused() {
        assert!(threshold(json!({"filter": "metric.type=\"x\" AND AND"})).is_err());
        assert!(threshold(json!({"filter": "metric.type=\"x\" AND resource.type=\"y\" AND service=\"z\""})).is_err());
    }

    #[test]
    fn a_metric_that_nobody_wrote_cannot_be_found() {
        let filter = r#"resource.type="global" AND metric.type="custom.googleapis.com/drift""#;
        let refusal = threshold(json!({"filter": filter})).expect_err("a refusal");
        assert!(refusal.starts_with("404 Cannot find metric(s) that match type"), "{refusal}");
    }

    #[test]
    fn times_are_whole_minutes_in_their_ranges() {
        for (field, value) in [("duration", "90s"), ("duration", "84660s")] {
            assert!(threshold(json!({field: value})).is_err(), "{field} {value}");
        }
        for period in ["30s", "90s", "90060s"] {
            let aggregations = json!([{"alignmentPeriod": period, "perSeriesAligner": "ALIGN_RATE"}]);
            assert!(threshold(json!({"aggregations": aggregations})).is_err(), "{period}");
        }
    }

    #[test]
    fn only_greater_and_less_are_supported() {
        assert!(threshold(json!({"comparison": "COMPARISON_GE"})).is_err());
        assert!(threshold(json!({"comparison": null})).is_err());
    }

    #[test]
    fn a_reducer_needs_an_aligner() {
        let aggregations = json!([{"alignmentPeriod": "60s", "crossSeriesReducer": "REDUCE_SUM"}]);
        assert!(threshold(json!({"aggregations": aggregations})).is_err());
    }

    #[test]
    fn an_aligner_fits_its_metric() {
        let filter = r#"resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_latencies""#;
        let with = |aligner: &str, reducer: &str| {
            let aggregations =
                json!([{"alignmentPeriod": "60s", "perSeriesAligner": aligner, "crossSeriesReducer": reducer}]);
            threshold(json!({"filter": filter, "aggregations": aggregations}))
        };
        assert_eq!(with("ALIGN_DELTA", "REDUCE_PERCENTILE_95"), Ok(()));
        assert_eq!(with("ALIGN_PERCENTILE_99", "REDUCE_MAX"), Ok(()));
        assert!(with("ALIGN_RATE", "REDUCE_SUM").is_err());
        assert!(with("ALIGN_MEAN", "REDUCE_MEAN").is_err());
        assert!(with("ALIGN_DELTA", "REDUCE_SUM").is_err());
    }

    #[test]
    fn a_ratio_has_one_alignment_period() {
        let denominator = r#"resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count""#;
        let with = |period: &str| {
            threshold(json!({
                "denominatorFilter": denominator,
                "denominatorAggregations": [{"alignmentPeriod": period, "perSeriesAligner": "ALIGN_RATE"}],
            }))
        };
        assert_eq!(with("60s"), Ok(()));
        assert!(with("120s").is_err());
    }

    #[test]
    fn absence_lasts_two_minutes_at_least() {
        let filter = r#"resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count""#;
        assert_eq!(judge(json!({"conditionAbsent": {"filter": filter, "duration": "120s"}})), Ok(()));
        assert!(judge(json!({"conditionAbsent": {"filter": filter, "duration": "60s"}})).is_err());
    }

    #[test]
    fn one_kind_of_condition_is_given() {
        assert!(judge(json!({})).is_err());
        assert!(judge(json!({"conditionSql": {"query": "q"}, "conditionMatchedLog": {"filter": "f"}})).is_err());
    }

    #[test]
    fn promql_is_balanced() {
        let query = |query: &str| judge(json!({"conditionPrometheusQueryLanguage": {"query": query}}));
        assert_eq!(query("sum(rate(x{a=\"}\"}[5m])) > 1"), Ok(()));
        assert!(query("sum(rate(x[5m]) > 1").is_err());
    }
}
