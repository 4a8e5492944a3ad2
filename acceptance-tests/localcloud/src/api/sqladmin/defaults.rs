//! What an instance has that nobody said: recorded in `sqladmin-*`, but for the editions.

use serde_json::{Value, json};

use super::{is_of, self_link};
use crate::call::Call;
use crate::store::Project;

/// Fields that callers may send and not set.
pub(super) const OUTPUT_ONLY: &[&str] = &[
    "backendType",
    "connectionName",
    "createTime",
    "databaseInstalledVersion",
    "etag",
    "geminiConfig",
    "ipAddresses",
    "kind",
    "project",
    "satisfiesPzi",
    "selfLink",
    "serverCaCert",
    "serviceAccountEmailAddress",
    "sqlNetworkArchitecture",
    "state",
    "upgradableDatabaseVersions",
];

/// The versions from which on the API chooses ENTERPRISE_PLUS where nobody says which edition: reported for hashicorp/google.
fn usual_edition(version: &str) -> &'static str {
    let number = version.strip_prefix("POSTGRES_").and_then(|number| number.split('_').next()?.parse::<u32>().ok());
    if number.is_some_and(|number| number >= 16) { "ENTERPRISE_PLUS" } else { "ENTERPRISE" }
}

fn fill(at: &mut Value, defaults: &Value) {
    for (field, value) in defaults.as_object().into_iter().flatten() {
        match at.get_mut(field) {
            None | Some(Value::Null) => at[field.as_str()] = value.clone(),
            Some(there) if there.is_object() && value.is_object() => fill(there, value),
            Some(_) => {}
        }
    }
}

/// Adds to an instance, new or changed from `prior`, all that an answer has.
pub(super) fn complete(call: &mut Call<'_>, body: &mut Value, project: &Project, prior: Option<&Value>) {
    let now = call.world.now();
    let etag = call.world.etag();
    fill(
        body,
        &json!({"databaseVersion": "MYSQL_8_0", "region": "us-central1", "instanceType": "CLOUD_SQL_INSTANCE", "settings": {}}),
    );
    settings(body, prior);
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    let (name, region, version) = (text("name"), text("region"), text("databaseVersion"));
    let id = &project.project_id;
    let zone = body["settings"]["locationPreference"]["zone"].clone();
    let is_new_version = prior.is_some_and(|prior| prior["databaseVersion"] != body["databaseVersion"]);
    let installed = if is_of(body, "SQLSERVER") { version.clone() } else { format!("{version}_1") };
    if is_new_version && let Some(fields) = body.as_object_mut() {
        fields.remove("databaseInstalledVersion");
        fields.remove("maintenanceVersion");
        fields.remove("upgradableDatabaseVersions");
    }
    let gemini = if is_of(body, "MYSQL") {
        json!({"entitled": false, "activeQueryEnabled": false, "indexAdvisorEnabled": false, "flagRecommenderEnabled": false})
    } else {
        json!({
            "entitled": false, "activeQueryEnabled": false, "indexAdvisorEnabled": false, "oomSessionCancelEnabled": false,
            "googleVacuumMgmtEnabled": false,
        })
    };
    let self_link = self_link(&format!("/v1/projects/{id}/instances/{name}"));
    fill(
        body,
        &json!({
            "kind": "sql#instance",
            "state": "RUNNABLE",
            "project": id,
            "backendType": "SECOND_GEN",
            "connectionName": format!("{id}:{region}:{name}"),
            "createTime": now,
            "selfLink": self_link,
            "serviceAccountEmailAddress":
                format!("p{}-{}@gcp-sa-cloud-sql.iam.gserviceaccount.com", project.project_number, &etag_letters(&etag)),
            "gceZone": zone,
            "databaseInstalledVersion": installed,
            "maintenanceVersion": format!("{installed}.R20240527.01_12"),
            "upgradableDatabaseVersions": upgrades(&version),
            "geminiConfig": gemini,
            "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE",
            "satisfiesPzi": true,
            "serverCaCert": {
                "kind": "sql#sslCert", "certSerialNumber": "0", "cert": "-----BEGIN CERTIFICATE-----", "commonName": "C=US",
                "sha1Fingerprint": "cf6f88e7", "instance": name, "createTime": now, "expirationTime": "2034-09-24T21:30:34.906Z",
            },
        }),
    );
    body["etag"] = json!(etag);
    body["ipAddresses"] = addresses(body);
    let is_regional = body["settings"]["availabilityType"] == "REGIONAL";
    if is_regional {
        fill(body, &json!({"secondaryGceZone": format!("{region}-f"), "failoverReplica": {"available": true}}));
    } else if let Some(fields) = body.as_object_mut() {
        fields.remove("secondaryGceZone");
        fields.remove("failoverReplica");
    }
}

fn etag_letters(etag: &str) -> String {
    etag.chars().filter(char::is_ascii_lowercase).chain("abcdef".chars()).take(6).collect()
}

/// One step up for each family that has one: the real list is long, and grows.
fn upgrades(version: &str) -> Value {
    let next = match version {
        "MYSQL_5_7" => "MYSQL_8_0",
        "MYSQL_8_0" => "MYSQL_8_4",
        "POSTGRES_9_6" | "POSTGRES_10" | "POSTGRES_11" | "POSTGRES_12" | "POSTGRES_13" | "POSTGRES_14" => "POSTGRES_15",
        "POSTGRES_15" => "POSTGRES_16",
        "POSTGRES_16" => "POSTGRES_17",
        _ => return Value::Null,
    };
    json!([{"majorVersion": next, "name": next, "displayName": next}])
}

