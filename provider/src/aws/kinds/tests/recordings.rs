//! Objects of live accounts, as they were declared and as they were read back: what AWS made of them is no difference.
//!
//! They are CloudFormation's JSON (`acceptance-tests/recordings/aws`); [`body`] makes of it what the calls of the API answer, and the kind
//! reads that as a refresh does. What no attribute has is listed, as is everything that does differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use tfplugin::Dynamic;
use tfplugin::schema::Presence;

use super::kind;
use crate::aws::kinds::{
    alarm, cluster, db_instance, db_parameter_group, db_subnet_group, log_group, policy, queue, role, secret, table,
    topic, vpc_endpoint,
};
use crate::aws::tags;
use crate::engine::marks::Wire;
use crate::engine::{tree, wire};

/// The differences that are found, with the reason why each is one.
const DIFFERENCES: &[(&str, &[&str])] = &[
    // A text of the recorder stands for the declared name.
    ("db_instances/DBInstance.DatabaseB269D8BB", &["username"]),
    ("db_instances/DBInstance.Db5D02A0A9.sgreorder", &["username"]),
    // Left to RDS, an instance in the default network is public. A component always says whether it is.
    ("db_instances/DBInstance.HuntOracle", &["publicly_accessible"]),
    ("db_instances/DBInstance.HuntPostgres", &["publicly_accessible"]),
    ("db_instances/DBInstance.HuntSqlServer", &["publicly_accessible"]),
    // RDS keeps names in small letters.
    ("db_instances/DBInstance.Source.rdsreplicahunt", &["parameter_group", "subnet_group"]),
    ("db_instances/DBInstance.SrcDb", &["publicly_accessible"]),
    ("db_parameter_groups/DBParameterGroup.HuntPg", &["name"]),
    ("db_parameter_groups/DBParameterGroup.MixedCaseFamily", &["family"]),
    ("db_parameter_groups/DBParameterGroup.MixedPg", &["name"]),
    ("db_subnet_groups/DBSubnetGroup.MixedSng", &["name"]),
    // Changed behind the template's back.
    ("log_groups/LogGroup.MatrixLogsDDD521D9.drifted", &["retention_in_days"]),
    // CloudFormation's reading has the key behind an alias.
    ("queues/Queue.EncryptedQueue", &["kms_master_key_id"]),
    ("queues/Queue.MatrixQueueEEAE6F08.drifted", &["visibility_timeout"]),
    // Changed as well, whatever its name says.
    ("queues/Queue.WorkQueue", &["visibility_timeout"]),
    ("roles/Role.TestRole.permissions-boundary.drifted", &["permissions_boundary"]),
    // As the queue's.
    ("secrets/Secret.DbSecret", &["kms_key_id"]),
    // Application Auto Scaling has set it.
    ("tables/Table.HuntTable71D348F5", &["read_capacity"]),
    ("topics/Topic.MatrixTopic643E8545.drifted", &["display_name"]),
];

/// The recordings that say less than a component of the kind must, so that no configuration is equal to them: databases of a cluster,
/// replicas, and a table without its key.
const INCOMPLETE: &[&str] = &[
    "db_instances/DBInstance.Clusterreader2204550C",
    "db_instances/DBInstance.Clusterreader2204550C.sv2",
    "db_instances/DBInstance.Clusterwriter2D9E9F4C",
    "db_instances/DBInstance.Clusterwriter2D9E9F4C.sv2",
    "db_instances/DBInstance.HuntAuroraPgSv2writerCC5B6A4E",
    "db_instances/DBInstance.Replica.rdsreplicahunt",
    "db_instances/DBInstance.ReplicaDb",
    "tables/Table.Sessions.drifted",
];

