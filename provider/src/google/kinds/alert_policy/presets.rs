//! The presets: conditions that detect what the name says, and the runbooks that go with them.
//!
//! An error rate is errors over requests; latency is a percentile of all requests; a share is between 0 and 1.

use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Dynamic, Name, Number, Object, ObjectSchema};

use super::{AlertPolicySpec, Preset};
use crate::engine::scope::Scope;

/// What a preset is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Template {
    /// As in the configuration.
    pub(super) name: &'static str,
    /// What it detects, as the end of a display name.
    pub(super) title: &'static str,
    /// P0, P1 or P2.
    pub(super) level: &'static str,
    /// When nothing is said.
    pub(super) threshold: f64,
    /// What `threshold` may be, both ends included.
    pub(super) range: (f64, f64),
    /// What the threshold counts, for messages.
    pub(super) unit: &'static str,
    /// When nothing is said.
    pub(super) duration: &'static str,
    /// Where the data comes from.
    pub(super) source: Source,
    /// Its documentation.
    pub(super) runbook: &'static str,
}

/// Where a preset's data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Metrics that Cloud Run writes for every service.
    CloudRun,
    /// A metric that somebody else writes; the default is this one.
    Metric(&'static str),
}

macro_rules! runbook {
    ($name:literal) => {
        include_str!(concat!("runbooks/", $name, ".md"))
    };
}

const SHARE: (f64, f64) = (0.0, 1.0);

/// All presets, in the order of their urgency.
pub(super) static TEMPLATES: &[Template] = &[
    Template {
        name: "api_downtime",
        title: "API downtime",
        level: "P0",
        threshold: 0.9,
        range: SHARE,
        unit: "the share of requests that fail",
        duration: "1m",
        source: Source::CloudRun,
        runbook: runbook!("api_downtime"),
    },
    Template {
        name: "high_error_rate",
        title: "High error rate",
        level: "P0",
        threshold: 0.05,
        range: SHARE,
        unit: "the share of requests that fail",
        duration: "5m",
        source: Source::CloudRun,
        runbook: runbook!("high_error_rate"),
    },
    Template {
        name: "memory_exhaustion",
        title: "Memory exhaustion",
        level: "P0",
        threshold: 0.9,
        range: SHARE,
        unit: "the share of the memory limit in use",
        duration: "3m",
        source: Source::CloudRun,
        runbook: runbook!("memory_exhaustion"),
    },
    Template {
        name: "crash_loop",
        title: "Container crash loop",
        level: "P0",
        threshold: 3.0,
        range: (0.0, 10_000.0),
        unit: "failed starts and restarts in ten minutes",
        duration: "0s",
        source: Source::CloudRun,
        runbook: runbook!("crash_loop"),
    },
    Template {
        name: "high_latency",
        title: "High latency",
        level: "P1",
        threshold: 2_000.0,
        range: (1.0, 3_600_000.0),
        unit: "milliseconds at the 95th percentile",
        duration: "5m",
        source: Source::CloudRun,
        runbook: runbook!("high_latency"),
    },
    Template {
        name: "data_drift",
        title: "Data drift",
        level: "P1",
        threshold: 0.3,
        range: SHARE,
        unit: "the share of features that have drifted",
        duration: "0s",
        source: Source::Metric("custom.googleapis.com/ml/drifted_features_share"),
        runbook: runbook!("data_drift"),
    },
    Template {
        name: "low_prediction_confidence",
        title: "Low prediction confidence",
        level: "P1",
        threshold: 0.7,
        range: SHARE,
        unit: "the mean confidence of predictions",
        duration: "15m",
        source: Source::Metric("custom.googleapis.com/ml/prediction_confidence"),
        runbook: runbook!("low_prediction_confidence"),
    },
    Template {
        name: "elevated_error_rate",
        title: "Elevated error rate",
        level: "P2",
        threshold: 0.02,
        range: SHARE,
        unit: "the share of requests that fail",
        duration: "15m",
        source: Source::CloudRun,
        runbook: runbook!("elevated_error_rate"),
    },
    Template {
        name: "model_accuracy_degradation",
        title: "Model accuracy degradation",
        level: "P2",
        threshold: 0.85,
        range: SHARE,
        unit: "the accuracy",
        duration: "0s",
        source: Source::Metric("custom.googleapis.com/ml/model_accuracy"),
        runbook: runbook!("model_accuracy_degradation"),
    },
    Template {
        name: "high_cpu_usage",
        title: "High CPU usage",
        level: "P2",
        threshold: 0.8,
        range: SHARE,
        unit: "the share of the CPU limit in use",
        duration: "10m",
        source: Source::CloudRun,
        runbook: runbook!("high_cpu_usage"),
    },
    Template {
        name: "disk_space",
        title: "Disk space",
        level: "P2",
        threshold: 0.85,
        range: SHARE,
        unit: "the share of the disk in use",
        duration: "10m",
        source: Source::Metric("cloudsql.googleapis.com/database/disk/utilization"),
        runbook: runbook!("disk_space"),
    },
];

