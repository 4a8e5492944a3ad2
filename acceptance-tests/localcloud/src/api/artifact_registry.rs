//! `artifactregistry.googleapis.com` v1: repositories.
//!
//! Create and delete are operations, PATCH answers at once and wants a mask. `registryUri` is shown by GET and list only.

use serde_json::{Value, json};

use super::{duration, labels, locations};
use crate::call::{Call, Reply};
use crate::collection::{self, Change, Collection, Completion, Naming, Verb, View};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::operation;
use crate::pages::PageRule;
use crate::route::Api;

const FORMATS: &[&str] = &["DOCKER", "MAVEN", "NPM", "APT", "YUM", "GOOGET", "PYTHON", "KFP", "GO", "GENERIC", "RUBY"];
const MODES: &[&str] = &["STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY", "AOSS_ASSURED_REPOSITORY"];
const MULTI_REGIONS: &[&str] = &["asia", "europe", "us"];
const IMMUTABLE: &[&str] = &["format", "mode", "kmsKeyName", "mavenConfig"];

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new("artifactregistry.googleapis.com")
        .on("GET", "/v1/projects/{project}/locations", |call| {
            let project = call.project()?.project_id;
            let all = locations::REGIONS.iter().chain(MULTI_REGIONS);
            let all: Vec<Value> = all.map(|location| locations::body(&project, location)).collect();
            Ok(Reply::json(json!({"locations": all})))
        })
        .on("GET", "/v1/projects/{project}/locations/{location}", |call| {
            let project = call.project()?.project_id;
            check_location(call.param("location"))?;
            Ok(Reply::json(locations::body(&project, call.param("location"))))
        });
    let api = operation::serve(api, "/v1/projects/{project}/locations/{location}/operations/{operation}");
    collection::serve(api, Repository)
}

struct Repository;

impl Collection for Repository {
    fn template(&self) -> &'static str {
        "/v1/projects/{project}/locations/{location}/repositories/{repository}"
    }

    fn list_field(&self) -> &'static str {
        "repositories"
    }

    fn naming(&self) -> Naming {
        Naming::Query("repositoryId")
    }

    fn pages(&self) -> PageRule {
        PageRule { default: 100, max: 1000 }
    }

    fn completion(&self, verb: Verb) -> Completion {
        let response_type = match verb {
            Verb::Create => "type.googleapis.com/google.devtools.artifactregistry.v1.Repository",
            Verb::Delete => "type.googleapis.com/google.protobuf.Empty",
            Verb::Update => return Completion::Now,
        };
        let metadata = json!({"@type": "type.googleapis.com/google.devtools.artifactregistry.v1.OperationMetadata"});
        Completion::Operation { metadata, response_type }
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["createTime", "updateTime", "sizeBytes", "satisfiesPzs", "satisfiesPzi", "registryUri"]
    }

    fn has_policies(&self) -> bool {
        true
    }

    fn not_found(&self, name: &str) -> ApiError {
        ApiError::not_found(format!("Repository \"{name}\" not found"))
    }

    fn exists(&self, _name: &str) -> ApiError {
        ApiError::already_exists("the repository already exists")
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, mask } = change;
        let location = call.param("location").to_owned();
        check_location(&location)?;
        if prior.is_none() {
            check_id(&id)?;
        }
        if let Some(field) =
            mask.iter().filter_map(|path| path.first()).find(|field| IMMUTABLE.contains(&field.as_str()))
        {
            return Err(ApiError::invalid_field("update_mask", format!("The field {field} cannot be updated.")));
        }
        complete_kind(&mut wanted)?;
        labels::check(wanted.get("labels"))?;
        check_configs(&wanted)?;
        complete_policies(&mut wanted)?;
        check_kms_key(&wanted, &location)?;
        scanning(call, &mut wanted, prior);
        json::drop_zeros(&mut wanted, Presence { kept: &[], maps: &["labels"] });
        if wanted.get("cleanupPolicies").and_then(Value::as_object).is_some_and(Object::is_empty) {
            wanted.remove("cleanupPolicies");
        }
        if let Some(Value::Object(remote)) = wanted.get_mut("remoteRepositoryConfig") {
            remote.remove("disableUpstreamValidation");
        }
        let now = call.world.now();
        let created = prior.and_then(|prior| prior.get("createTime")).cloned().unwrap_or_else(|| json!(now));
        wanted.insert("name".to_owned(), json!(name));
        wanted.insert("createTime".to_owned(), created);
        wanted.insert("satisfiesPzi".to_owned(), json!(true));
        let format = wanted["format"].as_str().unwrap_or_default().to_lowercase();
        let project = call.project()?.project_id;
        wanted.insert(
            "registryUri".to_owned(),
            json!(format!("{location}-{format}.pkg.dev/{}/{id}", project.replace(':', "/"))),
        );
        for field in ["sizeBytes", "satisfiesPzs", "updateTime"] {
            wanted.extend(prior.and_then(|prior| prior.get(field)).map(|value| (field.to_owned(), value.clone())));
        }
        if prior.is_none_or(|prior| *prior != Value::Object(wanted.clone())) {
            wanted.insert("updateTime".to_owned(), json!(now));
        }
        Ok(Value::Object(wanted))
    }

    fn present(&self, _call: &Call<'_>, stored: &Value, view: View) -> Value {
        let mut shown = stored.clone();
        if let (View::Change(verb), Some(shown)) = (view, shown.as_object_mut()) {
            shown.remove("registryUri");
            if verb == Verb::Create {
                shown.remove("createTime");
                shown.remove("updateTime");
            }
        }
        shown
    }
}

