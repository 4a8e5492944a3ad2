//! Database instances of RDS.
//!
//! Changes wait for the maintenance window unless they are wanted at once: what RDS has accepted and not done yet counts as
//! done, and the plan tells it. Within a major version the minor one is RDS's own affair.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::limits;
use crate::aws::api::{ApiError, Service, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{rds, tags};
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{Immutable, InputOnly, Labels, Silent, WhenSilent, refers, wire};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire::{self, INT64};

/// The kind.
pub(super) struct DbInstance;

const ARN: &str = "arn:{partition}:rds:{region}:{account}:db:{name}";
/// The field of an instance's JSON with a password to be sent.
const PASSWORD: &str = "MasterUserPassword";
/// The field with the version that is asked for; the one that runs is beside it.
const VERSION: &str = "EngineVersion";
const RUNNING: &str = "RunningVersion";
/// The parameter of a change that shall not wait for the maintenance window.
const AT_ONCE: &str = "ApplyImmediately";
/// The field that names what waits for the maintenance window.
const PENDING: &str = "Pending";
/// The fields with the storage that there is, and with that up to which it grows.
const STORAGE: &str = "AllocatedStorage";
const MOST: &str = "MaxAllocatedStorage";
/// The fields that both a creation and a change take, as an instance's JSON has them.
const SETTINGS: [&str; 19] = [
    STORAGE,
    "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod",
    "CACertificateIdentifier",
    "CopyTagsToSnapshot",
    "DBInstanceClass",
    "DBParameterGroupName",
    "DBSubnetGroupName",
    "DeletionProtection",
    VERSION,
    "Iops",
    PASSWORD,
    MOST,
    "MultiAZ",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "PubliclyAccessible",
    "StorageThroughput",
    "StorageType",
];
/// The fields that only a creation takes.
const FIXED: [&str; 6] = ["DBInstanceIdentifier", "DBName", "Engine", "KmsKeyId", "MasterUsername", "StorageEncrypted"];
/// The field with the security groups.
const GROUPS: &str = "VpcSecurityGroupIds";

/// Database instances of RDS, by KEY.
#[derive(Object, Clone)]
pub(super) struct DbInstanceSpec {
    /// The instance's identifier: 1 to 63 lower-case letters, digits and hyphens, beginning with a letter. Defaults to the
    /// KEY. Immutable.
    #[tf(optional, computed, ext(wire("DBInstanceIdentifier"), Immutable))]
    name: Value<String>,
    /// The engine: `postgres`, `mysql`, `mariadb` and others. Immutable.
    #[tf(required, ext(wire("Engine"), Immutable))]
    engine: Value<String>,
    /// The engine's version, `15` or `15.7`: one that begins with it is the same, because minor versions are RDS's. The default
    /// of RDS when absent.
    #[tf(optional, computed, ext(wire(VERSION)))]
    engine_version: Value<String>,
    /// The machine: `db.t3.micro`.
    #[tf(required, ext(wire("DBInstanceClass")))]
    instance_class: Value<String>,
    /// The storage, in GiB. It can grow, and never shrink.
    #[tf(required, ext(wire(STORAGE).codec(INT64)))]
    allocated_storage: Value<i64>,
    /// Up to how many GiB RDS makes the storage larger by itself. It does not when absent.
    #[tf(optional, ext(wire(MOST).codec(INT64)))]
    max_allocated_storage: Value<i64>,
    /// The kind of storage: `gp3`, `gp2`, `io1`, `io2`. RDS's choice when absent.
    #[tf(optional, computed, ext(wire("StorageType")))]
    storage_type: Value<String>,
    /// Whether the storage is encrypted. Immutable.
    #[tf(default = false, ext(wire("StorageEncrypted").codec(BOOL_TEXT), Immutable))]
    storage_encrypted: Value<bool>,
    /// The ARN of the KMS key for it; AWS's own when absent. Immutable.
    #[tf(optional, computed, ext(wire("KmsKeyId"), Immutable))]
    kms_key_id: Value<String>,
    /// The database that the instance has from the beginning. When absent it is the engine's own: Oracle makes `ORCL`, most make none.
    /// Immutable.
    #[tf(optional, computed, ext(wire("DBName"), Immutable))]
    database: Value<String>,
    /// The name of the first user. Immutable.
    #[tf(required, ext(wire("MasterUsername"), Immutable))]
    username: Value<String>,
    /// That user's password: 8 to 128 characters. It is sent when the instance is made and whenever `password_wo_version`
    /// changes. It is never stored: not in the state, not in a plan, not in a log.
    #[tf(optional, write_only, sensitive, ext(wire(PASSWORD), InputOnly))]
    password_wo: Value<String>,
    /// Any number; change it to send `password_wo` again. The first number after an import is recorded, and nothing is sent
    /// until it changes once more.
    #[tf(optional)]
    password_wo_version: Value<i64>,
    /// Where in the network it may be: the KEY of one of `db_subnet_groups`, or the name of another. Immutable.
    #[tf(optional, computed, ext(wire("DBSubnetGroupName"), Immutable, refers("db_subnet_groups", "name")))]
    subnet_group: Value<String>,
    /// The engine's settings: the KEY of one of `db_parameter_groups`, or the name of another. RDS's own of the version when
    /// absent.
    #[tf(
        optional,
        computed,
        ext(wire("DBParameterGroupName"), refers("db_parameter_groups", "name"), WhenSilent(own_group))
    )]
    parameter_group: Value<String>,
    /// Who may reach it: KEYs of `security_groups` of this stack, or ids of others. The default group of the VPC when absent.
    #[tf(optional, computed, ext(wire(GROUPS), refers("security_groups", "id").named_as("sg-ID", is_group)))]
    security_groups: Value<BTreeSet<String>>,
    /// Whether a second one in another zone stands by.
    #[tf(default = false, ext(wire("MultiAZ").codec(BOOL_TEXT)))]
    multi_az: Value<bool>,
    /// Whether it has an address on the internet.
    #[tf(default = false, ext(wire("PubliclyAccessible").codec(BOOL_TEXT).always()))]
    publicly_accessible: Value<bool>,
    /// For how many days backups are kept: from 0 (none are made) to 35.
    #[tf(default = 1, ext(wire("BackupRetentionPeriod").codec(INT64)))]
    backup_retention_period: Value<i64>,
    /// When backups are made, every day, in UTC: `03:00-03:30`. RDS's choice when absent.
    #[tf(optional, computed, ext(wire("PreferredBackupWindow")))]
    backup_window: Value<String>,
    /// When changes are made that interrupt it, every week, in UTC: `sun:04:30-sun:05:30`. RDS's choice when absent.
    #[tf(optional, computed, ext(wire("PreferredMaintenanceWindow")))]
    maintenance_window: Value<String>,
    /// Whether RDS moves to newer minor versions in the maintenance window.
    #[tf(default = true, ext(wire("AutoMinorVersionUpgrade").codec(BOOL_TEXT)))]
    auto_minor_version_upgrade: Value<bool>,
    /// Whether snapshots get the tags of the instance.
    #[tf(default = false, ext(wire("CopyTagsToSnapshot").codec(BOOL_TEXT)))]
    copy_tags_to_snapshot: Value<bool>,
    /// Whether RDS itself refuses to delete the instance, whoever asks for it.
    #[tf(default = false, ext(wire("DeletionProtection").codec(BOOL_TEXT)))]
    deletion_protection: Value<bool>,
    /// Whether changes are made at once, and not in the maintenance window.
    #[tf(default = false)]
    apply_immediately: Value<bool>,
    /// The name of the snapshot that is made when the instance is deleted. None is made when absent: its data is lost.
    #[tf(optional)]
    final_snapshot_identifier: Value<String>,
    /// Tags of this instance, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The instance's ARN.
    #[tf(computed)]
    arn: Value<String>,
    /// The name under which it is reached.
    #[tf(computed, ext(wire("Endpoint.Address")))]
    address: Value<String>,
    /// The port on which it is reached.
    #[tf(computed, ext(wire("Endpoint.Port").codec(INT64)))]
    port: Value<i64>,
    /// The version that runs.
    #[tf(computed, ext(wire(RUNNING), crate::engine::marks::Volatile { with: VERSION }))]
    running_version: Value<String>,
    /// What has been changed and waits for the maintenance window; null where nothing does.
    #[tf(computed, ext(wire(PENDING), crate::engine::marks::Volatile { with: "" }))]
    pending_changes: Value<String>,
}

