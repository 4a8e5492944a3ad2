//! The presets against made-up time series: each fires on what its name says, and stays silent on what it does not.
//!
//! The evaluation follows the documentation of alerting: align each series, join groups, divide, compare for a duration.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::google::kinds::fixtures::created;
use crate::google::kinds::kind;

const RUN: &str = "resource.type=cloud_run_revision,resource.labels.service_name=api,resource.labels.location=l";

/// A series with a point a minute.
#[derive(Clone)]
struct Series {
    labels: BTreeMap<String, String>,
    points: Vec<f64>,
}

fn series(metric: &str, labels: &str, points: impl IntoIterator<Item = f64>) -> Series {
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    let mut labels: BTreeMap<_, _> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    labels.insert("metric.type".to_owned(), metric.to_owned());
    Series { labels, points: points.into_iter().collect() }
}

fn requests(class: &str, per_minute: f64) -> Series {
    let labels = format!("{RUN},metric.labels.response_code_class={class}");
    series("run.googleapis.com/request_count", &labels, vec![per_minute; 60])
}

/// A gauge of Cloud Run: the distribution's percentile is given as its points.
fn gauge(metric: &str, points: Vec<f64>) -> Series {
    series(metric, RUN, points)
}

fn minutes(text: &Json) -> usize {
    let seconds: usize = text.as_str().unwrap().trim_end_matches('s').parse().unwrap();
    seconds / 60
}

fn fits(filter: &str, series: &Series) -> bool {
    filter.split(" AND ").all(|term| {
        let (key, value) = term.split_once('=').unwrap();
        series.labels.get(key).map(String::as_str) == Some(value.trim_matches('"'))
    })
}

