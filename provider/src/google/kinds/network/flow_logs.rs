//! Logs of a subnetwork's connections: the API has a switch beside their settings, which here is whether they are said.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::engine::marks::{Codec, wire, wire_with};
use crate::engine::wire::{self, text};

/// Logs of the connections of a subnetwork's machines.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct FlowLogs {
    /// How long the packets of a connection are counted together: `INTERVAL_5_SEC`, `INTERVAL_30_SEC`, `INTERVAL_1_MIN`,
    /// `INTERVAL_5_MIN`, `INTERVAL_10_MIN` or `INTERVAL_15_MIN`.
    #[tf(default = "INTERVAL_5_SEC", ext(wire("aggregationInterval").always()))]
    pub(super) interval: Value<Interval>,
    /// The share of the logs that is kept: 0 to 1. Google's own default is 0.5.
    #[tf(required, ext(wire("flowSampling")))]
    pub(super) sampling: Value<f64>,
    /// What is logged beside addresses and counts: `EXCLUDE_ALL_METADATA`, `INCLUDE_ALL_METADATA`, or with `CUSTOM_METADATA` the
    /// `metadata_fields`.
    #[tf(default = "EXCLUDE_ALL_METADATA", ext(wire("metadata").always()))]
    pub(super) metadata: Value<Metadata>,
    /// The fields that are logged with the metadata `CUSTOM_METADATA`, such as `src_instance`.
    #[tf(optional, ext(wire(METADATA_FIELDS)))]
    pub(super) metadata_fields: Value<BTreeSet<String>>,
    /// Which connections are logged, in the Common Expression Language. All when absent.
    #[tf(optional, ext(wire_with(&Filter)))]
    pub(super) filter: Value<String>,
}

/// How long packets are counted together.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Interval {
    /// Five seconds.
    #[tf(name = "INTERVAL_5_SEC")]
    Sec5,
    /// Thirty seconds.
    #[tf(name = "INTERVAL_30_SEC")]
    Sec30,
    /// A minute.
    #[tf(name = "INTERVAL_1_MIN")]
    Min1,
    /// Five minutes.
    #[tf(name = "INTERVAL_5_MIN")]
    Min5,
    /// Ten minutes.
    #[tf(name = "INTERVAL_10_MIN")]
    Min10,
    /// A quarter of an hour.
    #[tf(name = "INTERVAL_15_MIN")]
    Min15,
}

/// What is logged beside addresses and counts.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Metadata {
    /// Nothing.
    #[tf(name = "EXCLUDE_ALL_METADATA")]
    Exclude,
    /// Everything that is known.
    #[tf(name = "INCLUDE_ALL_METADATA")]
    Include,
    /// Some fields.
    #[tf(name = "CUSTOM_METADATA")]
    Custom,
}

const METADATA_FIELDS: &str = "metadataFields";
const FILTER: &str = "filterExpr";
/// The filter that lets everything through.
const ALL: &str = "true";
const CUSTOM: &str = "CUSTOM_METADATA";

/// A filter that lets everything through is none.
struct Filter;

impl Codec for Filter {
    fn read(&self, body: &Json) -> Dynamic {
        match text(body, FILTER) {
            "" | ALL => Dynamic::Null,
            filter => Dynamic::string(filter),
        }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        body[FILTER] = json!(value.as_str().unwrap_or(ALL));
    }
    fn masks(&self) -> &'static [&'static str] {
        &[FILTER]
    }
}

/// `logConfig`.
pub(super) struct LogConfig;

/// The field of the subnetwork.
pub(super) const FIELD: &str = "logConfig";

impl Codec for LogConfig {
    fn read(&self, body: &Json) -> Dynamic {
        let Some(config) = body.get(FIELD).filter(|config| config.get("enable") == Some(&json!(true))) else {
            return Dynamic::Null;
        };
        let mut config = config.clone();
        if text(&config, "metadata") != CUSTOM {
            wire::remove(&mut config, METADATA_FIELDS);
        }
        wire::read(&FlowLogs::schema(), &config)
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        body[FIELD] = match value {
            Dynamic::Null => json!({"enable": false}),
            said => {
                let mut config = wire::create(&FlowLogs::schema(), said);
                config["enable"] = json!(true);
                // A change merges: what was said before would stay.
                if config.get(FILTER).is_none() {
                    config[FILTER] = json!(ALL);
                }
                if text(&config, "metadata") == CUSTOM && config.get(METADATA_FIELDS).is_none() {
                    config[METADATA_FIELDS] = json!([]);
                }
                config
            }
        };
    }

    fn masks(&self) -> &'static [&'static str] {
        &[FIELD]
    }

    fn expresses(&self) -> &'static [&'static str] {
        &[
            "logConfig.enable",
            "logConfig.aggregationInterval",
            "logConfig.flowSampling",
            "logConfig.metadata",
            "logConfig.metadataFields",
            "logConfig.filterExpr",
        ]
    }
}

/// What is wrong with new settings.
pub(super) fn validate(logs: &FlowLogs, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(share) = logs.sampling.known().filter(|share| !(0.0..=1.0).contains(*share)) {
        let text = format!("sampling is a share, 0 to 1; it is {share}.");
        diagnostics.push(Diagnostic::error("sampling out of range", text).at(path.attribute("sampling")));
    }
    let is_other = |metadata: &Metadata| *metadata != Metadata::Custom;
    if logs.metadata_fields.known().is_some() && logs.metadata.known().is_some_and(is_other) {
        let text = "metadata_fields goes with the metadata CUSTOM_METADATA. Set that, or remove metadata_fields.";
        diagnostics.push(
            Diagnostic::error("Fields of metadata that is not custom", text).at(path.attribute("metadata_fields")),
        );
    }
}