fn is_group(text: &str) -> bool {
    text.starts_with("sg-")
}

/// The parameter group of a silent configuration: RDS's own follows the version.
fn own_group(silent: &Silent<'_>) -> Dynamic {
    let version = |component: &Dynamic| component.get("engine_version").clone();
    let is_own = silent.value.as_str().is_some_and(|group| group.starts_with("default."));
    let moves = version(silent.component_before) != version(silent.component);
    if is_own && moves { Dynamic::Unknown } else { silent.value.clone() }
}

impl Declared for DbInstance {
    type Spec = DbInstanceSpec;
    const NAME: &'static str = "db_instances";
    const NOUN: &'static str = "database instance";

    fn validate(&self, spec: &DbInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(pending) = spec.pending_changes.known().filter(|pending| !pending.is_empty()) {
            let detail = format!(
                "{pending} will be changed in the maintenance window. Set apply_immediately = true before a change that shall not \
                 wait."
            );
            let problem = Diagnostic::warning("A change waits for the maintenance window", detail);
            diagnostics.push(problem.at(path.attribute("pending_changes")));
        }
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        if let Some(name) = spec.name.known()
            && let Some(why) = rds::refuse_name(name, 63)
        {
            error("name", "Invalid name of a database instance", format!("{name:?} cannot be an identifier: {why}"));
        }
        if let Some(class) = spec.instance_class.known().filter(|class| !class.starts_with("db.")) {
            let detail = format!("{class:?} is not a class of RDS; they are written as db.t3.micro.");
            error("instance_class", "Invalid class of a database instance", detail);
        }
        // The password itself is in no message.
        if let Some(size) =
            spec.password_wo.known().map(|text| text.chars().count()).filter(|size| !(8..=128).contains(size))
        {
            let detail = format!("password_wo has {size} characters; RDS takes 8 to 128.");
            error("password_wo", "Invalid length of a password", detail);
        }
        if spec.password_wo.known().is_some_and(|text| text.contains(['/', '@', '"', ' '])) {
            let detail = "password_wo has one of the characters / @ \" and space, which RDS does not take.";
            error("password_wo", "Invalid character in a password", detail.to_owned());
        }
        if let (Some(least), Some(most)) = (spec.allocated_storage.known(), spec.max_allocated_storage.known())
            && most < least
        {
            let detail = format!("max_allocated_storage is {most}, and allocated_storage is {least} already.");
            error("max_allocated_storage", "Storage cannot shrink", detail);
        }
        for (window, attribute) in
            [(&spec.backup_window, "backup_window"), (&spec.maintenance_window, "maintenance_window")]
        {
            if let Some(text) = window.known().filter(|text| text.chars().any(|c| c.is_ascii_uppercase())) {
                let detail = format!("RDS keeps {text:?} as {:?}. Write that.", text.to_lowercase());
                error(attribute, "A window in capitals", detail);
            }
        }
        limits::number(&spec.backup_retention_period, 0..=35, "backup_retention_period", path, diagnostics);
        limits::number(&spec.allocated_storage, 5..=65_536, "allocated_storage", path, diagnostics);
    }

