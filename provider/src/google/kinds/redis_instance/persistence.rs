//! Snapshots of an instance: the API has a mode beside their settings, which here is whether they are said.

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Dynamic, Object, Value};

use crate::engine::marks::{Codec, wire};
use crate::engine::wire;
use crate::google::kinds::scalars::Instant;

/// Snapshots of the data (RDB).
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Persistence {
    /// How often: `ONE_HOUR`, `SIX_HOURS`, `TWELVE_HOURS` or `TWENTY_FOUR_HOURS`.
    #[tf(default = "TWENTY_FOUR_HOURS", ext(wire("rdbSnapshotPeriod").always()))]
    pub(super) snapshot_period: Value<SnapshotPeriod>,
    /// When the first is made, and the times of day of all others follow from it: `2030-01-01T03:00:00Z`. At once when nothing
    /// is said.
    #[tf(optional, computed, ext(wire("rdbSnapshotStartTime")))]
    pub(super) snapshot_start_time: Value<Instant>,
}

/// How often a snapshot is made.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum SnapshotPeriod {
    /// Every hour.
    OneHour,
    /// Every six hours.
    SixHours,
    /// Every twelve hours.
    TwelveHours,
    /// Once a day.
    TwentyFourHours,
}

/// `persistenceConfig`.
pub(super) struct Rdb;

const FIELD: &str = "persistenceConfig";
const MODE: &str = "persistenceMode";

impl Codec for Rdb {
    fn read(&self, body: &Json) -> Dynamic {
        match body.get(FIELD) {
            Some(config) if wire::text(config, MODE) == "RDB" => wire::read(&Persistence::schema(), config),
            _ => Dynamic::Null,
        }
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        body[FIELD] = match value {
            Dynamic::Null => json!({MODE: "DISABLED"}),
            said => {
                let mut config = wire::create(&Persistence::schema(), said);
                config[MODE] = json!("RDB");
                config
            }
        };
    }

    fn masks(&self) -> &'static [&'static str] {
        &[FIELD]
    }

    fn expresses(&self) -> &'static [&'static str] {
        &[
            "persistenceConfig.persistenceMode",
            "persistenceConfig.rdbSnapshotPeriod",
            "persistenceConfig.rdbSnapshotStartTime",
        ]
    }
}
