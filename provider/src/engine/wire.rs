//! The wire mapping: a component's tree to and from the API's JSON, by the marks beside each field.
//!
//! The schema walks; nothing here knows a kind. [`read`] makes trees, [`create`] and [`update`] make JSON, [`equal`] says
//! whether two values mean the same to the API, [`unexpressed()`] what the schema cannot say.

mod canonical;
mod children;
mod equality;
mod masks;
mod names;
mod place;
mod reading;
mod unexpressed;
mod writing;

#[cfg(test)]
mod tests;

pub use super::marks::codecs::{
    DURATION, INT64, LOCATION, PLAIN, SECONDS, SECONDS_INT, UPPER, human_duration, json_number,
};
pub use canonical::canonical;
pub use children::{Remade, aligned, by_key, carry, children, counterparts, holds_objects, lost, remade, tracked};
pub use equality::{equal, equal_object};
pub use masks::{masked, merge_patch};
pub use names::{LOCATION_SEGMENT, SHORT_NAME};
pub use place::{get, put, remove, text};
pub use reading::read;
pub use unexpressed::unexpressed;
pub use writing::{create, update};

use tfplugin::Attribute;

use super::marks::{OwnKeys, Wire};

/// Where and how `attribute` is written, if the API has it at all.
fn wire_of(attribute: &Attribute) -> Option<&Wire> {
    attribute.extensions.get::<Wire>()
}

/// Whether we write the attribute: what the user may set, and the computed maps of which we manage our own keys.
fn is_written(attribute: &Attribute) -> bool {
    attribute.presence.is_configurable() || has_own_keys(attribute)
}

/// Whether only the keys that were or are wanted are touched.
fn has_own_keys(attribute: &Attribute) -> bool {
    attribute.extensions.get::<OwnKeys>().is_some()
}