    fn validate_new(&self, spec: &DbInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if spec.password_wo_version.is_null() && spec.password_wo.is_null() {
            let detail = "A new instance needs a password for its first user. Set password_wo and password_wo_version.";
            diagnostics
                .push(Diagnostic::error("A database without a password", detail).at(path.attribute("password_wo")));
        }
    }

    fn validate_change(
        &self,
        before: &DbInstanceSpec,
        after: &DbInstanceSpec,
        path: &Path,
        diagnostics: &mut Diagnostics,
    ) {
        if let (Some(was), Some(is)) = (before.allocated_storage.known(), after.allocated_storage.known())
            && is < was
        {
            let detail = format!("allocated_storage was {was} and cannot become {is}. Keep it.");
            diagnostics
                .push(Diagnostic::error("Storage cannot shrink", detail).at(path.attribute("allocated_storage")));
        }
    }
}

impl Kind for DbInstance {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        // Of the many settings those are managed that are declared: what RDS adds over time is its own.
        UNMANAGED
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

/// Fields that nobody manages here.
const UNMANAGED: &[&str] = &[
    "AvailabilityZone",
    "CACertificateIdentifier",
    "CertificateDetails",
    "DBInstanceArn",
    "DBInstanceStatus",
    "DBSubnetGroup",
    "DatabaseInsightsMode",
    "DbInstancePort",
    "DbiResourceId",
    "DedicatedLogVolume",
    "Endpoint",
    "EngineLifecycleSupport",
    "InstanceCreateTime",
    "Iops",
    "IsStorageConfigUpgradeAvailable",
    "LatestRestorableTime",
    "LicenseModel",
    "NetworkType",
    "OptionGroupMemberships",
    "PendingModifiedValues",
    PENDING,
    "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
    RUNNING,
    "SecondaryAvailabilityZone",
    "StorageThroughput",
    "UpgradeRolloutOrder",
    "ActivityStreamStatus",
    "BackupTarget",
    "CustomerOwnedIpEnabled",
    "MonitoringInterval",
    "MultiTenant",
];

impl Gradual for DbInstance {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "DBInstanceStatus") {
            "available" | "stopped" | "storage-optimization" | "storage-full" | "" => Readiness::Ready,
            state
                if state.starts_with("failed")
                    || state.starts_with("incompatible")
                    || state.starts_with("inaccessible") =>
            {
                Readiness::Failed(format!("the instance is {state}"))
            }
            _ => Readiness::Pending,
        }
    }

    fn was_ready(&self, component: &Dynamic) -> bool {
        component.get("address").as_str().is_some()
    }
}

