//! What the API refuses of instances, databases and users, so that a plan does.

use std::net::Ipv4Addr;

use tfplugin::{Diagnostic, Diagnostics, Path, Value};

use super::database::Database;
use super::user::{User, UserType};
use super::version::{self, Family};
use super::{Availability, Edition, SqlInstanceSpec, SslMode};

/// The longest name, together with the project's of one character at least.
const LONGEST_NAME: usize = 96;
/// The least and the most GB of a disk.
const DISK: (i64, i64) = (10, 65_536);
/// The longest name of a database.
const LONGEST_DATABASE: usize = 64;

struct Report<'d> {
    diagnostics: &'d mut Diagnostics,
}

impl Report<'_> {
    fn error(&mut self, path: Path, title: &str, detail: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(title, detail).at(path));
    }

    fn range(&mut self, path: Path, name: &str, value: &Value<i64>, (least, most): (i64, i64)) {
        if let Some(value) = value.known().filter(|value| !(least..=most).contains(*value)) {
            let detail = format!("{name} must be between {least} and {most}; it is {value}.");
            self.error(path, &format!("{name} out of range"), detail);
        }
    }
}

fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=LONGEST_NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}

fn family(spec: &SqlInstanceSpec) -> Option<Family> {
    spec.database_version.known().and_then(|version| Family::of(version))
}

/// Rules that every instance keeps.
pub(super) fn always(spec: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { diagnostics };
    if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
        let detail = format!(
            "{name:?} cannot be the name of an instance: 1 to {LONGEST_NAME} lower-case letters, digits and '-' are allowed, with a \
             letter first and a letter or digit last. It defaults to the KEY; set name where the KEY does not do."
        );
        report.error(path.attribute("name"), "Invalid name of a SQL instance", detail);
    }
    for (key, user) in spec.users.known().into_iter().flatten() {
        let path = path.attribute("users").key(key);
        // The password itself is in no message.
        if user.password_wo.known().is_some_and(String::is_empty) {
            let detail = "password_wo is empty. Give it the password, or leave it out.";
            report.error(path.attribute("password_wo"), "An empty password", detail);
        }
    }
    if spec.root_password_wo.known().is_some_and(String::is_empty) {
        let detail = "root_password_wo is empty. Give it the password, or leave it out.";
        report.error(path.attribute("root_password_wo"), "An empty password", detail);
    }
}

/// Rules for what is new.
pub(super) fn new(spec: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { diagnostics };
    if let Some(version) = spec
        .database_version
        .known()
        .filter(|version| Family::of(version).is_none() || version::numbers(version).is_empty())
    {
        let detail = format!(
            "{version:?} is not a version of a database engine. It is written as POSTGRES_17, MYSQL_8_4 or \
             SQLSERVER_2022_STANDARD."
        );
        report.error(path.attribute("database_version"), "Not a database version", detail);
    }
    tier(spec, path, &mut report);
    disk(spec, path, &mut report);
    network(spec, path, &mut report);
    backups(spec, path, &mut report);
    windows(spec, path, &mut report);
    for (key, database) in spec.databases.known().into_iter().flatten() {
        database_of(key, database, family(spec), &path.attribute("databases").key(key), &mut report);
    }
    for (key, user) in spec.users.known().into_iter().flatten() {
        user_of(spec, key, user, &path.attribute("users").key(key), &mut report);
    }
}

