//! What a secret may be told: its name, replication, expiry, rotation, topics and aliases.
//!
//! Pure but for the topics, which must exist, and the time, which expiry and rotation are measured from.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{duration, labels, locations};
use crate::clock;
use crate::error::ApiError;
use crate::json::{self, Mask, Object, Presence};
use crate::store::World;

const SECOND: i128 = 1_000_000_000;
const HUNDRED_YEARS: i128 = 3_153_600_000 * SECOND;
/// What a mask may name.
const MUTABLE: [&str; 9] = [
    "labels",
    "annotations",
    "topics",
    "expireTime",
    "ttl",
    "rotation",
    "versionAliases",
    "versionDestroyTtl",
    "customerManagedEncryption",
];

/// 1 to 255 letters, digits, dashes and underscores.
pub(super) fn check_id(id: &str) -> Result<(), ApiError> {
    let sane = (1..=255).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    match sane {
        true => Ok(()),
        false => Err(ApiError::invalid(format!(
            "The provided Secret ID [{id}] does not match the expected format [[a-zA-Z_0-9-]+]"
        ))),
    }
}

/// Only what can be changed may be in a mask.
pub(super) fn check_mask(mask: &Mask) -> Result<(), ApiError> {
    let first = |path: &Vec<String>| path.first().cloned().unwrap_or_default();
    match mask.iter().map(first).find(|field| field != "etag" && !MUTABLE.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) => Err(ApiError::invalid_field(
            "update_mask",
            format!("Field [{}] is immutable or unknown.", json::snake(&field)),
        )),
    }
}

/// Judges and completes a secret but for its aliases.
pub(super) fn settle(world: &World, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
    wanted.retain(|_, value| !value.is_null());
    wanted.remove("tags");
    match prior {
        Some(prior) => {
            let fixed = ["replication", "secretType"];
            wanted.retain(|field, _| !fixed.contains(&field.as_str()));
            wanted.extend(fixed.iter().filter_map(|field| Some(((*field).to_owned(), prior.get(*field)?.clone()))));
        }
        None => check_replication(wanted)?,
    }
    labels::check(wanted.get("labels"))?;
    settle_expiry(world, wanted)?;
    check_topics(world, wanted)?;
    settle_rotation(world, wanted)?;
    settle_duration(wanted, "versionDestroyTtl", 86_400 * SECOND, 1000 * 86_400 * SECOND)?;
    let maps = &["labels", "annotations", "versionAliases", "replication.automatic"];
    let automatic = wanted.get("replication").and_then(|replication| replication.get("automatic")).cloned();
    json::drop_zeros(wanted, Presence { kept: &[], maps });
    if let Some(automatic) = automatic {
        // An empty message, and yet there.
        wanted.insert("replication".to_owned(), json!({"automatic": automatic}));
    }
    Ok(())
}

fn check_replication(wanted: &Object) -> Result<(), ApiError> {
    let refuse = |text: &str| Err(ApiError::invalid_field("secret.replication", text));
    let replication = wanted.get("replication").and_then(Value::as_object).cloned().unwrap_or_default();
    match (replication.get("automatic"), replication.get("userManaged")) {
        (Some(Value::Object(_)), None) => Ok(()),
        (None, Some(managed)) => {
            let replicas = managed["replicas"].as_array().cloned().unwrap_or_default();
            let places: Vec<&str> = replicas.iter().filter_map(|replica| replica["location"].as_str()).collect();
            let twice = places.iter().enumerate().any(|(at, place)| places[..at].contains(place));
            match places.is_empty() || places.len() != replicas.len() || twice {
                true => refuse("User-managed replication needs at least one location, and each of them once."),
                false if !places.iter().all(|place| locations::is_region(place)) => {
                    refuse("A location of the replication is no region.")
                }
                false => Ok(()),
            }
        }
        (Some(_), Some(_)) => refuse("Replication is either automatic or user-managed."),
        _ => refuse("A replication policy is needed: automatic or user-managed."),
    }
}

fn settle_expiry(world: &World, wanted: &mut Object) -> Result<(), ApiError> {
    let ttl = wanted.remove("ttl");
    let sent = wanted.get("expireTime").and_then(Value::as_str).map(ToOwned::to_owned);
    let refuse = |field: &str, text: &str| Err(ApiError::invalid_field(field, text));
    match (ttl, sent) {
        (Some(_), Some(_)) => refuse("secret.ttl", "Only one of ttl and expire_time can be set."),
        (Some(ttl), None) => {
            let length = ttl.as_str().and_then(duration::nanoseconds).filter(|length| *length >= 60 * SECOND);
            let Some(length) = length.filter(|length| *length <= HUNDRED_YEARS) else {
                return refuse("secret.ttl", "The ttl is a duration of at least a minute.");
            };
            wanted.insert("expireTime".to_owned(), json!(later(world, length)));
            Ok(())
        }
        (None, Some(text)) => match text.parse::<Timestamp>() {
            Ok(at) => {
                wanted.insert("expireTime".to_owned(), json!(clock::micros(at)));
                Ok(())
            }
            Err(_) => refuse("secret.expire_time", "The expire_time is no timestamp."),
        },
        (None, None) => Ok(()),
    }
}

