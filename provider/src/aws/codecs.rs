//! How scalars are written in JSON where AWS has its own way.

use serde_json::Value as Json;
use tfplugin::Dynamic;

use crate::engine::marks::ScalarCodec;

/// A boolean as text, which is compared in any case.
pub const BOOL_TEXT: ScalarCodec = ScalarCodec { write: write_bool, read: read_bool };

fn write_bool(value: &Dynamic) -> Json {
    value.as_bool().map_or(Json::Null, |value| Json::String(value.to_string()))
}

fn read_bool(json: &Json) -> Dynamic {
    match json {
        Json::Bool(value) => Dynamic::Bool(*value),
        Json::String(text) => text.to_lowercase().parse().map_or(Dynamic::Null, Dynamic::Bool),
        _ => Dynamic::Null,
    }
}
