//! What Cloud Monitoring would refuse, and presets that cannot mean what they say, at plan time.

use tfplugin::{Choice, Diagnostic, Diagnostics, Path, Value};

use super::aggregation::Aggregation;
use super::condition::{Condition, Threshold};
use super::presets::Source;
use super::{AlertPolicySpec, Preset};
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
    if spec.preset.is_null() && spec.display_name.is_null() {
        error(
            path.attribute("display_name"),
            "An alert policy needs a name",
            "A policy with conditions of its own needs display_name: it is what people read at night.".to_owned(),
        );
    }
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
    let kinds = [
        ("threshold", !condition.threshold.is_null()),
        ("absent", !condition.absent.is_null()),
        ("promql", !condition.promql.is_null()),
        ("matched_log", !condition.matched_log.is_null()),
    ];
    let given: Vec<&str> = kinds.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect();
    if given.len() != 1 {
        let found =
            if given.is_empty() { "none is set".to_owned() } else { format!("set are {}", given.join(" and ")) };
        diagnostics.push(
            Diagnostic::error(
                "A condition is of one kind",
                format!("Set exactly one of threshold, absent, promql and matched_log; {found}."),
            )
            .at(path.clone()),
        );
    }
    if let Some(threshold) = condition.threshold.known() {
        self::threshold(threshold, &path.attribute("threshold"), diagnostics);
    }
    if let Some(absent) = condition.absent.known() {
        let path = path.attribute("absent");
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
    let counted = threshold.trigger_count.known().is_some_and(|count| *count != 1);
    if counted && !threshold.trigger_percent.is_null() {
        diagnostics.push(
            Diagnostic::error("Two triggers", "Set trigger_count or trigger_percent, not both.")
                .at(path.attribute("trigger_percent")),
        );
    }
}

fn aggregations(value: &Value<Vec<Aggregation>>, path: &Path, diagnostics: &mut Diagnostics) {
    for (index, aggregation) in value.known().into_iter().flatten().enumerate() {
        let path = path.index(index).attribute("alignment_period");
        minutes(&aggregation.alignment_period, 60, 25 * 3_600, path, "alignment_period", diagnostics);
    }
}
