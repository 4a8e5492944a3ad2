//! Tables of DynamoDB: keys, billing, recovery and expiry. Indexes and streams stay as they are.
//!
//! One object out of four calls: the table, its backups, its expiry and its tags. A table takes one change at a time, and none
//! before it is active.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join_all, try_join4};
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::limits;
use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Gradual, Kind};
use crate::engine::marks::{Codec, Immutable, Labels, wire, wire_with};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;

/// The kind.
pub(super) struct Table;

const ARN: &str = "arn:{partition}:dynamodb:{region}:{account}:table/{name}";
/// The field of a table's JSON that says whether it can be brought back to any moment.
const RECOVERY: &str = "pointInTimeRecovery";
/// The field with the attribute that says when an item expires.
const EXPIRY: &str = "timeToLive";
const THROUGHPUT: &str = "ProvisionedThroughput";
/// Types of keys: text, number, bytes.
const TYPES: [&str; 3] = ["S", "N", "B"];

/// Tables of DynamoDB, by KEY.
#[derive(Object, Clone)]
pub(super) struct TableSpec {
    /// The table's name: 3 to 255 letters, digits, `_`, `-` and `.`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("TableName"), Immutable))]
    name: Value<String>,
    /// The partition key: the name of one attribute with its type, `S` (text), `N` (number) or `B` (bytes), such as
    /// `{ LockID = "S" }`. Immutable.
    #[tf(required, ext(wire_with(&PARTITION), Immutable))]
    key: Value<BTreeMap<String, String>>,
    /// The sort key, written as `key` is. Immutable.
    #[tf(optional, ext(wire_with(&SORT), Immutable))]
    sort_key: Value<BTreeMap<String, String>>,
    /// How many reads of 4 KiB a second are paid for, used or not. Without it and `write_capacity` every request is paid for.
    #[tf(optional, ext(wire("ProvisionedThroughput.ReadCapacityUnits")))]
    read_capacity: Value<i64>,
    /// How many writes of 1 KiB a second are paid for, used or not.
    #[tf(optional, ext(wire("ProvisionedThroughput.WriteCapacityUnits")))]
    write_capacity: Value<i64>,
    /// Whether the table can be brought back to any moment of the last days.
    #[tf(default = false, ext(wire(RECOVERY)))]
    point_in_time_recovery: Value<bool>,
    /// The attribute that says when an item expires, in seconds since 1970. Items stay when absent.
    #[tf(optional, ext(wire(EXPIRY)))]
    ttl_attribute: Value<String>,
    /// Whether DynamoDB itself refuses to delete the table, whoever asks for it.
    #[tf(default = false, ext(wire("DeletionProtectionEnabled")))]
    deletion_protection_enabled: Value<bool>,
    /// Tags of this table, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The table's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

/// A key: its name is in one list of the API, and its type in another.
struct Key {
    role: &'static str,
}

static PARTITION: Key = Key { role: "HASH" };
static SORT: Key = Key { role: "RANGE" };

impl Codec for Key {
    fn read(&self, body: &Json) -> Dynamic {
        let list = |name: &str| body.get(name).and_then(Json::as_array).into_iter().flatten();
        let key = list("KeySchema").find(|key| key["KeyType"] == self.role);
        let Some(name) = key.and_then(|key| key["AttributeName"].as_str()) else { return Dynamic::Null };
        let of_key = list("AttributeDefinitions").find(|definition| definition["AttributeName"] == name);
        let of_type = of_key.and_then(|definition| definition["AttributeType"].as_str()).unwrap_or_default();
        Dynamic::Map([(name.to_owned(), Dynamic::string(of_type))].into())
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        for (name, of_type) in value.as_entries().into_iter().flatten() {
            let (name, of_type) = (name.to_string(), of_type.as_str());
            push(body, "KeySchema", json!({ "AttributeName": name, "KeyType": self.role }));
            push(body, "AttributeDefinitions", json!({ "AttributeName": name, "AttributeType": of_type }));
        }
    }

    fn masks(&self) -> &'static [&'static str] {
        &["KeySchema", "AttributeDefinitions"]
    }
}

fn push(body: &mut Json, list: &str, item: Json) {
    match body.get_mut(list).and_then(Json::as_array_mut) {
        Some(items) => items.push(item),
        None => body[list] = json!([item]),
    }
}

impl Declared for Table {
    type Spec = TableSpec;
    const NAME: &'static str = "tables";
    const NOUN: &'static str = "table";