/// Metrics of disks: the resource that they are written for, how much of it is 1, and what else their filter must say.
const DISKS: &[(&str, &str, f64, &str)] = &[
    ("cloudsql.googleapis.com/database/disk/utilization", "cloudsql_database", 1.0, ""),
    ("agent.googleapis.com/disk/percent_used", "gce_instance", 100.0, " AND metric.labels.state=\"used\""),
    ("file.googleapis.com/nfs/server/used_bytes_percent", "filestore_instance", 100.0, ""),
];

/// How much of a metric is 1 in the unit of the presets.
pub(super) fn scale(metric: &str) -> f64 {
    DISKS.iter().find(|(name, ..)| *name == metric).map_or(1.0, |(_, _, scale, _)| *scale)
}

/// The monitored resource that a metric is written for, when nothing else is said.
pub(super) fn resource(metric: &str) -> &'static str {
    DISKS.iter().find(|(name, ..)| *name == metric).map_or("global", |(_, resource, ..)| *resource)
}

/// The names of all presets.
pub fn preset_names() -> &'static [&'static str] {
    <Preset as tfplugin::Scalar>::choices()
}

/// The bundled runbook of the preset `name`, in Markdown.
pub fn runbook(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|template| template.name == name).map(|template| template.runbook)
}

impl Preset {
    /// What the preset is made of.
    pub(super) fn template(self) -> &'static Template {
        let name = tfplugin::Choice::spelling(&self);
        let found = TEMPLATES.iter().find(|template| template.name == name);
        found.expect("every preset has its template: a test walks them")
    }
}

/// Writes a preset out: conditions, documentation, display name, severity, closing. What the component says itself stays.
pub(super) fn expand(component: &mut Dynamic, scope: &Scope) {
    let Some(name) = component.get("preset").as_str() else { return };
    let Some(template) = TEMPLATES.iter().find(|template| template.name == name) else { return };
    let conditions = conditions(template, component);
    let service = component.get("service").clone();
    let called = |name: &str| Dynamic::string(format!("{name} - {} ({})", template.title, template.level));
    let display_name = match &service {
        Dynamic::String(name) => called(name),
        Dynamic::Unknown => Dynamic::Unknown,
        _ => called(&scope.stack),
    };
    let auto_close = match template.level {
        "P0" => "30m",
        "P1" => "1h",
        _ => "2h",
    };
    let filled = [
        ("conditions", conditions),
        ("display_name", display_name),
        ("severity", Dynamic::string(template.level)),
        ("auto_close", Dynamic::string(auto_close)),
        ("documentation", Dynamic::string(template.runbook)),
    ];
    let Some(entries) = component.as_entries_mut() else { return };
    for (name, value) in filled {
        let entry = entries.slot(Name::fixed(name));
        if entry.is_null() || entry.as_elements().is_some_and(<[Dynamic]>::is_empty) {
            *entry = value;
        }
    }
}

/// The conditions of a preset; unknown while one of its settings is.
fn conditions(template: &Template, component: &Dynamic) -> Dynamic {
    let settings = ["service", "threshold", "duration", "metric_type", "resource_type"];
    if settings.iter().any(|name| component.get(name).is_unknown()) {
        return Dynamic::Unknown;
    }
    let threshold = component.get("threshold").as_number().map_or(template.threshold, Number::to_f64);
    let text = |name: &str| component.get(name).as_str().filter(|text| !text.is_empty());
    let settings = Settings {
        service: text("service"),
        threshold,
        duration: text("duration").unwrap_or(template.duration),
        metric: text("metric_type"),
        resource: text("resource_type"),
    };
    let conditions = settings.conditions(template);
    let schema = AlertPolicySpec::schema();
    let object = schema.attribute("conditions").and_then(|attribute| attribute.nested()).map(|(_, object)| object);
    let complete = |condition| object.map_or(Dynamic::Null, |object| completed(object, condition));
    Dynamic::List(conditions.into_iter().map(complete).collect())
}