impl Discovery for DbInstance {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let groups = body[GROUPS].as_array().into_iter().flatten().filter_map(Json::as_str);
        let groups = groups.map(|group| ("security_groups", group.to_owned()));
        let named = [("db_subnet_groups", "DBSubnetGroupName"), ("db_parameter_groups", "DBParameterGroupName")];
        let named = named.into_iter().map(|(kind, field)| (kind, wire::text(body, field).to_owned()));
        groups.chain(named.filter(|(_, name)| !name.is_empty())).collect()
    }
}

/// Whether the version that runs is one of those that are asked for: `15` is any 15; where RDS moves to newer minor versions
/// by itself, `15.4` is any from there on.
fn is_of(running: &str, wanted: &str, moves_on: bool) -> bool {
    let within = running.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let numbers = |text: &str| text.split('.').map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<u32>>>();
    let (Some(running), Some(wanted)) = (numbers(running), numbers(wanted)) else { return within };
    let (Some((_, line)), true) = (wanted.split_last(), moves_on) else { return within };
    within || (!line.is_empty() && running.starts_with(line) && running > wanted)
}

/// An instance out of what RDS says of it. `known` is what the stack has it as: a version is told as finely as it was asked for.
pub(super) fn object(mut instance: Json, known: Option<&Dynamic>) -> Json {
    let pending = match instance.get("PendingModifiedValues").and_then(Json::as_object) {
        Some(pending) => pending.clone(),
        None => Map::new(),
    };
    for (field, value) in &pending {
        if instance.get(field).is_some() {
            instance[field] = value.clone();
        }
    }
    let names: Vec<&str> = pending.keys().map(String::as_str).collect();
    if !names.is_empty() {
        instance[PENDING] = json!(names.join(", "));
    }
    // Storage that shall not grow may grow to what it is: that is how RDS is told.
    let gib = |field: &str| wire::text(&instance, field).parse::<u64>().ok();
    if known.is_some_and(|known| known.get("max_allocated_storage").is_null()) && gib(MOST) <= gib(STORAGE) {
        wire::remove(&mut instance, MOST);
    }
    let version = wire::text(&instance, VERSION).to_owned();
    let asked = known
        .and_then(|known| known.get("engine_version").as_str())
        .filter(|asked| is_of(&version, asked, wire::text(&instance, "AutoMinorVersionUpgrade") == "true"));
    if let Some(asked) = asked {
        instance[VERSION] = json!(asked);
    }
    instance[RUNNING] = json!(version);
    let groups = items(&instance["VpcSecurityGroups"]["VpcSecurityGroupMembership"]).iter();
    let groups: Json = groups.map(|group| group["VpcSecurityGroupId"].clone()).collect();
    let group =
        |body: &Json, path: &str| body.pointer(path).and_then(|list| items(list).first().cloned()).unwrap_or_default();
    let parameters = group(&instance, "/DBParameterGroups/DBParameterGroup")["DBParameterGroupName"].clone();
    let subnets = instance["DBSubnetGroup"]["DBSubnetGroupName"].clone();
    let found = tags::of_pairs(&Json::Array(items(&instance["TagList"]["Tag"]).to_vec()));
    for field in ["VpcSecurityGroups", "DBParameterGroups", "DBSubnetGroup", "TagList", "PendingModifiedValues"] {
        wire::remove(&mut instance, field);
    }
    instance[GROUPS] = groups;
    wire::put(&mut instance, "DBParameterGroupName", parameters);
    wire::put(&mut instance, "DBSubnetGroupName", subnets);
    // What says nothing is left out.
    if let Some(fields) = instance.as_object_mut() {
        fields.retain(|_, value| value != &json!("") && !value.is_null());
    }
    tags::put(&mut instance, found);
    instance
}