/// A public address where the instance has one, and a private one in its network.
fn addresses(body: &Value) -> Value {
    let ip = &body["settings"]["ipConfiguration"];
    let last = body["name"]
        .as_str()
        .unwrap_or_default()
        .bytes()
        .fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 250 + 1);
    let mut addresses = Vec::new();
    if ip["ipv4Enabled"] == true {
        addresses.push(json!({"type": "PRIMARY", "ipAddress": format!("35.226.125.{last}")}));
        if is_of(body, "POSTGRES") {
            addresses.push(json!({"type": "OUTGOING", "ipAddress": format!("34.70.10.{last}")}));
        }
    }
    if ip["privateNetwork"].is_string() {
        addresses.push(json!({"type": "PRIVATE", "ipAddress": format!("10.20.0.{last}")}));
    }
    json!(addresses)
}

fn settings(body: &mut Value, prior: Option<&Value>) {
    let version = body["databaseVersion"].as_str().unwrap_or_default().to_owned();
    let region = body["region"].as_str().unwrap_or_default().to_owned();
    let edition = usual_edition(&version);
    let settings = &mut body["settings"];
    let days =
        if settings["edition"] == "ENTERPRISE_PLUS" || settings["edition"].is_null() && edition == "ENTERPRISE_PLUS" {
            14
        } else {
            7
        };
    fill(
        settings,
        &json!({
            "activationPolicy": "ALWAYS",
            "authorizedGaeApplications": [],
            "availabilityType": "ZONAL",
            "backupConfiguration": {
                "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
                "enabled": false,
                "startTime": "12:00",
                "transactionLogRetentionDays": days,
                "transactionalLogStorageState": "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED",
            },
            "connectorEnforcement": "NOT_REQUIRED",
            "dataDiskSizeGb": "10",
            "dataDiskType": "PD_SSD",
            "deletionProtectionEnabled": false,
            "edition": edition,
            "ipConfiguration": {
                "authorizedNetworks": [], "ipv4Enabled": true, "serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
            },
            "locationPreference": {"zone": format!("{region}-a")},
            "pricingPlan": "PER_USE",
            "replicationType": "SYNCHRONOUS",
            "storageAutoResize": true,
            "storageAutoResizeLimit": "0",
        }),
    );
    if settings.get("insightsConfig").is_some_and(|insights| insights["queryInsightsEnabled"] == true) {
        let insights = json!({"queryStringLength": 1024, "recordApplicationTags": false, "recordClientAddress": false});
        fill(&mut settings["insightsConfig"], &insights);
    }
    let version = prior.and_then(|prior| prior["settings"]["settingsVersion"].as_str()?.parse::<u64>().ok());
    settings["settingsVersion"] = json!((version.unwrap_or_default() + 1).to_string());
    ssl(&mut settings["ipConfiguration"]);
    for (field, kind) in [
        ("backupConfiguration", "sql#backupConfiguration"),
        ("locationPreference", "sql#locationPreference"),
        ("maintenanceWindow", "sql#maintenanceWindow"),
    ] {
        if let Some(message) = settings.get_mut(field).and_then(Value::as_object_mut) {
            message.insert("kind".to_owned(), json!(kind));
        }
    }
    for network in settings["ipConfiguration"]["authorizedNetworks"].as_array_mut().into_iter().flatten() {
        network["kind"] = json!("sql#aclEntry");
    }
    settings["kind"] = json!("sql#settings");
    backups(body, prior);
}

/// Two fields for one setting.
fn ssl(ip: &mut Value) {
    let requires = ip["requireSsl"].as_bool();
    let mode = ip["sslMode"].as_str().map(str::to_owned);
    let mode = match (mode, requires) {
        (Some(mode), _) => mode,
        (None, Some(true)) => "TRUSTED_CLIENT_CERTIFICATE_REQUIRED".to_owned(),
        _ => "ALLOW_UNENCRYPTED_AND_ENCRYPTED".to_owned(),
    };
    ip["requireSsl"] = json!(mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED");
    ip["sslMode"] = json!(mode);
}

/// What is shown of logs differs by family: MySQL has the binary log, PostgreSQL its archive, once somebody spoke of it.
fn backups(body: &mut Value, prior: Option<&Value>) {
    let is_mysql = is_of(body, "MYSQL");
    let Some(backup) = body["settings"]["backupConfiguration"].as_object_mut() else { return };
    if is_mysql {
        backup.remove("pointInTimeRecoveryEnabled");
    } else {
        backup.remove("binaryLogEnabled");
        let archives = backup.get("pointInTimeRecoveryEnabled").cloned();
        if let Some(archives) = archives {
            backup.insert("replicationLogArchivingEnabled".to_owned(), archives);
        }
    }
    if prior.is_none() && !is_mysql && backup.get("pointInTimeRecoveryEnabled") == Some(&json!(false)) {
        backup.remove("pointInTimeRecoveryEnabled");
        backup.remove("replicationLogArchivingEnabled");
    }
    if prior.is_none() && is_mysql && backup.get("binaryLogEnabled") == Some(&json!(false)) {
        backup.remove("binaryLogEnabled");
    }
}