fn check_location(location: &str) -> Result<(), ApiError> {
    if locations::is_region(location) || MULTI_REGIONS.contains(&location) {
        return Ok(());
    }
    Err(ApiError::invalid(format!("Location {location} is not found or access is unauthorized.")))
}

fn check_id(id: &str) -> Result<(), ApiError> {
    let sane = id.len() <= 63
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if sane {
        return Ok(());
    }
    Err(ApiError::invalid_field(
        "repository_id",
        format!(
            "Invalid repository id \"{id}\": it has at most 63 characters, lower case letters, digits and dashes, begins with a letter and \
             does not end with a dash."
        ),
    ))
}

/// Format and mode: upper case, known, and with their own settings only.
fn complete_kind(wanted: &mut Object) -> Result<(), ApiError> {
    let upper = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_uppercase();
    let format = upper(wanted.get("format"));
    if !FORMATS.contains(&format.as_str()) {
        return Err(ApiError::invalid_field("repository.format", "A repository needs a format."));
    }
    let mode = match upper(wanted.get("mode")).as_str() {
        "" | "MODE_UNSPECIFIED" => "STANDARD_REPOSITORY".to_owned(),
        mode if MODES.contains(&mode) => mode.to_owned(),
        mode => return Err(ApiError::invalid_field("repository.mode", format!("Invalid mode {mode}."))),
    };
    wanted.insert("format".to_owned(), json!(format));
    wanted.insert("mode".to_owned(), json!(mode));
    Ok(())
}

fn check_configs(wanted: &Object) -> Result<(), ApiError> {
    let format = wanted["format"].as_str().unwrap_or_default();
    let mode = wanted["mode"].as_str().unwrap_or_default();
    for (config, only) in [("dockerConfig", "DOCKER"), ("mavenConfig", "MAVEN")] {
        if wanted.contains_key(config) && format != only {
            return Err(ApiError::invalid_field(
                &format!("repository.{config}"),
                format!("{config} is only valid for repositories of format {only}."),
            ));
        }
    }
    for (config, only) in
        [("virtualRepositoryConfig", "VIRTUAL_REPOSITORY"), ("remoteRepositoryConfig", "REMOTE_REPOSITORY")]
    {
        if wanted.contains_key(config) != (mode == only) {
            return Err(ApiError::invalid_field(
                &format!("repository.{config}"),
                format!("{config} belongs to repositories of mode {only}, and they need it."),
            ));
        }
    }
    Ok(())
}