async fn instances(asked: Json, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let mut found = rds::pages("DescribeDBInstances", ("DBInstances", "DBInstance"), asked, run).await?;
    // Those of clusters are the clusters'.
    found.retain(|instance| wire::text(instance, "DBClusterIdentifier").is_empty());
    let tagged = found.into_iter().map(|mut instance| async move {
        if instance.get("TagList").is_none() {
            let resource = arn(ARN, &run.scope.place, wire::text(&instance, "DBInstanceIdentifier"));
            let found = rds::tags_of(&resource, None, run).await?;
            instance["TagList"] = rds::named("Tag", &tags::pairs(&found));
        }
        Ok(instance)
    });
    try_join_all(tagged).await
}

#[async_trait]
impl Api for DbInstance {
    fn service(&self) -> Service {
        Service::RDS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "rds:AddTagsToResource",
            "rds:CreateDBInstance",
            "rds:DeleteDBInstance",
            "rds:DescribeDBInstances",
            "rds:ModifyDBInstance",
            "rds:RemoveTagsFromResource",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "DBInstanceIdentifier")
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let found = instances(json!({ "DBInstanceIdentifier": name }), run).await?;
        let found = found.into_iter().find(|instance| self.name_of(instance) == name);
        Ok(found.map(|instance| object(instance, known)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        Ok(instances(json!({}), run).await?.into_iter().map(|instance| object(instance, None)).collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "Tags": rds::new_tags(body) });
        for field in SETTINGS.iter().chain(&FIXED) {
            wanted[*field] = body.get(*field).cloned().unwrap_or_default();
        }
        if let Some(groups) = body.get(GROUPS) {
            wanted[GROUPS] = rds::named("VpcSecurityGroupId", groups);
        }
        rds::call("CreateDBInstance", wanted, run).await.map(drop)
    }

    fn instruct(&self, component: &Dynamic, body: &mut Json) {
        body[AT_ONCE] = json!(component.get("apply_immediately").as_bool() == Some(true));
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let wanted = written(before, after, changed);
        // The instance and when it is changed are always told.
        if changed.is_beyond(tags::FIELD) && wanted.as_object().is_some_and(|fields| fields.len() > 2) {
            rds::call("ModifyDBInstance", wanted, run).await?;
        }
        let resource = arn(ARN, &run.scope.place, self.name_of(before));
        rds::set_tags(&resource, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "DBInstanceIdentifier": name });
        match known.get("final_snapshot_identifier").as_str() {
            Some(snapshot) => wanted["FinalDBSnapshotIdentifier"] = json!(snapshot),
            None => wanted["SkipFinalSnapshot"] = json!(true),
        }
        rds::call("DeleteDBInstance", wanted, run).await?;
        // Its groups are in use until it is gone.
        let mut looks = 0;
        while self.read(name, Some(known), run).await?.is_some() && run.pause(looks).await.is_ok() {
            looks += 1;
        }
        Ok(())
    }
}

/// What RDS is told of a change.
pub(super) fn written(before: &Json, after: &Json, changed: &Changed) -> Json {
    let mut wanted = json!({ "DBInstanceIdentifier": before["DBInstanceIdentifier"], AT_ONCE: after[AT_ONCE] });
    // To be told a version that it has already would have RDS choose another minor one.
    let moves_on = wire::text(before, "AutoMinorVersionUpgrade") == "true";
    let runs =
        |field: &str| field == VERSION && is_of(wire::text(before, RUNNING), wire::text(after, VERSION), moves_on);
    for field in SETTINGS.iter().filter(|field| changed.has(field) && !runs(field)) {
        wanted[*field] = after.get(*field).cloned().unwrap_or_default();
    }
    if changed.has(MOST) && after.get(MOST).is_none() {
        wanted[MOST] = after[STORAGE].clone();
    }
    if changed.has(GROUPS) {
        wanted[GROUPS] = rds::named("VpcSecurityGroupId", &after[GROUPS]);
    }
    if wanted.get(VERSION).is_some() {
        let major = |body: &Json| wire::text(body, VERSION).split('.').next().unwrap_or_default().to_owned();
        wanted["AllowMajorVersionUpgrade"] = json!(major(before) != major(after));
    }
    wanted
}
