//! The hour of the week for maintenance: the API has a policy with a list of one window.

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Dynamic, Number, Object, Value};

use crate::engine::marks::{Codec, wire};
use crate::engine::wire;

/// An hour of the week, in UTC.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct MaintenanceWindow {
    /// The day: `MONDAY` to `SUNDAY`.
    #[tf(required, ext(wire("day")))]
    pub(super) day: Value<Day>,
    /// The hour in which it begins: 0 to 23.
    #[tf(required, ext(wire("startTime.hours")))]
    pub(super) hour: Value<i64>,
    /// The minute in which it begins: 0 to 59.
    #[tf(default = 0, ext(wire("startTime.minutes")))]
    pub(super) minute: Value<i64>,
}

/// A day of the week.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// `maintenancePolicy`, of which the description stays.
pub(super) struct Weekly;

const POLICY: &str = "maintenancePolicy";
const WINDOWS: &str = "maintenancePolicy.weeklyMaintenanceWindow";

impl Codec for Weekly {
    fn read(&self, body: &Json) -> Dynamic {
        let window = wire::get(body, WINDOWS).and_then(Json::as_array).and_then(|windows| windows.first());
        let Some(window) = window else { return Dynamic::Null };
        let mut read = wire::read(&MaintenanceWindow::schema(), window);
        // Midnight is left out.
        if let Some(fields) = read.as_entries_mut() {
            for name in ["hour", "minute"] {
                if fields.get(name).is_none_or(Dynamic::is_null) {
                    fields.insert(name.to_owned(), Dynamic::Number(Number::from(0_i64)));
                }
            }
        }
        read
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        if value.is_null() {
            wire::remove(body, POLICY);
        } else {
            wire::put(body, WINDOWS, json!([wire::create(&MaintenanceWindow::schema(), value)]));
            wire::remove(body, "maintenancePolicy.createTime");
            wire::remove(body, "maintenancePolicy.updateTime");
        }
    }

    fn masks(&self) -> &'static [&'static str] {
        &[POLICY]
    }

    fn expresses(&self) -> &'static [&'static str] {
        &[
            "maintenancePolicy.weeklyMaintenanceWindow.*.day",
            "maintenancePolicy.weeklyMaintenanceWindow.*.startTime.hours",
            "maintenancePolicy.weeklyMaintenanceWindow.*.startTime.minutes",
        ]
    }
}