/// Cleanup policies: a known action, one kind of rule, durations in seconds, the key repeated as `id`.
fn complete_policies(wanted: &mut Object) -> Result<(), ApiError> {
    let Some(Value::Object(policies)) = wanted.get_mut("cleanupPolicies") else { return Ok(()) };
    if policies.len() > 10 {
        return Err(ApiError::invalid_field(
            "repository.cleanup_policies",
            "A repository has at most 10 cleanup policies.",
        ));
    }
    for (key, policy) in policies.iter_mut() {
        let field = format!("repository.cleanup_policies[{key}]");
        let refuse = |text: &str| Err(ApiError::invalid_field(&field, format!("Cleanup policy \"{key}\": {text}")));
        let sane = key.len() <= 128
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if !sane {
            return refuse("the id has lower case letters, digits, dashes and underscores, and begins with a letter.");
        }
        let Some(policy) = policy.as_object_mut() else { return refuse("an object is expected.") };
        if policy.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty() && id != key) {
            return refuse("the id differs from its key.");
        }
        policy.insert("id".to_owned(), json!(key));
        let action = policy.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
        if action != "DELETE" && action != "KEEP" {
            return refuse("the action is DELETE or KEEP.");
        }
        match (policy.contains_key("condition"), policy.contains_key("mostRecentVersions")) {
            (true, true) => return refuse("a condition and mostRecentVersions exclude each other."),
            (false, false) => return refuse("a condition or mostRecentVersions is needed."),
            (false, true) if action != "KEEP" => return refuse("mostRecentVersions goes with KEEP."),
            _ => {}
        }
        if let Some(Value::Object(recent)) = policy.get_mut("mostRecentVersions") {
            match recent.get("keepCount").and_then(whole) {
                Some(count) if count > 0 => {
                    recent.insert("keepCount".to_owned(), json!(count));
                }
                _ => return refuse("keepCount is at least 1."),
            }
        }
        if let Some(Value::Object(condition)) = policy.get_mut("condition") {
            for name in ["olderThan", "newerThan"] {
                let Some(text) = condition.get(name).and_then(Value::as_str) else { continue };
                match duration::nanoseconds(text) {
                    Some(nanos) if nanos >= 0 => condition.insert(name.to_owned(), json!(duration::text(nanos))),
                    _ => return refuse(&format!("{name} is no duration.")),
                };
            }
            let state = condition.get("tagState").and_then(Value::as_str).unwrap_or_default().to_uppercase();
            match state.as_str() {
                "" | "TAG_STATE_UNSPECIFIED" => condition.remove("tagState"),
                "ANY" | "TAGGED" | "UNTAGGED" => condition.insert("tagState".to_owned(), json!(state)),
                _ => return refuse("the tag state is TAGGED, UNTAGGED or ANY."),
            };
            let tag_prefixes = condition.get("tagPrefixes").is_some_and(|prefixes| !json::is_zero(prefixes));
            if tag_prefixes && state != "TAGGED" {
                return refuse("tagPrefixes need the tag state TAGGED.");
            }
        }
    }
    Ok(())
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn check_kms_key(wanted: &Object, location: &str) -> Result<(), ApiError> {
    let Some(key) = wanted.get("kmsKeyName").and_then(Value::as_str).filter(|key| !key.is_empty()) else {
        return Ok(());
    };
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["projects", _, "locations", there, "keyRings", _, "cryptoKeys", _] if *there == location => Ok(()),
        ["projects", _, "locations", _, "keyRings", _, "cryptoKeys", _] => Err(ApiError::invalid_field(
            "repository.kms_key_name",
            format!("The key {key} is not in the repository's location {location}."),
        )),
        _ => Err(ApiError::invalid_field("repository.kms_key_name", format!("{key} is no name of a key."))),
    }
}

/// Vulnerability scanning follows the Container Scanning API.
fn scanning(call: &Call<'_>, wanted: &mut Object, prior: Option<&Value>) {
    let project = call.param("project");
    let on = call.world.service_enabled(project, "containerscanning.googleapis.com");
    let sent = wanted.get("vulnerabilityScanningConfig").and_then(Value::as_object);
    let mut config = Object::new();
    config.extend(
        sent.and_then(|sent| sent.get("enablementConfig")).map(|value| ("enablementConfig".to_owned(), value.clone())),
    );
    let (state, reason) = match (wanted["format"] == "DOCKER", on) {
        (false, _) => ("SCANNING_UNSUPPORTED", "Scanning is not supported for this repository format."),
        (true, _) if config.get("enablementConfig").is_some_and(|config| config == "DISABLED") => {
            ("SCANNING_DISABLED", "Scanning is disabled on the repository.")
        }
        (true, true) => ("SCANNING_ACTIVE", ""),
        (true, false) => ("SCANNING_DISABLED", "API containerscanning.googleapis.com is not enabled."),
    };
    let since = prior
        .and_then(|prior| prior.get("vulnerabilityScanningConfig"))
        .and_then(|config| config.get("lastEnableTime"))
        .cloned()
        .unwrap_or_else(|| json!(call.world.now()));
    config.insert("lastEnableTime".to_owned(), since);
    config.insert("enablementState".to_owned(), json!(state));
    config.insert("enablementStateReason".to_owned(), json!(reason));
    wanted.insert("vulnerabilityScanningConfig".to_owned(), Value::Object(config));
}
