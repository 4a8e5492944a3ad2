//! How scalars are written in JSON.

use serde_json::Value as Json;
use tfplugin::{Dynamic, Number};

use super::ScalarCodec;
use crate::types::Duration;

/// As it is: text, number, boolean.
pub const PLAIN: ScalarCodec = ScalarCodec { write: write_plain, read: read_plain };

/// A 64-bit integer, which JSON carries as a string. Numbers are read, too.
pub const INT64: ScalarCodec = ScalarCodec { write: write_int64, read: read_int64 };

/// A duration as `"90s"`. It is read into the spelling that people use: `90d`, `36h`, `5m`.
pub const DURATION: ScalarCodec = ScalarCodec { write: write_duration, read: read_duration };

/// A duration as a 64-bit integer of seconds, which JSON carries as a string.
pub const SECONDS: ScalarCodec = ScalarCodec { write: write_seconds, read: read_seconds };

/// A duration as a 32-bit integer of seconds.
pub const SECONDS_INT: ScalarCodec = ScalarCodec { write: write_seconds_int, read: read_seconds };

/// A location. An API may answer in upper case; a region is read in the case that is used everywhere else.
pub const LOCATION: ScalarCodec = ScalarCodec { write: write_plain, read: read_location };

/// A word that is accepted in any case and returned in upper case.
pub const UPPER: ScalarCodec = ScalarCodec { write: write_upper, read: read_plain };

/// A decimal as JSON.
pub fn json_number(number: &Number) -> Json {
    number.to_string().parse().map_or(Json::Null, Json::Number)
}

/// The spelling of a whole number of seconds in the largest unit that divides it.
pub fn human_duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let fitting = UNITS.iter().find(|(unit, _)| seconds != 0 && seconds.is_multiple_of(*unit));
    fitting.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

fn write_plain(value: &Dynamic) -> Json {
    match value {
        Dynamic::Bool(value) => Json::Bool(*value),
        Dynamic::Number(value) => json_number(value),
        Dynamic::String(value) => Json::String(value.clone()),
        Dynamic::Typed(_, inner) => write_plain(inner),
        _ => Json::Null,
    }
}

fn read_plain(json: &Json) -> Dynamic {
    match json {
        Json::Bool(value) => Dynamic::Bool(*value),
        Json::Number(value) => value.to_string().parse().map_or(Dynamic::Null, Dynamic::Number),
        Json::String(value) => Dynamic::String(value.clone()),
        Json::Null | Json::Array(_) | Json::Object(_) => Dynamic::Null,
    }
}

fn write_int64(value: &Dynamic) -> Json {
    value.as_number().map_or(Json::Null, |number| Json::String(number.to_string()))
}

fn read_int64(json: &Json) -> Dynamic {
    match json {
        Json::String(text) => text.parse().map_or(Dynamic::Null, Dynamic::Number),
        other => read_plain(other),
    }
}

fn duration_of(value: &Dynamic) -> Option<Duration> {
    value.as_str()?.parse().ok()
}

fn write_duration(value: &Dynamic) -> Json {
    duration_of(value).map_or(Json::Null, |duration| Json::String(duration.to_wire()))
}

fn read_duration(json: &Json) -> Dynamic {
    let Some(text) = json.as_str() else { return Dynamic::Null };
    let whole = text.strip_suffix('s').map(|seconds| seconds.strip_suffix(".0").unwrap_or(seconds));
    let seconds = whole.and_then(|seconds| seconds.parse().ok());
    Dynamic::String(seconds.map_or_else(|| text.to_owned(), human_duration))
}

/// Whole seconds of a wire spelling (`"90s"`, `"90.5s"`).
fn seconds_of(value: &Dynamic) -> Option<String> {
    let wire = duration_of(value)?.to_wire();
    let seconds = wire.strip_suffix('s')?;
    Some(seconds.split_once('.').map_or(seconds, |(whole, _)| whole).to_owned())
}

fn write_seconds(value: &Dynamic) -> Json {
    seconds_of(value).map_or(Json::Null, Json::String)
}

fn write_seconds_int(value: &Dynamic) -> Json {
    seconds_of(value).and_then(|seconds| seconds.parse::<i64>().ok()).map_or(Json::Null, Json::from)
}

fn read_seconds(json: &Json) -> Dynamic {
    let seconds = match json {
        Json::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    seconds.map_or(Dynamic::Null, |seconds| Dynamic::String(human_duration(seconds)))
}

fn read_location(json: &Json) -> Dynamic {
    match json.as_str() {
        // Regions have a hyphen: europe-west1. Multi-regions and predefined pairs (US, EUR4) are written in capitals.
        Some(location) if location.contains('-') => Dynamic::String(location.to_lowercase()),
        Some(location) => Dynamic::String(location.to_uppercase()),
        None => Dynamic::Null,
    }
}

fn write_upper(value: &Dynamic) -> Json {
    value.as_str().map_or(Json::Null, |text| Json::String(text.to_uppercase()))
}
