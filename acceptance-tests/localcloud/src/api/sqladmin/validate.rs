//! What the API refuses of instances. Where a sentence is not recorded or reported, it is this program's own.

use serde_json::Value;

use super::{invalid, is_of};
use crate::error::ApiError;

const IMMUTABLE: [&str; 5] = ["name", "region", "project", "instanceType", "diskEncryptionConfiguration"];

/// Names: lower-case letters, digits and hyphens, with a letter first; with the project at most 98 characters.
pub(super) fn name(project: &str, name: &str) -> Result<(), ApiError> {
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && project.len() + 1 + name.len() <= 98;
    if fits { Ok(()) } else { Err(invalid(format!("Invalid instance name ({name})"))) }
}

/// Fields that a change cannot reach.
pub(super) fn unchanged(prior: &Value, body: &Value) -> Result<(), ApiError> {
    match IMMUTABLE.iter().find(|field| prior[**field] != body[**field]) {
        Some(field) => Err(invalid(format!("The field {field} cannot be changed"))),
        None => versions(prior, body),
    }
}

/// The number of a version, to tell an upgrade from a downgrade.
fn rank(version: &str) -> Vec<u32> {
    version.split('_').filter_map(|part| part.parse().ok()).collect()
}

fn versions(prior: &Value, body: &Value) -> Result<(), ApiError> {
    let (was, is) = (text(prior, "databaseVersion"), text(body, "databaseVersion"));
    let family = |version: &str| version.split('_').next().unwrap_or_default().to_owned();
    if family(was) != family(is) || rank(is) < rank(was) {
        return Err(invalid(format!("Cannot change the database version from {was} to {is}")));
    }
    Ok(())
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

/// Settings that do not fit each other, the version or what was there.
pub(super) fn settings(body: &Value, prior: Option<&Value>) -> Result<(), ApiError> {
    let settings = &body["settings"];
    let (tier_name, edition) = (text(settings, "tier"), text(settings, "edition"));
    if tier_name.is_empty() {
        return Err(invalid("Missing parameter: tier"));
    }
    tier(body, tier_name, edition)?;
    if let Some(prior) = prior {
        let (was, is) = (number(&prior["settings"]["dataDiskSizeGb"]), number(&settings["dataDiskSizeGb"]));
        if is < was {
            return Err(invalid(format!(
                "Disk size {is} is less than the current disk size {was}: it can only be increased"
            )));
        }
        if prior["settings"]["dataDiskType"] != settings["dataDiskType"] {
            return Err(invalid("The disk type cannot be changed"));
        }
        let network = |of: &Value| of["settings"]["ipConfiguration"]["privateNetwork"].is_string();
        if network(prior) && !network(body) {
            return Err(invalid("The private network cannot be removed"));
        }
    }
    if number(&settings["dataDiskSizeGb"]) < 10 {
        return Err(invalid("Disk size must be at least 10 GB"));
    }
    let ip = &settings["ipConfiguration"];
    if ip["ipv4Enabled"] == false && !ip["privateNetwork"].is_string() && ip["pscConfig"].is_null() {
        return Err(invalid("At least one of Public IP, Private IP or PSC connectivity must be enabled"));
    }
    if is_of(body, "SQLSERVER") && ip["sslMode"] == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" {
        return Err(invalid("TRUSTED_CLIENT_CERTIFICATE_REQUIRED is not supported for SQL Server"));
    }
    backups(body, edition)
}

/// Reported for hashicorp/google and others: which tiers an edition and a family take.
fn tier(body: &Value, tier: &str, edition: &str) -> Result<(), ApiError> {
    let is_plus = tier.starts_with("db-perf-optimized-N-") || tier.starts_with("db-c4a-");
    if (edition == "ENTERPRISE_PLUS") != is_plus {
        return Err(invalid(format!(
            "Invalid Tier ({tier}) for ({edition}) Edition. Use a predefined Tier like db-perf-optimized-N-* instead. Learn more at \
             https://cloud.google.com/sql/docs/postgres/create-instance#machine-types"
        )));
    }
    let is_shared = matches!(tier, "db-f1-micro" | "db-g1-small");
    if is_of(body, "POSTGRES") && !is_plus && !is_shared && !tier.starts_with("db-custom-") {
        return Err(invalid("Only custom or shared-core instance Billing Tier type allowed for PostgreSQL database"));
    }
    if is_of(body, "SQLSERVER") && is_shared {
        return Err(invalid(format!("Invalid tier {tier} for SQL Server")));
    }
    Ok(())
}

fn backups(body: &Value, edition: &str) -> Result<(), ApiError> {
    let backup = &body["settings"]["backupConfiguration"];
    let days = number(&backup["transactionLogRetentionDays"]);
    let most = if edition == "ENTERPRISE_PLUS" { 35 } else { 7 };
    if !(1..=most).contains(&days) {
        return Err(invalid(format!("Transaction log retention days must be between 1 and {most}")));
    }
    let logs = backup["pointInTimeRecoveryEnabled"] == true || backup["binaryLogEnabled"] == true;
    if logs && backup["enabled"] != true {
        return Err(invalid("Point-in-time recovery and binary logs need backups to be enabled"));
    }
    let is_regional = body["settings"]["availabilityType"] == "REGIONAL";
    if is_regional && (backup["enabled"] != true || !logs && !is_of(body, "SQLSERVER")) {
        return Err(invalid(
            "For instances of availability type REGIONAL, backups and point-in-time recovery (binary logs for MySQL) must be enabled",
        ));
    }
    if !(1..=365).contains(&number(&backup["backupRetentionSettings"]["retainedBackups"])) {
        return Err(invalid("Retained backups must be between 1 and 365"));
    }
    Ok(())
}