struct Settings<'c> {
    service: Option<&'c str>,
    threshold: f64,
    duration: &'c str,
    metric: Option<&'c str>,
    resource: Option<&'c str>,
}

const REQUESTS: &str = "run.googleapis.com/request_count";
const BY_SERVICE: &[&str] = &["resource.label.service_name", "resource.label.location"];

impl Settings<'_> {
    fn conditions(&self, template: &Template) -> Vec<Dynamic> {
        let whose = self.service.map_or_else(|| "a service".to_owned(), str::to_owned);
        let percent = |share: f64| format!("{} %", number(share * 100.0));
        let (over, held) = (self.threshold, self.held());
        match template.name {
            "api_downtime" => vec![
                self.errors(format!("{} of the requests to {whose} fail{held}", percent(over))),
                self.uptime(format!("Most uptime checks of {whose} fail")),
            ],
            "high_error_rate" | "elevated_error_rate" => {
                vec![self.errors(format!("More than {} of the requests to {whose} fail{held}", percent(over)))]
            }
            "memory_exhaustion" => vec![self.utilization(
                "run.googleapis.com/container/memory/utilizations",
                format!("An instance of {whose} uses more than {} of its memory{held}", percent(over)),
            )],
            "high_cpu_usage" => vec![self.utilization(
                "run.googleapis.com/container/cpu/utilizations",
                format!("An instance of {whose} uses more than {} of its CPU{held}", percent(over)),
            )],
            // A probe is complete and unhealthy when a container did not start in time or was killed by its liveness probe.
            "crash_loop" => vec![self.above(
                format!("More than {} containers of {whose} fail in ten minutes", number(over)),
                self.run_filter(
                    "run.googleapis.com/container/completed_probe_count",
                    " AND metric.labels.is_healthy=false",
                ),
                aggregation("10m", "ALIGN_DELTA", "REDUCE_SUM", BY_SERVICE),
            )],
            // Distributions are joined first, so that the percentile is that of all requests.
            "high_latency" => vec![self.above(
                format!("5 % of the requests to {whose} take longer than {} ms{held}", number(over)),
                self.run_filter("run.googleapis.com/request_latencies", ""),
                aggregation("1m", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", BY_SERVICE),
            )],
            // Written by a job now and then: one point is enough, and each series counts on its own.
            "data_drift" => vec![self.metric(
                template,
                "5m",
                "COMPARISON_GT",
                format!("More than {} of the features have drifted", percent(over)),
            )],
            "model_accuracy_degradation" => {
                vec![self.metric(template, "5m", "COMPARISON_LT", format!("The accuracy is below {}", percent(over)))]
            }
            "low_prediction_confidence" => {
                let title = format!("The mean confidence of predictions is below {}{held}", percent(over));
                vec![self.metric(template, "5m", "COMPARISON_LT", title)]
            }
            _ => vec![self.metric(
                template,
                "5m",
                "COMPARISON_GT",
                format!("More than {} of a disk are in use{held}", percent(over)),
            )],
        }
    }

    /// " for 5m", or nothing.
    fn held(&self) -> String {
        if self.duration.starts_with('0') { String::new() } else { format!(" for {}", self.duration) }
    }

    /// Series of Cloud Run: those of the service, or of all.
    fn run_filter(&self, metric: &str, more: &str) -> String {
        let service =
            self.service.map_or_else(String::new, |name| format!(" AND resource.labels.service_name=\"{name}\""));
        format!("resource.type=\"cloud_run_revision\"{service} AND metric.type=\"{metric}\"{more}")
    }

    /// Server errors over all requests.
    fn errors(&self, title: String) -> Dynamic {
        let rate = || aggregation("1m", "ALIGN_RATE", "REDUCE_SUM", BY_SERVICE);
        let mut fields = self.fields(
            self.run_filter(REQUESTS, " AND metric.labels.response_code_class=\"5xx\""),
            rate(),
            "COMPARISON_GT",
            self.threshold,
        );
        fields.push(("denominator_filter", Dynamic::string(self.run_filter(REQUESTS, ""))));
        fields.push(("denominator_aggregations", Dynamic::List(vec![rate()])));
        condition(title, fields)
    }

    /// Uptime checks, where there are some for the service: most locations do not get through.
    fn uptime(&self, title: String) -> Dynamic {
        let filter = self.run_filter("monitoring.googleapis.com/uptime_check/check_passed", "");
        let passed = aggregation("5m", "ALIGN_FRACTION_TRUE", "REDUCE_MEAN", BY_SERVICE);
        condition(title, self.fields(filter, passed, "COMPARISON_LT", 0.5))
    }

    /// The fullest instance: utilisations are distributions over instances.
    fn utilization(&self, metric: &str, title: String) -> Dynamic {
        self.above(
            title,
            self.run_filter(metric, ""),
            aggregation("1m", "ALIGN_PERCENTILE_99", "REDUCE_MAX", BY_SERVICE),
        )
    }

    fn above(&self, title: String, filter: String, aggregation: Dynamic) -> Dynamic {
        condition(title, self.fields(filter, aggregation, "COMPARISON_GT", self.threshold))
    }

    /// A metric that somebody else writes, each series on its own.
    fn metric(&self, template: &Template, period: &str, comparison: &str, title: String) -> Dynamic {
        let metric = match (self.metric, template.source) {
            (Some(metric), _) | (None, Source::Metric(metric)) => metric,
            (None, Source::CloudRun) => REQUESTS,
        };
        let more = DISKS.iter().find(|(name, ..)| *name == metric).map_or("", |(.., more)| *more);
        let resource = self.resource.unwrap_or(resource(metric));
        let filter = format!("resource.type=\"{resource}\" AND metric.type=\"{metric}\"{more}");
        let mean = aggregation(period, "ALIGN_MEAN", "REDUCE_NONE", &[]);
        condition(title, self.fields(filter, mean, comparison, self.threshold * scale(metric)))
    }

    fn fields(
        &self,
        filter: String,
        aggregation: Dynamic,
        comparison: &str,
        threshold: f64,
    ) -> Vec<(&'static str, Dynamic)> {
        vec![
            ("filter", Dynamic::String(filter)),
            ("aggregations", Dynamic::List(vec![aggregation])),
            ("comparison", Dynamic::string(comparison)),
            ("threshold_value", Number::try_from(threshold).map_or(Dynamic::Null, Dynamic::Number)),
            ("duration", Dynamic::string(self.duration)),
        ]
    }
}

