//! The half of a service that the server writes: conditions, revisions, addresses, etags.
//! A change first shows as pending (`reconciling`), and settles as ready or failed; both shapes are made here from the same stored body.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::etag;
use crate::json::Object;

/// Who acts in this cloud.
pub(super) const CALLER: &str = "user@example.com";

/// How a deployment ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ready,
    /// With the message of the failed revision.
    Failed(String),
}

/// The name of the `generation`th revision, such as `api-00002-dlq`.
pub(super) fn revision_name(service_id: &str, generation: u64, uid: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest = etag::hex(&["revision", uid, &generation.to_string()], 6);
    let suffix: String = (0..3)
        .filter_map(|i| usize::from_str_radix(&digest[2 * i..2 * i + 2], 16).ok())
        .map(|n| char::from(LETTERS[n % LETTERS.len()]))
        .collect();
    format!("{service_id}-{generation:05}-{suffix}")
}

/// The etag of a service: quoted, a counter and the name.
pub(super) fn service_etag(counter: u64, name: &str) -> String {
    let stamp = etag::hex(&["service", &counter.to_string()], 20);
    format!("\"{}/{}\"", STANDARD_NO_PAD.encode(&stamp.as_bytes()[..11]), URL_SAFE_NO_PAD.encode(name))
}

/// The addresses of a service: the one with the project's number and the one with the hash.
pub(super) fn addresses(service_id: &str, region: &str, number: &str, hash: &str) -> [String; 2] {
    [
        format!("https://{service_id}-{number}.{region}.run.app"),
        format!("https://{service_id}-{hash}-{}.a.run.app", region_code(region)),
    ]
}

/// The ten letters that all services of a project share.
pub(super) fn project_hash(number: &str) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = etag::hex(&["project", number], 20);
    (0..10)
        .filter_map(|i| usize::from_str_radix(&digest[2 * i..2 * i + 2], 16).ok())
        .map(|n| char::from(LETTERS[n % LETTERS.len()]))
        .collect()
}

/// The hash inside an address that [`addresses`] or the real service made.
pub(super) fn hash_in(uri: &str, service_id: &str) -> Option<String> {
    let rest = uri.strip_prefix("https://")?.strip_prefix(service_id)?.strip_prefix('-')?;
    let (hash, _) = rest.strip_suffix(".a.run.app")?.rsplit_once('-')?;
    Some(hash.to_owned())
}

fn region_code(region: &str) -> &str {
    const CODES: [(&str, &str); 24] = [
        ("us-central1", "uc"),
        ("us-east1", "ue"),
        ("us-east4", "uk"),
        ("us-west1", "uw"),
        ("us-west2", "wl"),
        ("us-west3", "wm"),
        ("us-west4", "wn"),
        ("europe-west1", "ew"),
        ("europe-west2", "nw"),
        ("europe-west3", "ey"),
        ("europe-west4", "ez"),
        ("europe-west6", "oa"),
        ("europe-north1", "lz"),
        ("europe-central2", "lm"),
        ("asia-northeast1", "an"),
        ("asia-northeast2", "dt"),
        ("asia-northeast3", "du"),
        ("asia-east1", "de"),
        ("asia-east2", "df"),
        ("asia-south1", "el"),
        ("asia-southeast1", "as"),
        ("asia-southeast2", "et"),
        ("australia-southeast1", "ts"),
        ("southamerica-east1", "rj"),
    ];
    CODES.iter().find(|(known, _)| *known == region).map_or("xx", |(_, code)| *code)
}