    fn validate(&self, spec: &TableSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static TABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_.-]{3,255}$").ok());
        let fits = |name: &&String| TABLE.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a table: 3 to 255 letters, digits, _ - and . are allowed. It defaults to the \
                 KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a table", detail).at(path.attribute("name")));
        }
        for (key, attribute) in [(&spec.key, "key"), (&spec.sort_key, "sort_key")] {
            let Some(key) = key.known() else { continue };
            if key.len() != 1 || key.values().any(|of_type| !TYPES.contains(&of_type.as_str())) {
                let detail = format!(
                    "{attribute} has to be the name of one attribute with its type, S, N or B: {attribute} = {{ LockID = \"S\" }}."
                );
                diagnostics.push(Diagnostic::error("Invalid key of a table", detail).at(path.attribute(attribute)));
            }
        }
        if let (Some(key), Some(sort_key)) = (spec.key.known(), spec.sort_key.known())
            && let Some(name) = sort_key.keys().find(|name| key.contains_key(*name))
        {
            let detail = format!("{name:?} is the partition key already. Name another attribute, or remove sort_key.");
            diagnostics.push(Diagnostic::error("Two keys of one name", detail).at(path.attribute("sort_key")));
        }
        if spec.read_capacity.is_null() != spec.write_capacity.is_null() {
            let missing = if spec.read_capacity.is_null() { "read_capacity" } else { "write_capacity" };
            let detail =
                format!("Capacity is paid for as a pair. Set {missing}, too, or remove both to pay for requests.");
            diagnostics.push(Diagnostic::error("Half of a capacity", detail).at(path.attribute(missing)));
        }
        for (value, attribute) in [(&spec.read_capacity, "read_capacity"), (&spec.write_capacity, "write_capacity")] {
            limits::number(value, 1..=40_000, attribute, path, diagnostics);
        }
    }
}

impl Kind for Table {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "ArchivalSummary",
            "BillingModeSummary",
            "CreationDateTime",
            "ItemCount",
            "ProvisionedThroughput.LastDecreaseDateTime",
            "ProvisionedThroughput.LastIncreaseDateTime",
            "ProvisionedThroughput.NumberOfDecreasesToday",
            "TableArn",
            "TableId",
            "TableSizeBytes",
            "TableStatus",
            "WarmThroughput",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }
}

impl Gradual for Table {
    fn readiness(&self, body: &Json) -> Readiness {
        if is_active(body) { Readiness::Ready } else { Readiness::Pending }
    }

    fn was_ready(&self, _: &Dynamic) -> bool {
        true
    }
}

fn is_active(body: &Json) -> bool {
    body["TableStatus"].as_str().is_none_or(|status| status == "ACTIVE")
}

fn request(action: &'static str, body: Json) -> Request {
    Request::new(Service::DYNAMODB, action, body)
}

async fn describe(name: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let answer = run.call(request("DescribeTable", json!({ "TableName": name }))).await.found()?;
    Ok(answer.map(|mut answer| answer["Table"].take()))
}

/// Waits until the table takes changes.
async fn await_active(name: &str, run: Run<'_>) -> Result<(), ApiError> {
    let mut looks = 0;
    while describe(name, run).await?.is_none_or(|table| !is_active(&table)) && run.pause(looks).await.is_ok() {
        looks += 1;
    }
    Ok(())
}

/// A table out of what the calls say of it.
pub(super) fn object(mut table: Json, backups: &Json, expiry: &Json, found: BTreeMap<String, String>) -> Json {
    // A table that is paid for by the request has a throughput all the same: of zero, or what it had before.
    let by_request = table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST";
    if (by_request || table[THROUGHPUT]["ReadCapacityUnits"].as_u64() == Some(0))
        && let Some(fields) = table.as_object_mut()
    {
        fields.remove(THROUGHPUT);
    }
    let recovery = &backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
    table[RECOVERY] = json!(recovery["PointInTimeRecoveryStatus"] == "ENABLED");
    let expiry = &expiry["TimeToLiveDescription"];
    if matches!(expiry["TimeToLiveStatus"].as_str(), Some("ENABLED" | "ENABLING")) {
        table[EXPIRY] = expiry["AttributeName"].clone();
    }
    tags::put(&mut table, found);
    table
}

/// How the table is paid for, as the API takes it.
fn billing(body: &Json) -> Json {
    match body.get(THROUGHPUT) {
        Some(throughput) => {
            let units = |name: &str| throughput[name].clone();
            let units = json!({ "ReadCapacityUnits": units("ReadCapacityUnits"), "WriteCapacityUnits": units("WriteCapacityUnits") });
            json!({ "BillingMode": "PROVISIONED", THROUGHPUT: units })
        }
        None => json!({ "BillingMode": "PAY_PER_REQUEST" }),
    }
}