fn tier(spec: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    let (Some(tier), Some(edition)) = (spec.tier.known(), spec.edition.known()) else { return };
    let path = path.attribute("tier");
    let is_plus = tier.starts_with("db-perf-optimized-") || tier.starts_with("db-c4a-");
    match edition {
        Edition::EnterprisePlus if !is_plus => {
            let detail = format!(
                "{tier:?} is not a machine of the edition ENTERPRISE_PLUS. Set tier to db-perf-optimized-N-2 or a larger one, or edition \
                 to ENTERPRISE."
            );
            return report.error(path, "The tier does not fit the edition", detail);
        }
        Edition::Enterprise if is_plus => {
            let detail = format!(
                "{tier:?} is a machine of the edition ENTERPRISE_PLUS, and edition is ENTERPRISE. Set edition = \"ENTERPRISE_PLUS\", or \
                 a tier such as db-custom-2-7680."
            );
            return report.error(path, "The tier does not fit the edition", detail);
        }
        Edition::Enterprise | Edition::EnterprisePlus => {}
    }
    let is_shared = matches!(tier.as_str(), "db-f1-micro" | "db-g1-small");
    let is_custom = tier.starts_with("db-custom-");
    let refused = match family(spec) {
        Some(Family::Postgres) => !is_plus && !is_shared && !is_custom,
        Some(Family::SqlServer) => !is_plus && !is_custom,
        Some(Family::MySql) | None => false,
    };
    if refused {
        let detail =
            format!("{tier:?} is not a machine for this engine. Set a tier such as db-custom-2-7680 (CPUs and MB).");
        report.error(path, "The tier does not fit the database engine", detail);
    } else if is_custom && !is_custom_tier(tier) {
        let detail = format!(
            "{tier:?} is not a custom machine. It is db-custom-CPUS-MEMORY: 1 CPU or an even number up to 96, and a multiple of 256 MB, \
             at least 3840, with 922 to 6656 for each CPU."
        );
        report.error(path, "Not a custom tier", detail);
    }
}

/// `db-custom-2-7680`: CPUs and memory in MB, within the bounds that the API documents.
fn is_custom_tier(tier: &str) -> bool {
    let Some((cpus, memory)) = tier.strip_prefix("db-custom-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let (Ok(cpus), Ok(memory)) = (cpus.parse::<u32>(), memory.parse::<u32>()) else { return false };
    let fits_cpus = cpus == 1 || (2..=96).contains(&cpus) && cpus.is_multiple_of(2);
    fits_cpus && memory >= 3840 && memory.is_multiple_of(256) && memory >= cpus * 922 && memory <= cpus * 6656
}

fn disk(spec: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    report.range(path.attribute("disk_size"), "disk_size", &spec.disk_size, DISK);
    let (Some(limit), size) = (spec.disk_autoresize_limit.known(), spec.disk_size.known()) else { return };
    if *limit != 0 && size.is_some_and(|size| limit < size) || *limit < 0 {
        let detail = format!(
            "disk_autoresize_limit is {limit}; it must be 0 for no limit, or at least disk_size{}.",
            size.map(|size| format!(" ({size})")).unwrap_or_default()
        );
        report.error(path.attribute("disk_autoresize_limit"), "The limit is below the disk's size", detail);
    }
}

fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    address.parse::<Ipv4Addr>().is_ok() && length.parse::<u8>().is_ok_and(|length| length <= 32)
}

fn network(spec: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    if spec.ipv4_enabled.known() == Some(&false) && spec.private_network.is_null() {
        let detail = "ipv4_enabled is false and there is no private_network, so nobody could reach the instance. Set one of them.";
        report.error(path.attribute("ipv4_enabled"), "A SQL instance without an address", detail);
    }
    if let Some(network) = spec.private_network.known().filter(|network| network.is_empty()) {
        let detail = format!("private_network is {network:?}. Name the network, or leave it out.");
        report.error(path.attribute("private_network"), "Not a network", detail);
    }
    for attribute in [
        ("allocated_ip_range", spec.allocated_ip_range.is_null()),
        ("enable_private_path", spec.enable_private_path.known() != Some(&true)),
    ] {
        if let ((name, false), true) = (attribute, spec.private_network.is_null()) {
            let detail = format!("{name} goes with private_network. Set it, or remove {name}.");
            report.error(path.attribute(name), "An attribute of a private address", detail);
        }
    }
    for (index, network) in spec.authorized_networks.known().into_iter().flatten().enumerate() {
        if let Some(value) = network.value.known().filter(|value| !is_network(value)) {
            let path = path.attribute("authorized_networks").index(index).attribute("value");
            let detail =
                format!("{value:?} is not an IPv4 address or range. Write it as 203.0.113.7 or 203.0.113.0/24.");
            report.error(path, "Not a network range", detail);
        }
    }
    if family(spec) == Some(Family::SqlServer)
        && spec.ssl_mode.known() == Some(&SslMode::TrustedClientCertificateRequired)
    {
        let detail = "SQL Server has no client certificates. Set ssl_mode to ENCRYPTED_ONLY.";
        report.error(path.attribute("ssl_mode"), "Client certificates for SQL Server", detail);
    }
}