fn object(fields: impl IntoIterator<Item = (&'static str, Dynamic)>) -> Dynamic {
    Dynamic::Object(fields.into_iter().map(|(name, value)| (Name::fixed(name), value)).collect())
}

fn condition(title: String, threshold: Vec<(&'static str, Dynamic)>) -> Dynamic {
    object([("display_name", Dynamic::String(title)), ("threshold", object(threshold))])
}

fn aggregation(period: &str, aligner: &str, reducer: &str, groups: &[&str]) -> Dynamic {
    let groups: Vec<_> = groups.iter().copied().map(Dynamic::string).collect();
    object([
        ("alignment_period", Dynamic::string(period)),
        ("per_series_aligner", Dynamic::string(aligner)),
        ("cross_series_reducer", Dynamic::string(reducer)),
        ("group_by_fields", if groups.is_empty() { Dynamic::Null } else { Dynamic::List(groups) }),
    ])
}

/// A number as people write it: 5, 0.5, not 5.000000000000001.
fn number(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    Number::try_from(rounded).map_or_else(|_| value.to_string(), |number| number.to_string())
}

/// The tree with every attribute of the schema.
fn completed(object: &ObjectSchema, mut value: Dynamic) -> Dynamic {
    let Some(entries) = value.as_entries_mut() else { return value };
    for attribute in &object.attributes {
        let entry = entries.slot(&attribute.name);
        if entry.is_null() {
            *entry = attribute.default.clone().unwrap_or_default();
        }
        let Shape::Nested(nesting, inner) = &attribute.shape else { continue };
        let taken = std::mem::take(entry);
        *entry = match (nesting, taken) {
            (Nesting::Single, taken @ Dynamic::Object(_)) => completed(inner, taken),
            (Nesting::List, Dynamic::List(items)) => {
                Dynamic::List(items.into_iter().map(|item| completed(inner, item)).collect())
            }
            (_, taken) => taken,
        };
    }
    value
}
