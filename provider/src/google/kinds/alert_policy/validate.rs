//! What Cloud Monitoring would refuse, and presets that cannot mean what they say, at plan time.

use tfplugin::{Choice, Diagnostic, Diagnostics, Path, Scalar, Value};

use super::aggregation::Aggregation;
use super::condition::{Comparison, Condition, Threshold};
use super::presets::Source;
use super::{AlertPolicySpec, NotificationPrompt, Preset};
use crate::types::Duration;

const DAY: u64 = 86_400;
/// The longest time that a condition can be asked to hold.
const LONGEST: u64 = 23 * 3_600 + 30 * 60;

/// Checks the values that are known.
pub(super) fn policy(spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error =
        |path: Path, summary: &str, detail: String| diagnostics.push(Diagnostic::error(summary, detail).at(path));
    let conditions = spec.conditions.known().map(Vec::as_slice).unwrap_or_default();
    let may_have_conditions = spec.conditions.is_unknown() || !conditions.is_empty();
    match (spec.preset.is_null(), may_have_conditions) {
        (true, false) => error(
            path.clone(),
            "An alert policy needs a condition",
            format!("Set preset to one of {}; or write conditions of your own.", names()),
        ),
        // What is not known yet may turn out to be null.
        (false, true) if spec.preset.known().is_some() && !conditions.is_empty() => error(
            path.attribute("conditions"),
            "Two sources of conditions",
            "A preset brings its own conditions. Remove conditions, or remove preset and write all conditions."
                .to_owned(),
        ),
        _ => {}
    }
    texts(spec, &mut error, path);
    if let Some(text) = spec.display_name.known().filter(|text| text.is_empty() || text.chars().count() > 512) {
        error(
            path.attribute("display_name"),
            "Invalid display name",
            format!("display_name must have 1 to 512 characters; it has {}.", text.chars().count()),
        );
    }
    if let Some((text, seconds)) = seconds(&spec.auto_close).filter(|(_, seconds)| !(1_800..=7 * DAY).contains(seconds))
    {
        let _ = seconds;
        error(
            path.attribute("auto_close"),
            "Duration out of range",
            format!("auto_close must be from 30m to 7d; it is {text}."),
        );
    }
    match spec.preset.known() {
        Some(preset) => preset_settings(spec, *preset, path, diagnostics),
        None if spec.preset.is_null() => stray_settings(spec, path, diagnostics),
        None => {}
    }
    let logs = conditions.iter().filter(|condition| !condition.matched_log.is_null()).count();
    if logs > 0 {
        log_policy(spec, conditions.len(), path, diagnostics);
    }
    for (index, condition) in conditions.iter().enumerate() {
        self::condition(condition, &path.attribute("conditions").index(index), diagnostics);
    }
}

/// What a new policy needs; one that exists may have been made without, or with a kind of condition that cannot be said.
pub(super) fn new_policy(spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
    if spec.preset.is_null() && spec.display_name.is_null() {
        diagnostics.push(
            Diagnostic::error(
                "An alert policy needs a name",
                "A policy with conditions of its own needs display_name: it is what people read at night.",
            )
            .at(path.attribute("display_name")),
        );
    }
    for (index, condition) in spec.conditions.known().into_iter().flatten().enumerate() {
        let path = path.attribute("conditions").index(index);
        if condition.display_name.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "A condition needs a name",
                    "A new condition needs display_name, which notifications quote.",
                )
                .at(path.attribute("display_name")),
            );
        }
        if kinds_of(condition).is_empty() {
            diagnostics.push(
                Diagnostic::error(
                    "A condition is of one kind",
                    "Set exactly one of threshold, absent, promql and matched_log; none is set.",
                )
                .at(path.clone()),
            );
        }
        if let Some(threshold) = condition.threshold.known() {
            new_threshold(threshold, &path.attribute("threshold"), diagnostics);
        }
    }
    notifications(spec, path, diagnostics);
}

/// What an incident by log entries has, and no other.
fn notifications(spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: &str| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    let conditions = spec.conditions.known().map(Vec::as_slice).unwrap_or_default();
    let is_log = |condition: &Condition| !condition.matched_log.is_null();
    let are_all_said =
        !spec.conditions.is_unknown() && conditions.iter().all(|condition| !kinds_of(condition).is_empty());
    if are_all_said && !conditions.iter().any(is_log) && !spec.notification_rate_limit.is_null() {
        error(
            "notification_rate_limit",
            "A rate limit without a log condition",
            "Only a policy with a matched_log condition can have notification_rate_limit. Remove it.",
        );
    }
    let closes = spec.notification_prompts.known().is_some_and(|prompts| prompts.contains(&NotificationPrompt::Closed));
    if closes && conditions.iter().any(is_log) {
        error(
            "notification_prompts",
            "A log condition only opens incidents",
            "Channels of a policy with a matched_log condition are told when an incident is OPENED. Remove CLOSED.",
        );
    }
}