fn backups(spec: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    let is_regional = spec.availability_type.known() == Some(&Availability::Regional);
    let needs = "REGIONAL needs backup = { enabled = true, point_in_time_recovery = true }.";
    let at = path.attribute("backup");
    let Some(backup) = spec.backup.known() else {
        if is_regional && spec.backup.is_null() {
            report.error(at, "A standby without backups", needs);
        }
        return;
    };
    let is_enabled = backup.enabled.known().copied();
    let recovers = backup.point_in_time_recovery.known().copied();
    let has_logs = recovers != Some(false) || family(spec) == Some(Family::SqlServer);
    if is_regional && (is_enabled == Some(false) || !has_logs) {
        report.error(at.clone(), "A standby without backups", needs);
    } else if recovers == Some(true) && is_enabled == Some(false) {
        let detail = "point_in_time_recovery needs backups. Set enabled = true.";
        report.error(at.attribute("point_in_time_recovery"), "Recovery without backups", detail);
    }
    report.range(at.attribute("retained_backups"), "retained_backups", &backup.retained_backups, (1, 365));
    let most = if spec.edition.known() == Some(&Edition::EnterprisePlus) { 35 } else { 7 };
    let days = &backup.transaction_log_retention_days;
    report.range(at.attribute("transaction_log_retention_days"), "transaction_log_retention_days", days, (1, most));
    if let Some(time) = backup.start_time.known().filter(|time| !is_time(time)) {
        let detail = format!("{time:?} is not a time. Write it as HH:MM in UTC: \"03:30\".");
        report.error(at.attribute("start_time"), "Not a time of day", detail);
    }
}

fn is_time(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else { return false };
    let part = |text: &str, most: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|part| part <= most);
    part(hours, 23) && part(minutes, 59)
}

fn windows(spec: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    if let Some(window) = spec.maintenance_window.known() {
        let path = path.attribute("maintenance_window");
        report.range(path.attribute("day"), "day", &window.day, (1, 7));
        report.range(path.attribute("hour"), "hour", &window.hour, (0, 23));
    }
    if let Some(insights) = spec.insights.known() {
        let path = path.attribute("insights");
        let length = &insights.query_string_length;
        report.range(path.attribute("query_string_length"), "query_string_length", length, (256, 4500));
        let plans = &insights.query_plans_per_minute;
        report.range(path.attribute("query_plans_per_minute"), "query_plans_per_minute", plans, (0, 20));
    }
}

fn database_of(key: &str, database: &Database, family: Option<Family>, path: &Path, report: &mut Report<'_>) {
    let name = if database.name.is_null() { Some(key) } else { database.name.known().map(String::as_str) };
    let most = if family == Some(Family::Postgres) { LONGEST_DATABASE - 1 } else { LONGEST_DATABASE };
    if let Some(name) = name.filter(|name| name.is_empty() || name.len() > most || name.contains(['/', '\\', '\0'])) {
        let detail = format!("{name:?} cannot be the name of a database: 1 to {most} characters, without slashes.");
        report.error(path.attribute("name"), "Invalid name of a SQL database", detail);
    }
}

