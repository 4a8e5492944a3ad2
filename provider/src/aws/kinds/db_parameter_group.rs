//! Parameter groups of RDS: the settings of a database's engine.
//!
//! RDS knows hundreds of parameters of every family; those that somebody has set are the group's own. When a change takes
//! effect is the parameter's affair: RDS is asked for it before one is written.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{rds, tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct DbParameterGroup;

const ARN: &str = "arn:{partition}:rds:{region}:{account}:pg:{name}";
/// The field of a group's JSON with the parameters that somebody has set.
const PARAMETERS: &str = "Parameters";
/// How many parameters one call takes.
const PER_CALL: usize = 20;

/// Parameter groups of RDS, by KEY.
#[derive(Object, Clone)]
pub(super) struct DbParameterGroupSpec {
    /// The group's name: 1 to 255 lower-case letters, digits and hyphens, beginning with a letter. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire("DBParameterGroupName"), Immutable))]
    name: Value<String>,
    /// The engine with its major version, such as `postgres15`. Immutable.
    #[tf(required, ext(wire("DBParameterGroupFamily"), Immutable))]
    family: Value<String>,
    /// What the group is for. Immutable.
    #[tf(default = "Managed by Terraform", ext(wire("Description").always(), Immutable))]
    description: Value<String>,
    /// Parameters with another value than the family's: `{ log_min_duration_statement = "1000" }`. One that leaves the
    /// configuration gets the family's value back. What takes effect with a restart only waits for one.
    #[tf(optional, ext(wire(PARAMETERS)))]
    parameters: Value<BTreeMap<String, String>>,
    /// Tags of this group, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The group's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for DbParameterGroup {
    type Spec = DbParameterGroupSpec;
    const NAME: &'static str = "db_parameter_groups";
    const NOUN: &'static str = "database parameter group";

    fn validate(&self, spec: &DbParameterGroupSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        if let Some(name) = spec.name.known()
            && let Some(why) = rds::refuse_name(name, 255)
        {
            let detail = format!("{name:?} cannot be the name of a parameter group: {why}");
            error("name", "Invalid name of a database parameter group", detail);
        }
        let is_upper = |name: &&String| name.chars().any(|c| c.is_ascii_uppercase());
        if let Some(name) = spec.parameters.known().and_then(|parameters| parameters.keys().find(is_upper)) {
            let detail = format!("RDS keeps the parameter {name:?} as {:?}. Write that.", name.to_lowercase());
            error("parameters", "A parameter in capitals", detail);
        }
    }
}

impl Kind for DbParameterGroup {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// Every family has a group of RDS's own, which nobody can change.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        self.name_of(body).starts_with("default.")
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["DBParameterGroupArn"]
    }
}

/// The parameters of a group of that source, as RDS says them.
async fn parameters(name: &str, source: Option<&str>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let mut asked = json!({ "DBParameterGroupName": name });
    if let Some(source) = source {
        asked["Source"] = json!(source);
    }
    rds::pages("DescribeDBParameters", (PARAMETERS, "Parameter"), asked, run).await
}

/// A group out of what RDS says of it.
pub(super) fn object(mut group: Json, parameters: &[Json], found: BTreeMap<String, String>) -> Json {
    let own = parameters.iter().filter(|parameter| matches!(wire::text(parameter, "Source"), "" | "user"));
    let value = |parameter: &Json| {
        Some((parameter["ParameterName"].as_str()?.to_owned(), parameter.get("ParameterValue")?.clone()))
    };
    let own: Map<String, Json> = own.filter_map(value).collect();
    if !own.is_empty() {
        group[PARAMETERS] = Json::Object(own);
    }
    tags::put(&mut group, found);
    group
}

/// The groups that are asked for.
async fn groups(asked: Json, known: Option<&Dynamic>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let groups = rds::pages("DescribeDBParameterGroups", ("DBParameterGroups", "DBParameterGroup"), asked, run).await?;
    let whole = groups.into_iter().map(|group| async move {
        let name = wire::text(&group, "DBParameterGroupName").to_owned();
        let resource = arn(ARN, &run.scope.place, &name);
        let (own, found) = try_join(parameters(&name, Some("user"), run), rds::tags_of(&resource, known, run)).await?;
        Ok(object(group, &own, found))
    });
    try_join_all(whole).await
}

/// The parameters that differ: those to be set with their values, and those that get the family's back.
pub(super) fn changes(before: &Json, after: &Json) -> (Vec<(String, Json)>, Vec<String>) {
    let all = |body: &Json| body.get(PARAMETERS).and_then(Json::as_object).cloned().unwrap_or_default();
    let (before, after) = (all(before), all(after));
    let gone = before.keys().filter(|name| !after.contains_key(*name)).cloned().collect();
    let set = after.into_iter().filter(|(name, value)| before.get(name) != Some(value)).collect();
    (set, gone)
}

/// Makes the parameters what `after` says.
async fn write(name: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let (set, gone) = changes(before, after);
    if set.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let known = parameters(name, None, run).await?;
    let is_static = |parameter: &&Json| wire::text(parameter, "ApplyType") == "static";
    let restarts: BTreeSet<&str> =
        known.iter().filter(is_static).map(|parameter| wire::text(parameter, "ParameterName")).collect();
    let method = |name: &str| if restarts.contains(name) { "pending-reboot" } else { "immediate" };
    let call = async |action, parameters: &[Json]| {
        let body = json!({ "DBParameterGroupName": name, PARAMETERS: rds::named("Parameter", &json!(parameters)) });
        rds::call(action, body, run).await.map(drop)
    };
    let set = set
        .into_iter()
        .map(|(name, value)| json!({ "ApplyMethod": method(&name), "ParameterName": name, "ParameterValue": value }));
    for some in set.collect::<Vec<_>>().chunks(PER_CALL) {
        call("ModifyDBParameterGroup", some).await?;
    }
    let gone = gone.into_iter().map(|name| json!({ "ApplyMethod": method(&name), "ParameterName": name }));
    for some in gone.collect::<Vec<_>>().chunks(PER_CALL) {
        call("ResetDBParameterGroup", some).await?;
    }
    Ok(())
}

#[async_trait]
impl Api for DbParameterGroup {
    fn service(&self) -> Service {
        Service::RDS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "rds:AddTagsToResource",
            "rds:CreateDBParameterGroup",
            "rds:DeleteDBParameterGroup",
            "rds:DescribeDBParameterGroups",
            "rds:DescribeDBParameters",
            "rds:ListTagsForResource",
            "rds:ModifyDBParameterGroup",
            "rds:RemoveTagsFromResource",
            tagging::PERMISSION,
            "rds:ResetDBParameterGroup",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "DBParameterGroupName")
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let found = groups(json!({ "DBParameterGroupName": name }), known, run).await?;
        Ok(found.into_iter().find(|group| self.name_of(group) == name))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        groups(json!({}), None, run).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "Tags": rds::new_tags(body) });
        for field in ["DBParameterGroupName", "DBParameterGroupFamily", "Description"] {
            wanted[field] = body[field].clone();
        }
        rds::call("CreateDBParameterGroup", wanted, run).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        body.get(PARAMETERS).is_some()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        write(self.name_of(body), &Json::Null, body, run).await
    }

    async fn update(&self, before: &Json, after: &Json, _: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        write(name, before, after, run).await?;
        rds::set_tags(&arn(ARN, &run.scope.place, name), &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        rds::call("DeleteDBParameterGroup", json!({ "DBParameterGroupName": name }), run).await.map(drop)
    }
}