/// CloudFormation's properties that were declared and that no attribute of the kind has.
const WITHOUT: &[(&str, &[&str])] = &[
    ("alarms", &["Metrics"]),
    ("clusters", &["DefaultCapacityProviderStrategy"]),
    (
        "db_instances",
        &[
            "DBClusterIdentifier",
            "DeleteAutomatedBackups",
            "EnableCloudwatchLogsExports",
            "LicenseModel",
            "PromotionTier",
            "SourceDBInstanceIdentifier",
        ],
    ),
    ("log_groups", &["DataProtectionPolicy", "FieldIndexPolicies"]),
    ("policies", &["Groups", "Roles", "Users"]),
    ("queues", &["DeduplicationScope", "FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "RedriveAllowPolicy"]),
    // It is not a property of the object, but of its deletion.
    ("repositories", &["EmptyOnDelete"]),
    ("roles", &["Policies"]),
    ("secrets", &["ReplicaRegions"]),
    (
        "tables",
        &[
            "BillingMode",
            "GlobalSecondaryIndexes",
            "KinesisStreamSpecification",
            "LocalSecondaryIndexes",
            "OnDemandThroughput",
            "ResourcePolicy",
            "StreamSpecification",
        ],
    ),
    ("topics", &["ArchivePolicy", "DeliveryStatusLogging", "SignatureVersion", "Subscription", "TracingConfig"]),
];

struct Recording {
    kind: String,
    file: String,
    declared: Json,
    live: Json,
}

impl Recording {
    fn name(&self) -> String {
        format!("{}/{}", self.kind, self.file)
    }

    /// What the kind reads of the declaration, and of the object.
    fn read(&self) -> (Dynamic, Dynamic) {
        let object = kind(&self.kind).object();
        let mut declared = wire::read(object, &body(&self.kind, &self.declared, None));
        let found = wire::read(object, &body(&self.kind, &self.live, Some(&declared)));
        // What the configuration is silent about stays as it is.
        for attribute in &object.attributes {
            let name = attribute.name.as_ref();
            if attribute.presence == Presence::OptionalComputed && declared.get(name).is_null() {
                tree::set(&mut declared, attribute.name.clone(), found.get(name).clone());
            }
        }
        (declared, found)
    }

    /// The attributes that differ.
    fn differences(&self) -> Vec<String> {
        let object = kind(&self.kind).object();
        let (declared, found) = self.read();
        let compared = object
            .attributes
            .iter()
            .filter(|attribute| attribute.presence.is_configurable() && attribute.extensions.get::<Wire>().is_some());
        let differs = compared
            .filter(|attribute| !wire::equal(attribute, declared.get(&attribute.name), found.get(&attribute.name)));
        let differs: Vec<String> = differs.map(|attribute| attribute.name.to_string()).collect();
        // What is equal is not written, and the other way round.
        let mut live = body(&self.kind, &self.live, Some(&declared));
        let own = |mut tree: Dynamic| {
            tree::set(&mut tree, "tags", Dynamic::Null);
            tree
        };
        let written = wire::update(object, &own(found), &own(declared), &mut live);
        assert_eq!(written.is_empty(), differs.is_empty(), "{}: {written:?} {differs:?}", self.name());
        differs
    }

    /// Whether the declaration says all that a component of the kind must.
    fn is_complete(&self) -> bool {
        let object = kind(&self.kind).object();
        let declared = wire::read(object, &body(&self.kind, &self.declared, None));
        let required = object.attributes.iter().filter(|attribute| attribute.presence == Presence::Required);
        required.into_iter().all(|attribute| !declared.get(&attribute.name).is_null())
    }
}

fn recordings() -> Vec<Recording> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../acceptance-tests/recordings/aws/objects.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let recording = |line: &str| {
        let mut line: Json = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let (kind, file) = (text("kind"), text("file"));
        Recording { kind, file, declared: line["declared"].take(), live: line["live"].take() }
    };
    text.lines().map(recording).collect()
}

/// The JSON of an object, as the kind makes it of the answers of its API.
fn body(of: &str, said: &Json, known: Option<&Dynamic>) -> Json {
    let mut body = match of {
        "queues" => {
            let mut attributes = texts(said);
            if let Some(redrive) = said.get("RedrivePolicy") {
                attributes["RedrivePolicy"] = json!(redrive.to_string());
            }
            queue::object(&format!("https://sqs/{}", text(said, "QueueName")), &attributes, BTreeMap::new())
        }
        "tables" => {
            let status = |is_on: &Json| if is_on == true { "ENABLED" } else { "DISABLED" };
            let recovery = status(&said["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]);
            let backups = json!({"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": recovery}}});
            let expiry = &said["TimeToLiveSpecification"];
            let expiry = json!({"TimeToLiveDescription": {
                "TimeToLiveStatus": status(&expiry["Enabled"]), "AttributeName": expiry["AttributeName"],
            }});
            table::object(said.clone(), &backups, &expiry, BTreeMap::new())
        }
        "topics" => {
            let attributes = texts(said);
            let pair = |(key, value): (&String, &Json)| json!({"key": key, "value": value});
            let attributes = attributes.as_object().unwrap().iter().map(pair).collect();
            topic::object(text(said, "TopicName"), &attributes, BTreeMap::new(), Json::Null)
        }
        "log_groups" => log_group::object(camel(said)),
        "repositories" => camel(said),
        "secrets" => secret::object(said.clone()).unwrap(),
        "alarms" => alarm::object(said.clone(), BTreeMap::new()),
        "clusters" => {
            let mut cluster = camel(said);
            cluster["settings"] = cluster["clusterSettings"].take();
            cluster::object(cluster)
        }
        "oidc_providers" => {
            fields(said, &[("Url", "Url"), ("ClientIdList", "ClientIDList"), ("ThumbprintList", "ThumbprintList")])
        }
        "roles" => {
            let mut role = fields(said, &[("RoleName", "RoleName"), ("Path", "Path"), ("Description", "Description")]);
            wire::put(&mut role, "MaxSessionDuration", texts(said)["MaxSessionDuration"].clone());
            wire::put(&mut role, "PermissionsBoundary.PermissionsBoundaryArn", said["PermissionsBoundary"].clone());
            role["AssumeRolePolicyDocument"] = json!(said["AssumeRolePolicyDocument"].to_string());
            let attached = said["ManagedPolicyArns"].as_array().into_iter().flatten();
            role::object(role, &attached.map(|arn| json!({ "PolicyArn": arn })).collect::<Vec<_>>(), Vec::new())
        }
        "policies" => {
            let names = [("ManagedPolicyName", "PolicyName"), ("Path", "Path"), ("Description", "Description")];
            policy::object(fields(said, &names), &json!({"Document": said["PolicyDocument"].to_string()}))
        }
        "vpc_endpoints" => {
            let mut endpoint = camel(said);
            let groups = said["SecurityGroupIds"].as_array().into_iter().flatten();
            endpoint["groupSet"] = groups.map(|id| json!({ "groupId": id })).collect();
            endpoint["subnetIdSet"] = endpoint["subnetIds"].take();
            endpoint["routeTableIdSet"] = endpoint["routeTableIds"].take();
            vpc_endpoint::object(endpoint).unwrap()
        }
        "db_subnet_groups" => {
            let mut group = said.clone();
            let subnets = said["SubnetIds"].as_array().into_iter().flatten();
            let subnets: Json = subnets.map(|id| json!({ "SubnetIdentifier": id })).collect();
            group["Subnets"] = json!({ "Subnet": subnets });
            db_subnet_group::object(group, BTreeMap::new())
        }
        "db_parameter_groups" => {
            let names = [
                ("DBParameterGroupName", "DBParameterGroupName"),
                ("Family", "DBParameterGroupFamily"),
                ("Description", "Description"),
            ];
            let parameter = |(name, value): (&String, &Json)| json!({"ParameterName": name, "ParameterValue": value, "Source": "user"});
            let parameters = said["Parameters"].as_object().into_iter().flatten().map(parameter);
            db_parameter_group::object(fields(said, &names), &parameters.collect::<Vec<_>>(), BTreeMap::new())
        }
        "db_instances" => {
            let mut instance = texts(said);
            let groups = said["VPCSecurityGroups"].as_array().into_iter().flatten();
            let groups: Json = groups.map(|id| json!({ "VpcSecurityGroupId": id })).collect();
            instance["VpcSecurityGroups"] = json!({ "VpcSecurityGroupMembership": groups });
            instance["DBParameterGroups"] =
                json!({"DBParameterGroup": {"DBParameterGroupName": said["DBParameterGroupName"]}});
            instance["DBSubnetGroup"] = json!({"DBSubnetGroupName": said["DBSubnetGroupName"]});
            instance["Endpoint"] = said["Endpoint"].clone();
            db_instance::object(instance, known)
        }
        other => panic!("no translation of {other}"),
    };
    tags::put(&mut body, tags::of_pairs(&said["Tags"]));
    body
}

fn text<'j>(said: &'j Json, name: &str) -> &'j str {
    said[name].as_str().unwrap_or_default()
}