/// What the API has for later, and what depends on the duration.
fn new_threshold(threshold: &Threshold, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    let comparison = threshold.comparison.known();
    if let Some(other) = comparison.filter(|other| !matches!(other, Comparison::Above | Comparison::Below)) {
        error(
            "comparison",
            "Comparison not supported",
            format!("comparison must be COMPARISON_GT or COMPARISON_LT; it is {}.", other.spelling()),
        );
    }
    let is_short = seconds(&threshold.duration).is_some_and(|(_, seconds)| seconds < 60);
    if is_short && !threshold.evaluation_missing_data.is_null() {
        error(
            "evaluation_missing_data",
            "Missing data needs a duration",
            "evaluation_missing_data needs a duration of at least 1m. Set duration, or remove it.".to_owned(),
        );
    }
    if let Some((text, seconds)) = seconds(&threshold.forecast_horizon)
        && !(3_600..=60 * 3_600).contains(&seconds)
    {
        let detail = format!("forecast_horizon must be from 1h to 60h; it is {text}.");
        error("forecast_horizon", "Duration out of range", detail);
    }
}

/// The kinds of condition that are set.
fn kinds_of(condition: &Condition) -> Vec<&'static str> {
    let kinds = [
        ("threshold", !condition.threshold.is_null()),
        ("absent", !condition.absent.is_null()),
        ("promql", !condition.promql.is_null()),
        ("matched_log", !condition.matched_log.is_null()),
    ];
    kinds.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
}

/// Texts that are too long; what a `{{..}}` in them stands for is not judged.
fn texts(spec: &AlertPolicySpec, error: &mut impl FnMut(Path, &str, String), path: &Path) {
    let documentation = spec.documentation.known().map(Scalar::repr).filter(|text| !text.contains("{{"));
    if let Some(text) = documentation.filter(|text| text.chars().count() > 8_192 || text.len() > 10_240) {
        error(
            path.attribute("documentation"),
            "Documentation too long",
            format!(
                "documentation must have at most 8192 characters and 10240 bytes; it has {} and {}. Shorten it, or link to a page.",
                text.chars().count(),
                text.len()
            ),
        );
    }
    let subject = spec.documentation_subject.known().filter(|text| !text.contains("{{"));
    if let Some(text) = subject.filter(|text| text.chars().count() > 255 || text.contains(['\n', '\r'])) {
        error(
            path.attribute("documentation_subject"),
            "Invalid subject of notifications",
            format!(
                "documentation_subject must be one line of at most 255 characters; it has {} in {} lines.",
                text.chars().count(),
                text.lines().count()
            ),
        );
    }
    if let Some(labels) = spec.user_labels.known().filter(|labels| labels.len() > 64) {
        error(
            path.attribute("user_labels"),
            "Too many labels",
            format!("A policy has at most 64 labels; user_labels has {}.", labels.len()),
        );
    }
}

fn names() -> String {
    super::presets::TEMPLATES.iter().map(|template| template.name).collect::<Vec<_>>().join(", ")
}

fn seconds(value: &Value<Duration>) -> Option<(String, u64)> {
    value.known().map(|duration| (duration.to_string(), duration.whole_seconds().unwrap_or(u64::MAX)))
}

fn preset_settings(spec: &AlertPolicySpec, preset: Preset, path: &Path, diagnostics: &mut Diagnostics) {
    let template = preset.template();
    let (least, most) = template.range;
    if let Some(threshold) = spec.threshold.known().filter(|threshold| !(least..=most).contains(*threshold)) {
        diagnostics.push(
            Diagnostic::error(
                "Threshold out of range",
                format!(
                    "The threshold of {} is {}, from {least} to {most}; it is {threshold}. The preset's own is {}.",
                    preset.spelling(),
                    template.unit,
                    template.threshold
                ),
            )
            .at(path.attribute("threshold")),
        );
    }
    minutes(&spec.duration, 0, LONGEST, path.attribute("duration"), "duration", diagnostics);
    if template.source == Source::CloudRun {
        for (name, is_set) in
            [("metric_type", !spec.metric_type.is_null()), ("resource_type", !spec.resource_type.is_null())]
        {
            if is_set {
                diagnostics.push(
                    Diagnostic::error(
                        "The preset has a metric of its own",
                        format!(
                            "{} watches metrics of Cloud Run. {name} is for data_drift, low_prediction_confidence, \
                             model_accuracy_degradation and disk_space; remove it, or write conditions of your own.",
                            preset.spelling()
                        ),
                    )
                    .at(path.attribute(name)),
                );
            }
        }
    }
}

/// Settings of presets have no effect on conditions of one's own; saying nothing would hide a mistake.
fn stray_settings(spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
    let settings = [
        ("service", !spec.service.is_null()),
        ("threshold", !spec.threshold.is_null()),
        ("duration", !spec.duration.is_null()),
        ("metric_type", !spec.metric_type.is_null()),
        ("resource_type", !spec.resource_type.is_null()),
    ];
    for (name, _) in settings.iter().filter(|(_, is_set)| *is_set) {
        diagnostics.push(
            Diagnostic::error(
                "A setting of presets",
                format!("{name} tunes a preset, and this policy has none. Say it in conditions, or set preset."),
            )
            .at(path.attribute(*name)),
        );
    }
}