fn user_of(spec: &SqlInstanceSpec, key: &str, user: &User, path: &Path, report: &mut Report<'_>) {
    let family = family(spec);
    let name = if user.name.is_null() { Some(key) } else { user.name.known().map(String::as_str) };
    let is_iam = user.r#type.known().is_some_and(|kind| *kind != UserType::BuiltIn);
    if name.is_some_and(str::is_empty) {
        report.error(path.attribute("name"), "Invalid name of a SQL user", "A user has a name. Set it.");
    }
    if family.is_some_and(|family| family != Family::MySql) && !user.host.is_null() {
        let detail = "Only users of MySQL have a host. Remove it.";
        report.error(path.attribute("host"), "A host for a user without hosts", detail);
    }
    if !is_iam {
        return;
    }
    if !user.password_wo_version.is_null() || !user.password_wo.is_null() {
        let detail =
            "IAM users log in with tokens. Remove password_wo and password_wo_version, or make it a BUILT_IN user.";
        report.error(path.attribute("password_wo_version"), "A password for an IAM user", detail);
    }
    let Some(flag) = family.map(Family::iam_flag) else { return };
    let Some(flag) = flag else {
        let detail = "SQL Server has no IAM users. Make it a BUILT_IN user.";
        return report.error(path.attribute("type"), "An IAM user of SQL Server", detail);
    };
    let is_on = spec.flags.known().is_some_and(|flags| flags.get(flag).is_some_and(|value| value == "on"));
    if !is_on && !spec.flags.is_unknown() {
        let detail = format!("IAM users need a flag of the instance. Set flags = {{ {flag:?} = \"on\" }}.");
        report.error(path.attribute("type"), "IAM users are off", detail);
    }
    if let Some(name) = name.filter(|name| !name.contains('@') && !name.contains("{{")) {
        let detail = format!("The name of an IAM user is an email; {name:?} is none. Set name.");
        report.error(path.attribute("name"), "Not the name of an IAM user", detail);
    }
}

/// What cannot be changed of an instance that exists.
pub(super) fn change(was: &SqlInstanceSpec, is: &SqlInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { diagnostics };
    if let (Some(before), Some(after)) = (was.database_version.known(), is.database_version.known()) {
        let at = path.attribute("database_version");
        if Family::of(before) != Family::of(after) {
            let detail = format!(
                "The instance is {before}; the configuration says {after}. Another engine needs another instance: declare one under a \
                 KEY and name of its own."
            );
            report.error(at, "The database engine cannot be changed", detail);
        } else if version::is_older(before, after) {
            let detail = format!(
                "The instance is {before}; the configuration says {after}, which is older. There is no way back: set database_version = \
                 {before:?}."
            );
            report.error(at, "The database version cannot be lowered", detail);
        }
    }
    if let (Some(before), Some(after)) = (was.disk_size.known(), is.disk_size.known())
        && after < before
    {
        let detail = format!(
            "The disk has {before} GB; the configuration says {after}. A disk only grows: set disk_size = {before}."
        );
        report.error(path.attribute("disk_size"), "The disk cannot shrink", detail);
    }
    if let (Some(before), Some(after)) = (was.disk_type.known(), is.disk_type.known())
        && before != after
    {
        let detail = "The disk's type is for life. Set disk_type back, or declare another instance and move the data.";
        report.error(path.attribute("disk_type"), "The disk type cannot be changed", detail);
    }
    if !was.private_network.is_null() && is.private_network.is_null() {
        let detail = "An instance that has a private address keeps one. Set private_network back; it can be changed to another network.";
        report.error(path.attribute("private_network"), "The private network cannot be removed", detail);
    }
    if family(is) == Some(Family::Postgres) {
        postgres_databases(was, is, path, &mut report);
    }
}

fn postgres_databases(was: &SqlInstanceSpec, is: &SqlInstanceSpec, path: &Path, report: &mut Report<'_>) {
    let before = |name: &str| {
        let all = was.databases.known().into_iter().flatten();
        all.map(|(_, database)| database).find(|database| database.name.known().is_some_and(|other| other == name))
    };
    for (key, database) in is.databases.known().into_iter().flatten() {
        let Some(was) = database.name.known().and_then(|name| before(name)) else { continue };
        for (attribute, was, is) in
            [("charset", &was.charset, &database.charset), ("collation", &was.collation, &database.collation)]
        {
            if let (Some(was), Some(is)) = (was.known(), is.known())
                && was != is
            {
                let detail = format!(
                    "The database has {attribute} = {was:?}; the configuration says {is:?}. PostgreSQL has them for life: set it back, or \
                     declare another database."
                );
                let path = path.attribute("databases").key(key).attribute(attribute);
                report.error(path, &format!("The {attribute} of a database cannot be changed"), detail);
            }
        }
    }
}