/// The properties that are one value, as the texts that some protocols have for all of them.
fn texts(said: &Json) -> Json {
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let properties = said.as_object().unwrap().iter();
    Json::Object(properties.filter_map(|(name, value)| Some((name.clone(), json!(text(value)?)))).collect())
}

/// The same with names that begin with a small letter.
fn camel(said: &Json) -> Json {
    match said {
        Json::Array(items) => items.iter().map(camel).collect(),
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| (name[..1].to_lowercase() + &name[1..], camel(value));
            Json::Object(fields.iter().map(field).collect())
        }
        one => one.clone(),
    }
}

/// The properties that are there, under other names.
fn fields(said: &Json, names: &[(&str, &str)]) -> Json {
    let field = |(from, to): &(&str, &str)| Some(((*to).to_owned(), said.get(*from)?.clone()));
    Json::Object(names.iter().filter_map(field).collect::<Map<_, _>>())
}

/// Another value of the same type.
fn other(value: &Json) -> Json {
    match value {
        Json::Bool(value) => json!(!value),
        Json::Number(number) => json!(number.as_i64().unwrap_or_default() + 1),
        Json::String(text) => json!(format!("{text}0")),
        _ => Json::Null,
    }
}

#[test]
fn what_aws_made_of_a_declaration_is_no_difference() {
    let found: Vec<(String, Vec<String>)> = recordings()
        .iter()
        .filter(|recording| recording.is_complete())
        .map(|recording| (recording.name(), recording.differences()))
        .filter(|(_, differences)| !differences.is_empty())
        .collect();
    let expected = DIFFERENCES.iter().map(|(name, attributes)| {
        ((*name).to_owned(), attributes.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn a_recording_says_what_a_component_must() {
    let incomplete = recordings().into_iter().filter(|one| !one.is_complete()).map(|one| one.name());
    assert_eq!(incomplete.collect::<Vec<_>>(), INCOMPLETE);
}

#[test]
fn tags_of_a_declaration_are_read_back_and_those_of_aws_are_not() {
    let mut seen = 0;
    for recording in recordings() {
        let of = |said: &Json| tags::of(&body(&recording.kind, said, None));
        let (declared, found) = (of(&recording.declared), of(&recording.live));
        assert!(found.keys().all(|key| !key.starts_with("aws:")), "{}", recording.name());
        // The recorder took the tags of some objects away.
        if recording.live.get("Tags").is_some() {
            seen += declared.len();
            assert!(declared.iter().all(|(key, value)| found.get(key) == Some(value)), "{}", recording.name());
        }
    }
    assert!(seen > 0);
}

#[test]
fn what_no_attribute_has_is_listed() {
    let (mut with, mut without) = (BTreeSet::new(), BTreeSet::new());
    for recording in recordings() {
        let of = recording.kind.as_str();
        let read = |said: &Json| wire::read(kind(of).object(), &body(of, said, None));
        let as_it_is = read(&recording.declared);
        for (property, value) in recording.declared.as_object().unwrap().iter().filter(|(name, _)| *name != "Tags") {
            let mut changed = recording.declared.clone();
            changed[property] = other(value);
            let seen = if read(&changed) == as_it_is { &mut without } else { &mut with };
            seen.insert((of.to_owned(), property.clone()));
        }
    }
    let mut by_kind: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (of, property) in without.difference(&with) {
        by_kind.entry(of.clone()).or_default().push(property.clone());
    }
    let expected = WITHOUT
        .iter()
        .map(|(of, names)| ((*of).to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    assert_eq!(by_kind, expected.collect());
}