fn log_policy(spec: &AlertPolicySpec, conditions: usize, path: &Path, diagnostics: &mut Diagnostics) {
    if spec.notification_rate_limit.is_null() {
        diagnostics.push(
            Diagnostic::error(
                "A log policy needs a rate limit",
                "A policy with a matched_log condition needs notification_rate_limit, for example \"5m\".",
            )
            .at(path.attribute("notification_rate_limit")),
        );
    }
    if conditions > 1 {
        diagnostics.push(
            Diagnostic::error(
                "A log condition stands alone",
                "A policy with a matched_log condition has no other condition. Make a policy of each.",
            )
            .at(path.attribute("conditions")),
        );
    }
}

fn minutes(value: &Value<Duration>, least: u64, most: u64, path: Path, name: &str, diagnostics: &mut Diagnostics) {
    let Some((text, seconds)) = seconds(value) else { return };
    if !seconds.is_multiple_of(60) || !(least..=most).contains(&seconds) {
        let from = if least == 0 { "0s".to_owned() } else { format!("{}m", least / 60) };
        let to = if most.is_multiple_of(3_600) { format!("{}h", most / 3_600) } else { format!("{}m", most / 60) };
        diagnostics.push(
            Diagnostic::error(
                "Duration out of range",
                format!("{name} must be whole minutes, from {from} to {to}; it is {text}."),
            )
            .at(path),
        );
    }
}

fn condition(condition: &Condition, path: &Path, diagnostics: &mut Diagnostics) {
    let given = kinds_of(condition);
    if given.len() > 1 {
        diagnostics.push(
            Diagnostic::error(
                "A condition is of one kind",
                format!(
                    "Set exactly one of threshold, absent, promql and matched_log; set are {}.",
                    given.join(" and ")
                ),
            )
            .at(path.clone()),
        );
    }
    if let Some(threshold) = condition.threshold.known() {
        self::threshold(threshold, &path.attribute("threshold"), diagnostics);
    }
    if let Some(absent) = condition.absent.known() {
        let path = path.attribute("absent");
        trigger(&absent.trigger_count, &absent.trigger_percent, &path, diagnostics);
        minutes(&absent.duration, 120, LONGEST, path.attribute("duration"), "duration", diagnostics);
        aggregations(&absent.aggregations, &path.attribute("aggregations"), diagnostics);
    }
    if let Some(promql) = condition.promql.known() {
        let path = path.attribute("promql").attribute("evaluation_interval");
        if let Some((text, _)) =
            seconds(&promql.evaluation_interval).filter(|(_, seconds)| *seconds == 0 || !seconds.is_multiple_of(30))
        {
            let detail = format!("evaluation_interval must be a multiple of 30s; it is {text}.");
            diagnostics.push(Diagnostic::error("Duration out of range", detail).at(path));
        }
    }
}

fn threshold(threshold: &Threshold, path: &Path, diagnostics: &mut Diagnostics) {
    minutes(&threshold.duration, 0, LONGEST, path.attribute("duration"), "duration", diagnostics);
    aggregations(&threshold.aggregations, &path.attribute("aggregations"), diagnostics);
    aggregations(&threshold.denominator_aggregations, &path.attribute("denominator_aggregations"), diagnostics);
    if threshold.denominator_filter.is_null() && !threshold.denominator_aggregations.is_null() {
        diagnostics.push(
            Diagnostic::error(
                "A denominator without a filter",
                "denominator_aggregations needs denominator_filter, which says what is divided by.",
            )
            .at(path.attribute("denominator_filter")),
        );
    }
    trigger(&threshold.trigger_count, &threshold.trigger_percent, path, diagnostics);
}

fn trigger(count: &Value<i64>, percent: &Value<f64>, path: &Path, diagnostics: &mut Diagnostics) {
    if count.known().is_some_and(|count| *count != 1) && !percent.is_null() {
        diagnostics.push(
            Diagnostic::error("Two triggers", "Set trigger_count or trigger_percent, not both.")
                .at(path.attribute("trigger_percent")),
        );
    }
    if let Some(percent) = percent.known().filter(|percent| !(0.0..=100.0).contains(*percent)) {
        diagnostics.push(
            Diagnostic::error(
                "Number out of range",
                format!("trigger_percent must be from 0 to 100; it is {percent}."),
            )
            .at(path.attribute("trigger_percent")),
        );
    }
    if let Some(count) = count.known().filter(|count| **count < 0) {
        diagnostics.push(
            Diagnostic::error("Number out of range", format!("trigger_count must not be negative; it is {count}."))
                .at(path.attribute("trigger_count")),
        );
    }
}

fn aggregations(value: &Value<Vec<Aggregation>>, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(count) = value.known().map(Vec::len).filter(|count| *count > 2) {
        let detail = format!("At most two aggregations follow each other; there are {count}.");
        diagnostics.push(Diagnostic::error("Too many aggregations", detail).at(path.clone()));
    }
    for (index, aggregation) in value.known().into_iter().flatten().enumerate() {
        let path = path.index(index).attribute("alignment_period");
        minutes(&aggregation.alignment_period, 60, 25 * 3_600, path, "alignment_period", diagnostics);
    }
}