fn later(world: &World, nanoseconds: i128) -> String {
    let micros = i64::try_from(nanoseconds / 1000).unwrap_or(i64::MAX);
    let now = world.clock.now();
    let at = Timestamp::from_microsecond(now.as_microsecond().saturating_add(micros)).unwrap_or(now);
    clock::micros(at)
}

fn check_topics(world: &World, wanted: &Object) -> Result<(), ApiError> {
    let topics = wanted.get("topics").and_then(Value::as_array).cloned().unwrap_or_default();
    let refuse = |text: String| Err(ApiError::invalid_field("secret.topics", text));
    if topics.len() > 10 {
        return refuse("A secret has at most 10 topics.".to_owned());
    }
    for topic in &topics {
        let name = topic["name"].as_str().unwrap_or_default();
        let parts: Vec<&str> = name.split('/').collect();
        let ["projects", project, "topics", _] = parts.as_slice() else {
            return refuse(format!("{name} is not of the form projects/PROJECT/topics/TOPIC."));
        };
        let path = format!("/v1/{}", world.with_project_ids(name));
        if world.project(project).is_some() && !world.has("pubsub.googleapis.com", &path) {
            return Err(ApiError::failed_precondition(format!("The Pub/Sub topic [{name}] was not found.")));
        }
    }
    Ok(())
}

fn settle_rotation(world: &World, wanted: &mut Object) -> Result<(), ApiError> {
    let has_topics = wanted.get("topics").is_some_and(|topics| !json::is_zero(topics));
    let Some(Value::Object(rotation)) = wanted.get_mut("rotation") else { return Ok(()) };
    let refuse = |field: &str, text: &str| Err(ApiError::invalid_field(&format!("secret.rotation.{field}"), text));
    settle_duration(rotation, "rotationPeriod", 3600 * SECOND, HUNDRED_YEARS)?;
    let Some(next) = rotation.get("nextRotationTime").and_then(Value::as_str).map(ToOwned::to_owned) else {
        return match rotation.contains_key("rotationPeriod") {
            true => refuse("next_rotation_time", "The next rotation time must be set if there is a rotation period."),
            false => Ok(()),
        };
    };
    if !has_topics {
        return Err(ApiError::invalid_field("secret.topics", "A secret that rotates needs topics."));
    }
    match next.parse::<Timestamp>() {
        Ok(at) if at.as_second() >= world.clock.now().as_second() + 300 => {
            rotation.insert("nextRotationTime".to_owned(), json!(clock::micros(at)));
            Ok(())
        }
        Ok(_) => refuse("next_rotation_time", "The next rotation time is at least 5 minutes in the future."),
        Err(_) => refuse("next_rotation_time", "The next rotation time is no timestamp."),
    }
}

fn settle_duration(object: &mut Object, field: &str, least: i128, most: i128) -> Result<(), ApiError> {
    let Some(text) = object.get(field).and_then(Value::as_str).map(ToOwned::to_owned) else { return Ok(()) };
    match duration::nanoseconds(&text) {
        Some(length) if (least..=most).contains(&length) => {
            object.insert(field.to_owned(), json!(duration::text(length)));
            Ok(())
        }
        _ => Err(ApiError::invalid_field(field, format!("{text} is no duration in the range of {field}."))),
    }
}

/// Aliases: names of existing versions, at most 50. `exists` knows the versions.
pub(super) fn check_aliases(wanted: &mut Object, exists: impl Fn(i64) -> bool) -> Result<(), ApiError> {
    let Some(Value::Object(aliases)) = wanted.get_mut("versionAliases") else { return Ok(()) };
    let refuse = |text: String| Err(ApiError::invalid_field("secret.version_aliases", text));
    if aliases.len() > 50 {
        return refuse("A secret has at most 50 aliases.".to_owned());
    }
    for (alias, version) in aliases.iter_mut() {
        let sane = alias.len() <= 63
            && alias.starts_with(|c: char| c.is_ascii_alphabetic())
            && alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && alias != "latest"
            && alias != "NEW";
        if !sane {
            return refuse(format!("Invalid alias [{alias}]."));
        }
        let number = version.as_i64().or_else(|| version.as_str().and_then(|text| text.parse().ok()));
        match number.filter(|number| exists(*number)) {
            Some(number) => *version = json!(number.to_string()),
            None => return refuse(format!("The alias [{alias}] names no version of the secret.")),
        }
    }
    Ok(())
}
