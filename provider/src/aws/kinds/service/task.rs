//! Task definitions: what a service runs.
//!
//! They cannot be changed: a change is a new revision. Here a definition is one object, in which one container is the main one
//! and the others are by name.

use serde_json::{Map, Value as Json, json};

use super::container::{shown, told};
use crate::engine::wire;

/// What ECS says of a definition and does not take.
const OUTPUT: [&str; 10] = [
    "compatibilities",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
    "tags",
    "deleteRequestedAt",
];
const CONTAINERS: &str = "containerDefinitions";
const MAIN: &str = "main";
const MAIN_NAME: &str = "mainName";
const SIDECARS: &str = "sidecars";

/// A definition as it is shown here. The main container is the first of these names that
/// there is, else the first that listens on a port or without which the task ends.
pub(super) fn object(mut definition: Json, main: &[&str], region: &str) -> Json {
    let mut containers = definition[CONTAINERS].as_array_mut().map(std::mem::take).unwrap_or_default();
    let first = |fits: &dyn Fn(&Json) -> bool| containers.iter().position(fits);
    let named = main.iter().find_map(|name| first(&|container| container["name"] == **name));
    let with_ports = || first(&|container| container["portMappings"].as_array().is_some_and(|ports| !ports.is_empty()));
    let index = named.or_else(with_ports).or_else(|| first(&|container| container["essential"] != false)).unwrap_or(0);
    let Some(fields) = definition.as_object_mut() else { return json!({}) };
    fields.retain(|field, value| {
        let is_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        !(is_nothing || field == CONTAINERS || OUTPUT.contains(&field.as_str()))
    });
    if index < containers.len() {
        let container = containers.remove(index);
        fields.insert(MAIN_NAME.to_owned(), container["name"].clone());
        fields.insert(MAIN.to_owned(), shown(container, region));
    }
    let others = containers.into_iter();
    let others: Map<String, Json> =
        others.map(|container| (wire::text(&container, "name").to_owned(), shown(container, region))).collect();
    if !others.is_empty() {
        fields.insert(SIDECARS.to_owned(), Json::Object(others));
    }
    definition
}

/// The registration of a definition for the service of that name.
pub(super) fn registration(task: &Json, service: &str, region: &str) -> Json {
    let mut wanted = task.clone();
    let Some(fields) = wanted.as_object_mut() else { return json!({}) };
    let main = fields.remove(MAIN).unwrap_or_default();
    let name = fields.remove(MAIN_NAME);
    let name = name.as_ref().and_then(Json::as_str).unwrap_or(service);
    let others = fields.remove(SIDECARS);
    let others = others.as_ref().and_then(Json::as_object).into_iter().flatten();
    let others = others.map(|(name, container)| told(name, container, region));
    let containers = std::iter::once(told(name, &main, region)).chain(others).collect();
    fields.insert(CONTAINERS.to_owned(), containers);
    fields.entry("family").or_insert_with(|| json!(service));
    fields.entry("networkMode").or_insert_with(|| json!("awsvpc"));
    fields.entry("requiresCompatibilities").or_insert_with(|| json!(["FARGATE"]));
    wanted
}

/// The memory in MiB that Fargate has for so many CPU units: from, to, and the step between; `None` where it has no such
/// size.
pub(super) fn fargate_memory(cpu: i64) -> Option<(i64, i64, i64)> {
    Some(match cpu {
        256 => (512, 2_048, 512),
        512 => (1_024, 4_096, 1_024),
        1_024 => (2_048, 8_192, 1_024),
        2_048 => (4_096, 16_384, 1_024),
        4_096 => (8_192, 30_720, 1_024),
        8_192 => (16_384, 61_440, 4_096),
        16_384 => (32_768, 122_880, 8_192),
        _ => return None,
    })
}

/// Whether Fargate has tasks of that size.
pub(super) fn is_of_fargate(cpu: i64, memory: i64) -> bool {
    let fits = |(from, to, step): (i64, i64, i64)| (from..=to).contains(&memory) && memory % step == 0;
    // Between 1 and 2 GB the smallest has no half.
    fargate_memory(cpu).is_some_and(fits) && (cpu, memory) != (256, 1_536)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_containers_means_nothing_and_one_is_the_main_one() {
        let container = |name: &str| json!({"name": name, "image": format!("{name}:1")});
        let definition = |list: Json| json!({"family": "f", "revision": 3, "status": "ACTIVE", "volumes": [], "cpu": "256", "containerDefinitions": list});
        let expected = json!({
            "family": "f", "cpu": "256", "mainName": "api", "main": {"image": "api:1"}, "sidecars": {"proxy": {"image": "proxy:1"}},
        });
        for list in [json!([container("api"), container("proxy")]), json!([container("proxy"), container("api")])] {
            assert_eq!(object(definition(list), &["", "api"], "eu-west-1"), expected);
        }
        let registered = registration(&expected, "service", "eu-west-1");
        assert_eq!((&registered["networkMode"], &registered["family"]), (&json!("awsvpc"), &json!("f")));
        assert_eq!(registered["containerDefinitions"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            registration(&json!({"main": {}}), "service", "eu-west-1")["containerDefinitions"][0]["name"],
            "service"
        );
    }

    #[test]
    fn fargate_has_some_sizes_only() {
        for (cpu, memory, expected) in [
            (256, 512, true),
            (256, 1_536, false),
            (512, 512, false),
            (1_024, 2_048, true),
            (300, 512, false),
            (8_192, 17_000, false),
        ] {
            assert_eq!(is_of_fargate(cpu, memory), expected, "{cpu} {memory}");
        }
    }
}