/// Stamps a settled service: observed, conditions, traffic as it flows, addresses.
pub(super) fn settle(service: &mut Object, outcome: &Outcome, new_revision: bool, now: &str, addresses: &[String; 2]) {
    let generation = service.get("generation").cloned().unwrap_or(json!("1"));
    service.insert("observedGeneration".to_owned(), generation);
    let earlier = |kind: &str, service: &Object| {
        let known = service.get("conditions").and_then(Value::as_array);
        known.into_iter().flatten().find(|c| c["type"] == kind).and_then(|c| c.get("lastTransitionTime").cloned())
    };
    // As recorded: the configuration's condition keeps the time at which it first became ready.
    let configured = earlier("ConfigurationsReady", service).unwrap_or(json!(now));
    let (terminal, conditions) = match outcome {
        Outcome::Ready => (
            json!({"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now}),
            json!([
                {"type": "RoutesReady", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now},
                {"type": "ConfigurationsReady", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": configured},
            ]),
        ),
        Outcome::Failed(message) => {
            let failed = |kind: &str| json!({"type": kind, "state": "CONDITION_FAILED", "message": message, "lastTransitionTime": now, "reason": "REVISION_FAILED"});
            (failed("Ready"), json!([failed("RoutesReady"), failed("ConfigurationsReady")]))
        }
    };
    service.insert("terminalCondition".to_owned(), terminal);
    service.insert("conditions".to_owned(), conditions);
    if *outcome == Outcome::Ready
        && let Some(created) = service.get("latestCreatedRevision").cloned()
    {
        service.insert("latestReadyRevision".to_owned(), created);
    }
    let ready = *outcome == Outcome::Ready || service.contains_key("latestReadyRevision");
    if ready && (*outcome == Outcome::Ready || !new_revision || service.contains_key("uri")) {
        let statuses = traffic_statuses(service, &addresses[1]);
        service.insert("trafficStatuses".to_owned(), statuses);
        service.entry("uri").or_insert(json!(addresses[1]));
        service.entry("urls").or_insert(json!(addresses));
    }
}

fn traffic_statuses(service: &Object, uri: &str) -> Value {
    let targets = service.get("traffic").and_then(Value::as_array).cloned().unwrap_or_default();
    let with_addresses = targets.into_iter().map(|mut target| {
        if let Some(tag) = target.get("tag").and_then(Value::as_str) {
            target["uri"] = json!(uri.replacen("https://", &format!("https://{tag}---"), 1));
        }
        target
    });
    Value::Array(with_addresses.collect())
}

/// How the service looks while its change is on the way. `before` is the settled body ahead of the change, if there was one.
pub(super) fn pending(after: &Value, before: Option<&Value>) -> Value {
    let mut body = after.clone();
    let observed = [
        "observedGeneration",
        "conditions",
        "latestReadyRevision",
        "latestCreatedRevision",
        "trafficStatuses",
        "uri",
        "urls",
        "terminalCondition",
    ];
    for field in observed {
        match before.and_then(|b| b.get(field)) {
            Some(old) => body[field] = old.clone(),
            None => {
                body.as_object_mut().map(|b| b.remove(field));
            }
        }
    }
    if before.is_none() {
        // The observed ingress is not known before the first revision is there.
        body.as_object_mut().map(|b| b.remove("ingress"));
        body["terminalCondition"] = json!({});
    }
    body["terminalCondition"]["state"] = json!("CONDITION_PENDING");
    body["reconciling"] = json!(true);
    body
}

/// The revision that a service's template makes.
pub(super) fn revision(service: &Object, name: &str, uid: &str, now: &str, outcome: &Outcome) -> Value {
    let mut body = Object::new();
    body.insert("name".to_owned(), json!(name));
    let template = service.get("template").and_then(Value::as_object);
    for (field, value) in template.into_iter().flatten() {
        if field != "revision" {
            body.insert(field.clone(), value.clone());
        }
    }
    let condition = match outcome {
        Outcome::Ready => json!({"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now}),
        Outcome::Failed(message) => {
            json!({"type": "Ready", "state": "CONDITION_FAILED", "message": message, "lastTransitionTime": now})
        }
    };
    let service_name = service.get("name").and_then(Value::as_str).unwrap_or_default();
    let stamps = [
        ("uid", json!(uid)),
        ("generation", json!("1")),
        ("observedGeneration", json!("1")),
        ("createTime", json!(now)),
        ("updateTime", json!(now)),
        ("launchStage", json!("GA")),
        ("service", json!(service_name.rsplit('/').next().unwrap_or_default())),
        ("conditions", json!([condition])),
        ("etag", json!(service_etag(0, name))),
    ];
    for (field, value) in stamps {
        body.insert(field.to_owned(), value);
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_real_form_and_their_hash_is_found_again() {
        let [by_number, by_hash] = addresses("ct-scan-api", "europe-west1", "777", "k3vq7dzyma");
        assert_eq!(by_number, "https://ct-scan-api-777.europe-west1.run.app");
        assert_eq!(by_hash, "https://ct-scan-api-k3vq7dzyma-ew.a.run.app");
        assert_eq!(hash_in(&by_hash, "ct-scan-api").as_deref(), Some("k3vq7dzyma"));
    }

    #[test]
    fn a_project_has_one_hash() {
        assert_eq!(project_hash("777"), project_hash("777"));
        assert_ne!(project_hash("777"), project_hash("778"));
        assert_eq!(project_hash("777").len(), 10);
    }

    #[test]
    fn etags_carry_their_quotes() {
        let etag = service_etag(1, "projects/p/locations/l/services/s");
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    }
}
