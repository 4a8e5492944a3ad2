//! Subnet groups of RDS: where in a VPC databases may be.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Service, items};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{rds, tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct DbSubnetGroup;

const ARN: &str = "arn:{partition}:rds:{region}:{account}:subgrp:{name}";
/// The field of a group's JSON with the ids of its subnets.
const SUBNETS: &str = "SubnetIds";

/// Subnet groups of RDS, by KEY.
#[derive(Object, Clone)]
pub(super) struct DbSubnetGroupSpec {
    /// The group's name: 1 to 255 lower-case letters, digits and hyphens, beginning with a letter. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire("DBSubnetGroupName"), Immutable))]
    name: Value<String>,
    /// What the group is for: RDS wants it.
    #[tf(required, ext(wire("DBSubnetGroupDescription")))]
    description: Value<String>,
    /// The ids of its subnets: two at least, in two zones.
    #[tf(required, ext(wire(SUBNETS)))]
    subnets: Value<BTreeSet<String>>,
    /// Tags of this group, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The group's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for DbSubnetGroup {
    type Spec = DbSubnetGroupSpec;
    const NAME: &'static str = "db_subnet_groups";
    const NOUN: &'static str = "database subnet group";

    fn validate(&self, spec: &DbSubnetGroupSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known()
            && let Some(why) = rds::refuse_name(name, 255)
        {
            let detail = format!("{name:?} cannot be the name of a subnet group: {why}");
            diagnostics
                .push(Diagnostic::error("Invalid name of a database subnet group", detail).at(path.attribute("name")));
        }
        if let Some(many) = spec.subnets.known().map(BTreeSet::len).filter(|many| *many < 2) {
            let detail = format!("subnets has {many}; RDS wants two at least, in two availability zones.");
            diagnostics.push(Diagnostic::error("Too few subnets", detail).at(path.attribute("subnets")));
        }
    }
}

impl Kind for DbSubnetGroup {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// RDS makes one of its own where a VPC came with the account.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        self.name_of(body) == "default"
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["DBSubnetGroupArn", "SubnetGroupStatus", "SupportedNetworkTypes", "VpcId"]
    }
}

/// A group out of what RDS says of it, with its subnets by id.
pub(super) fn object(mut group: Json, found: BTreeMap<String, String>) -> Json {
    let subnets = items(&group["Subnets"]["Subnet"]).iter().map(|subnet| subnet["SubnetIdentifier"].clone()).collect();
    wire::remove(&mut group, "Subnets");
    group[SUBNETS] = subnets;
    tags::put(&mut group, found);
    group
}

/// The groups that are asked for.
async fn groups(asked: Json, known: Option<&Dynamic>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let groups = rds::pages("DescribeDBSubnetGroups", ("DBSubnetGroups", "DBSubnetGroup"), asked, run).await?;
    let tagged = groups.into_iter().map(|group| async move {
        let resource = arn(ARN, &run.scope.place, wire::text(&group, "DBSubnetGroupName"));
        let found = rds::tags_of(&resource, known, run).await?;
        Ok(object(group, found))
    });
    try_join_all(tagged).await
}

/// What both calls take that write a group.
fn written(body: &Json) -> Json {
    json!({
        "DBSubnetGroupName": body["DBSubnetGroupName"], "DBSubnetGroupDescription": body["DBSubnetGroupDescription"],
        SUBNETS: rds::named("SubnetIdentifier", &body[SUBNETS]),
    })
}

#[async_trait]
impl Api for DbSubnetGroup {
    fn service(&self) -> Service {
        Service::RDS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "rds:AddTagsToResource",
            "rds:CreateDBSubnetGroup",
            "rds:DeleteDBSubnetGroup",
            "rds:DescribeDBSubnetGroups",
            "rds:ListTagsForResource",
            "rds:ModifyDBSubnetGroup",
            "rds:RemoveTagsFromResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "DBSubnetGroupName")
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let found = groups(json!({ "DBSubnetGroupName": name }), known, run).await?;
        Ok(found.into_iter().find(|group| self.name_of(group) == name))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        groups(json!({}), None, run).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = written(body);
        wanted["Tags"] = rds::new_tags(body);
        rds::call("CreateDBSubnetGroup", wanted, run).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        if changed.is_beyond(tags::FIELD) {
            rds::call("ModifyDBSubnetGroup", written(after), run).await?;
        }
        let resource = arn(ARN, &run.scope.place, self.name_of(before));
        rds::set_tags(&resource, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        rds::call("DeleteDBSubnetGroup", json!({ "DBSubnetGroupName": name }), run).await.map(drop)
    }
}