/// One aggregation over the series that fit: per group and minute a value.
fn aggregate(filter: &Json, aggregations: &Json, all: &[Series]) -> BTreeMap<Vec<String>, Vec<Option<f64>>> {
    let step = &aggregations[0];
    assert_eq!(aggregations.as_array().unwrap().len(), 1);
    let period = minutes(&step["alignmentPeriod"]);
    let groups: Vec<String> = step["groupByFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| name.as_str().unwrap().replace(".label.", ".labels."))
        .collect();
    let mut joined: BTreeMap<Vec<String>, Vec<Vec<f64>>> = BTreeMap::new();
    for (index, series) in all.iter().enumerate().filter(|(_, series)| fits(filter.as_str().unwrap(), series)) {
        let reducer = step["crossSeriesReducer"].as_str().unwrap_or("REDUCE_NONE");
        let group = match reducer {
            "REDUCE_NONE" => vec![index.to_string()],
            _ => groups.iter().map(|name| series.labels.get(name).cloned().unwrap_or_default()).collect(),
        };
        let slots = joined.entry(group).or_insert_with(|| vec![Vec::new(); 60]);
        for (minute, slot) in slots.iter_mut().enumerate() {
            let end = (minute + 1).min(series.points.len());
            let window = &series.points[(minute + 1).saturating_sub(period).min(end)..end];
            if !window.is_empty() {
                let sum: f64 = window.iter().sum();
                slot.push(match step["perSeriesAligner"].as_str().unwrap() {
                    "ALIGN_DELTA" if reducer.starts_with("REDUCE_PERCENTILE") => window[window.len() - 1],
                    "ALIGN_DELTA" => sum,
                    "ALIGN_RATE" => sum / (window.len() as f64 * 60.0),
                    "ALIGN_MEAN" | "ALIGN_FRACTION_TRUE" => sum / window.len() as f64,
                    "ALIGN_PERCENTILE_99" => window.iter().copied().fold(f64::MIN, f64::max),
                    other => panic!("{other}"),
                });
            }
        }
    }
    let reduce = |values: Vec<f64>| {
        let sum: f64 = values.iter().sum();
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        (!values.is_empty()).then(|| match step["crossSeriesReducer"].as_str().unwrap_or("REDUCE_NONE") {
            "REDUCE_SUM" => sum,
            "REDUCE_MEAN" => sum / values.len() as f64,
            "REDUCE_NONE" | "REDUCE_MAX" | "REDUCE_PERCENTILE_95" => most,
            other => panic!("{other}"),
        })
    };
    joined.into_iter().map(|(group, slots)| (group, slots.into_iter().map(reduce).collect())).collect()
}

/// The first minute at which the preset opens an incident.
fn fires(policy: &Json, all: &[Series]) -> Option<usize> {
    let body = created(kind("alert_policies").unwrap(), policy);
    let conditions = body["conditions"].as_array().unwrap();
    conditions.iter().filter_map(|condition| condition_fires(&condition["conditionThreshold"], all)).min()
}

fn condition_fires(condition: &Json, all: &[Series]) -> Option<usize> {
    let numerator = aggregate(&condition["filter"], &condition["aggregations"], all);
    let denominator =
        condition.get("denominatorFilter").map(|filter| aggregate(filter, &condition["denominatorAggregations"], all));
    let threshold = condition["thresholdValue"].as_f64().unwrap_or(0.0);
    let held = minutes(&condition["duration"]);
    let mut first = None;
    for (group, values) in numerator {
        let mut since = None;
        for (minute, value) in values.iter().enumerate() {
            let value = match &denominator {
                None => *value,
                Some(denominator) => {
                    let below = denominator.get(&group).and_then(|values| values[minute]).filter(|below| *below > 0.0);
                    value.zip(below).map(|(above, below)| above / below)
                }
            };
            let over = value.is_some_and(|value| match condition["comparison"].as_str().unwrap() {
                "COMPARISON_GT" => value > threshold,
                "COMPARISON_LT" => value < threshold,
                other => panic!("{other}"),
            });
            since = if over { since.or(Some(minute)) } else { None };
            if since.is_some_and(|since| minute - since >= held) {
                first = first.min(Some(minute)).or(Some(minute));
                break;
            }
        }
    }
    first
}

fn preset(name: &str) -> Json {
    json!({"preset": name, "service": "api"})
}

#[test]
fn error_rates_are_errors_over_requests() {
    let six_percent = |traffic: f64| [requests("2xx", traffic * 0.94), requests("5xx", traffic * 0.06)];
    for traffic in [10.0, 100_000.0] {
        assert_eq!(fires(&preset("high_error_rate"), &six_percent(traffic)), Some(5));
        assert_eq!(fires(&preset("elevated_error_rate"), &six_percent(traffic)), Some(15));
        let three = [requests("2xx", traffic * 0.97), requests("5xx", traffic * 0.03)];
        assert_eq!(fires(&preset("high_error_rate"), &three), None);
        assert_eq!(fires(&preset("elevated_error_rate"), &three), Some(15));
        let one = [requests("2xx", traffic * 0.99), requests("5xx", traffic * 0.01)];
        assert_eq!(fires(&preset("elevated_error_rate"), &one), None);
    }
    assert_eq!(fires(&preset("high_error_rate"), &[requests("2xx", 5.0), requests("4xx", 500.0)]), None);
}

#[test]
fn errors_of_another_service_are_not_ours_unless_all_are_watched() {
    let mut other = [requests("2xx", 1.0), requests("5xx", 99.0)];
    for series in &mut other {
        series.labels.insert("resource.labels.service_name".to_owned(), "web".to_owned());
    }
    let all = [other.to_vec(), vec![requests("2xx", 1e6)]].concat();
    assert_eq!(fires(&preset("high_error_rate"), &all), None);
    assert_eq!(fires(&json!({"preset": "high_error_rate"}), &all), Some(5));
}

#[test]
fn downtime_is_when_hardly_anything_succeeds() {
    assert_eq!(fires(&preset("api_downtime"), &[requests("5xx", 20.0)]), Some(1));
    assert_eq!(fires(&preset("api_downtime"), &[requests("5xx", 99.0), requests("2xx", 1.0)]), Some(1));
    assert_eq!(fires(&preset("api_downtime"), &[requests("5xx", 20.0), requests("2xx", 20.0)]), None);
    assert_eq!(fires(&preset("api_downtime"), &[]), None, "a service at rest is not down");
}

#[test]
fn downtime_is_also_when_uptime_checks_fail() {
    let check = |passed: f64| gauge("monitoring.googleapis.com/uptime_check/check_passed", vec![passed; 60]);
    assert_eq!(fires(&preset("api_downtime"), &[check(0.0), check(0.0), check(1.0)]), Some(1));
    assert_eq!(fires(&preset("api_downtime"), &[check(1.0), check(1.0), check(0.0)]), None);
}

#[test]
fn memory_and_cpu_go_by_the_fullest_instance_and_for_a_while() {
    for (name, metric, minutes, over) in [
        ("memory_exhaustion", "run.googleapis.com/container/memory/utilizations", 3, 0.95),
        ("high_cpu_usage", "run.googleapis.com/container/cpu/utilizations", 10, 0.85),
    ] {
        assert_eq!(fires(&preset(name), &[gauge(metric, vec![over; 60])]), Some(minutes), "{name}");
        assert_eq!(
            fires(&preset(name), &[gauge(metric, vec![0.3; 60]), gauge(metric, vec![over; 60])]),
            Some(minutes),
            "{name}"
        );
        assert_eq!(fires(&preset(name), &[gauge(metric, vec![0.7; 60])]), None, "{name}");
        let mut peak = vec![0.3; 60];
        peak[20] = 1.0;
        assert_eq!(fires(&preset(name), &[gauge(metric, peak)]), None, "{name}: a peak of a minute");
    }
}

#[test]
fn a_crash_loop_is_failed_starts_and_not_scaling() {
    let probes = |healthy: bool, points: Vec<f64>| {
        series(
            "run.googleapis.com/container/completed_probe_count",
            &format!("{RUN},metric.labels.is_healthy={healthy}"),
            points,
        )
    };
    let one_a_minute = vec![1.0; 60];
    assert_eq!(fires(&preset("crash_loop"), &[probes(false, one_a_minute.clone())]), Some(3));
    assert_eq!(
        fires(&preset("crash_loop"), &[probes(true, vec![20.0; 60])]),
        None,
        "instances that start well are no loop"
    );
    let mut twice = vec![0.0; 60];
    (twice[5], twice[10]) = (1.0, 1.0);
    assert_eq!(fires(&preset("crash_loop"), &[probes(false, twice)]), None, "two failures are no loop");
}

#[test]
fn latency_is_in_milliseconds_and_must_last() {
    let latency = |points: Vec<f64>| gauge("run.googleapis.com/request_latencies", points);
    assert_eq!(fires(&preset("high_latency"), &[latency(vec![2_500.0; 60])]), Some(5));
    assert_eq!(fires(&preset("high_latency"), &[latency(vec![900.0; 60])]), None);
    let mut moment = vec![900.0; 60];
    moment[30] = 9_000.0;
    assert_eq!(fires(&preset("high_latency"), &[latency(moment)]), None);
}

#[test]
fn model_metrics_fire_on_their_side_of_the_threshold_and_each_series_alone() {
    let metric = |name: &str, value: f64| series(name, "resource.type=global,metric.labels.model=m", vec![value; 60]);
    for (name, metric_type, bad, good) in [
        ("data_drift", "custom.googleapis.com/ml/drifted_features_share", 0.4, 0.1),
        ("low_prediction_confidence", "custom.googleapis.com/ml/prediction_confidence", 0.5, 0.9),
        ("model_accuracy_degradation", "custom.googleapis.com/ml/model_accuracy", 0.8, 0.95),
    ] {
        assert!(fires(&preset(name), &[metric(metric_type, good), metric(metric_type, bad)]).is_some(), "{name}");
        assert_eq!(fires(&preset(name), &[metric(metric_type, good)]), None, "{name}");
        let own = json!({"preset": name, "metric_type": "custom.googleapis.com/mine"});
        assert!(fires(&own, &[metric("custom.googleapis.com/mine", bad)]).is_some(), "{name}");
        assert_eq!(fires(&own, &[metric(metric_type, bad)]), None, "{name}");
    }
}

#[test]
fn a_disk_is_full_by_share() {
    let disk = |value: f64| {
        series("cloudsql.googleapis.com/database/disk/utilization", "resource.type=cloudsql_database", vec![value; 60])
    };
    assert_eq!(fires(&preset("disk_space"), &[disk(0.9)]), Some(10));
    assert_eq!(fires(&preset("disk_space"), &[disk(0.5)]), None);
    let used = |state: &str, value: f64| {
        series(
            "agent.googleapis.com/disk/percent_used",
            &format!("resource.type=gce_instance,metric.labels.state={state}"),
            vec![value; 60],
        )
    };
    let agent = json!({"preset": "disk_space", "metric_type": "agent.googleapis.com/disk/percent_used"});
    assert_eq!(fires(&agent, &[used("used", 90.0)]), Some(10));
    assert_eq!(fires(&agent, &[used("used", 50.0), used("free", 90.0)]), None);
}
