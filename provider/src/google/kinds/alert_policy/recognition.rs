//! Presets in what an import finds: conditions that a preset would write out are its settings again.
//!
//! The settings are read from the first condition, and hold only if the preset makes of them exactly what is there.

use tfplugin::{Dynamic, Name, Object};

use super::AlertPolicySpec;
use super::presets::{self, Source, TEMPLATES, Template};
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// What a preset fills in beside its conditions.
const FILLED: [&str; 4] = ["display_name", "severity", "auto_close", "documentation"];
/// What tunes a preset.
const SETTINGS: [&str; 5] = ["service", "threshold", "duration", "metric_type", "resource_type"];

/// Writes the preset that a policy with these conditions comes from, if there is one, as a person would: without what the
/// preset says by itself.
pub(super) fn recognise(component: &mut Dynamic, scope: &Scope) {
    let candidates = TEMPLATES.iter().filter_map(|template| candidate(template, component, scope));
    // Presets differ in what they say by themselves: the one that leaves the least to say is the one.
    let said = |candidate: &Dynamic| {
        let settings = FILLED.iter().chain(&SETTINGS);
        settings.filter(|name| !candidate.get(name).is_null()).count()
    };
    if let Some(best) = candidates.min_by_key(said) {
        *component = best;
    }
}

/// The policy as this preset would have it, if the preset makes of it what is there.
fn candidate(template: &Template, found: &Dynamic, scope: &Scope) -> Option<Dynamic> {
    let mut candidate = found.clone();
    tree::set(&mut candidate, "preset", Dynamic::string(template.name));
    tree::set(&mut candidate, "conditions", Dynamic::Null);
    for (name, value) in settings(template, found)? {
        tree::set(&mut candidate, name, value);
    }
    drop_defaults(template, &mut candidate);
    let mut filled = candidate.clone();
    FILLED.iter().for_each(|name| tree::set(&mut filled, *name, Dynamic::Null));
    presets::expand(&mut filled, scope);
    let schema = AlertPolicySpec::schema();
    let is_same = |name: &str| {
        schema.attribute(name).is_some_and(|attribute| wire::equal(attribute, filled.get(name), found.get(name)))
    };
    if !is_same("conditions") {
        return None;
    }
    for name in FILLED.into_iter().filter(|name| is_same(name)) {
        tree::set(&mut candidate, Name::fixed(name), Dynamic::Null);
    }
    Some(candidate)
}

/// The settings with which the preset would write the first of the conditions.
fn settings(template: &Template, found: &Dynamic) -> Option<Vec<(&'static str, Dynamic)>> {
    let threshold = found.get("conditions").as_elements()?.first()?.get("threshold");
    let filter = threshold.get("filter").as_str()?;
    let mut settings = vec![("duration", threshold.get("duration").clone())];
    let mut value = threshold.get("threshold_value").as_number()?.to_f64();
    match template.source {
        Source::CloudRun => {
            let service = quoted(filter, "resource.labels.service_name=");
            settings.push(("service", service.map_or(Dynamic::Null, Dynamic::string)));
        }
        Source::Metric(_) => {
            let metric = quoted(filter, "metric.type=")?;
            value /= presets::scale(metric);
            settings.push(("metric_type", Dynamic::string(metric)));
            settings.push(("resource_type", Dynamic::string(quoted(filter, "resource.type=")?)));
        }
    }
    settings.push(("threshold", tfplugin::Number::try_from(value).map_or(Dynamic::Null, Dynamic::Number)));
    Some(settings)
}

/// Leaves out the settings that the preset has anyway.
fn drop_defaults(template: &Template, candidate: &mut Dynamic) {
    let schema = AlertPolicySpec::schema();
    let metric = candidate.get("metric_type").as_str().map(str::to_owned);
    let defaults = [
        ("threshold", tfplugin::Number::try_from(template.threshold).map_or(Dynamic::Null, Dynamic::Number)),
        ("duration", Dynamic::string(template.duration)),
        ("resource_type", metric.as_deref().map_or(Dynamic::Null, |metric| Dynamic::string(presets::resource(metric)))),
        (
            "metric_type",
            match template.source {
                Source::Metric(own) => Dynamic::string(own),
                Source::CloudRun => Dynamic::Null,
            },
        ),
    ];
    for (name, default) in defaults {
        let is_default =
            schema.attribute(name).is_some_and(|attribute| wire::equal(attribute, candidate.get(name), &default));
        if is_default {
            tree::set(candidate, Name::fixed(name), Dynamic::Null);
        }
    }
}

/// The text in quotes after `before`.
fn quoted<'f>(filter: &'f str, before: &str) -> Option<&'f str> {
    let (_, rest) = filter.split_once(before)?;
    rest.strip_prefix('"')?.split('"').next()
}