async fn set_recovery(name: &str, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let specification = json!({ "PointInTimeRecoveryEnabled": body[RECOVERY] == true });
    let body = json!({ "TableName": name, "PointInTimeRecoverySpecification": specification });
    run.call(request("UpdateContinuousBackups", body)).await.map(drop)
}

/// Switches expiry on or off; the attribute is named both times.
async fn set_expiry(name: &str, attribute: &Json, is_on: bool, run: Run<'_>) -> Result<(), ApiError> {
    let specification = json!({ "AttributeName": attribute, "Enabled": is_on });
    let body = json!({ "TableName": name, "TimeToLiveSpecification": specification });
    run.call(request("UpdateTimeToLive", body)).await.map(drop)
}

#[async_trait]
impl Api for Table {
    fn service(&self) -> Service {
        Service::DYNAMODB
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            tagging::PERMISSION,
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        body["TableName"].as_str().unwrap_or_default()
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let named = || json!({ "TableName": name });
        let resource = arn(ARN, &run.scope.place, name);
        let own = async {
            let answer = run.call(request("ListTagsOfResource", json!({ "ResourceArn": resource }))).await.found()?;
            Ok(answer.map(|answer| tags::of_pairs(&answer["Tags"])))
        };
        let read = try_join4(
            run.call(request("DescribeTable", named())),
            run.call(request("DescribeContinuousBackups", named())),
            run.call(request("DescribeTimeToLive", named())),
            tagging::tags_of(&resource, known, run, own),
        );
        let Some((mut table, backups, expiry, Some(tags))) = read.await.found()? else { return Ok(None) };
        let table = table["Table"].take();
        let is_leaving = table["TableStatus"] == "DELETING";
        Ok((!is_leaving).then(|| object(table, &backups, &expiry, tags)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut names: Vec<String> = Vec::new();
        let mut body = json!({});
        loop {
            let page = run.call(request("ListTables", body)).await?;
            let found = page["TableNames"].as_array().into_iter().flatten();
            names.extend(found.filter_map(|name| Some(name.as_str()?.to_owned())));
            match page["LastEvaluatedTableName"].as_str() {
                Some(last) => body = json!({ "ExclusiveStartTableName": last }),
                None => break,
            }
        }
        let tables = try_join_all(names.iter().map(|name| self.read(name, None, run))).await?;
        Ok(tables.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = billing(body);
        for field in ["TableName", "KeySchema", "AttributeDefinitions", "DeletionProtectionEnabled"] {
            if let Some(value) = body.get(field) {
                wanted[field] = value.clone();
            }
        }
        wanted["Tags"] = tags::pairs(&tags::of(body));
        run.call(request("CreateTable", wanted)).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        body[RECOVERY] == true || body.get(EXPIRY).is_some()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(body);
        if body[RECOVERY] == true || body.get(EXPIRY).is_some() {
            await_active(name, run).await?;
        }
        if body[RECOVERY] == true {
            set_recovery(name, body, run).await?;
        }
        match body.get(EXPIRY) {
            Some(attribute) => set_expiry(name, attribute, true, run).await,
            None => Ok(()),
        }
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        let mut settings = if changed.has(THROUGHPUT) { billing(after) } else { json!({}) };
        if changed.has("DeletionProtectionEnabled") {
            settings["DeletionProtectionEnabled"] = json!(after["DeletionProtectionEnabled"] == true);
        }
        if settings.as_object().is_some_and(|settings| !settings.is_empty()) {
            settings["TableName"] = json!(name);
            run.call(request("UpdateTable", settings)).await?;
            await_active(name, run).await?;
        }
        if changed.has(RECOVERY) {
            set_recovery(name, after, run).await?;
        }
        if changed.has(EXPIRY) {
            match (before.get(EXPIRY), after.get(EXPIRY)) {
                (_, Some(attribute)) => set_expiry(name, attribute, true, run).await?,
                (Some(attribute), None) => set_expiry(name, attribute, false, run).await?,
                (None, None) => {}
            }
        }
        let tags = tags::Change::between(before, after);
        let resource = arn(ARN, &run.scope.place, name);
        if !tags.set.is_empty() {
            let body = json!({ "ResourceArn": resource, "Tags": tags::pairs(&tags.set) });
            run.call(request("TagResource", body)).await?;
        }
        if !tags.remove.is_empty() {
            let body = json!({ "ResourceArn": resource, "TagKeys": tags.remove });
            run.call(request("UntagResource", body)).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        run.call(request("DeleteTable", json!({ "TableName": name }))).await?;
        let mut looks = 0;
        while describe(name, run).await?.is_some() && run.pause(looks).await.is_ok() {
            looks += 1;
        }
        Ok(())
    }
}
