//! Name and location of objects whose JSON holds them inside a relative name: `projects/P/locations/L/things/N`.

use serde_json::Value as Json;
use tfplugin::Dynamic;

use crate::engine::marks::Codec;

/// The last segment of the relative name. The creation takes it from the path, so nothing is written.
pub const SHORT_NAME: &dyn Codec = &ShortName;

/// The segment after `locations` of the relative name. The creation takes it from the path, so nothing is written.
pub const LOCATION_SEGMENT: &dyn Codec = &LocationSegment;

struct ShortName;
struct LocationSegment;

fn segments(body: &Json) -> Option<std::str::Split<'_, char>> {
    Some(body.get("name")?.as_str()?.split('/'))
}

fn text(found: Option<&str>) -> Dynamic {
    found.map_or(Dynamic::Null, Dynamic::string)
}

impl Codec for ShortName {
    fn read(&self, body: &Json) -> Dynamic {
        text(segments(body).and_then(Iterator::last))
    }
    fn write(&self, _: &Dynamic, _: &mut Json) {}
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

impl Codec for LocationSegment {
    fn read(&self, body: &Json) -> Dynamic {
        text(segments(body).and_then(|mut segments| {
            segments.find(|segment| *segment == "locations")?;
            segments.next()
        }))
    }
    fn write(&self, _: &Dynamic, _: &mut Json) {}
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}
