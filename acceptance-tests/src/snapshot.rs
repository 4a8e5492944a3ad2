//! The whole state of localcloud, and how it compares with an earlier one.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a change always touches, and what says nothing about what is left behind.
const VOLATILE: [&str; 12] = [
    "etag",
    "updateTime",
    "updated",
    "generation",
    "observedGeneration",
    "metageneration",
    "mutationRecord",
    "mutationRecords",
    "lastModifier",
    "effectiveTime",
    "lockedTime",
    "version",
];

/// One object of the cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The API host.
    pub service: String,
    /// The request path.
    pub path: String,
    /// What the API answers.
    pub body: Value,
}

impl Object {
    /// `//storage.googleapis.com/projects/_/buckets/NAME`, `//run.googleapis.com/projects/P/locations/L/services/NAME`.
    pub fn full_name(&self) -> String {
        match self.path.strip_prefix("/storage/v1/b/") {
            Some(bucket) => format!("//{}/projects/_/buckets/{bucket}", self.service),
            None => {
                let path = self.path.trim_start_matches('/').trim_start_matches("compute/");
                let relative = path.split_once('/').map_or("", |(_, relative)| relative);
                // Cloud SQL's full names are of another host than its API.
                let service = self.service.replace("sqladmin.", "cloudsql.");
                format!("//{service}/{relative}")
            }
        }
    }

    /// Whether it is there: some objects keep their name for a while after their deletion.
    pub fn is_there(&self) -> bool {
        self.body.get("state").and_then(Value::as_str) != Some("DELETED")
    }
}

/// All objects, policies and enabled services.
#[derive(Clone, Debug)]
pub struct Snapshot(pub Value);

impl Snapshot {
    /// All objects.
    pub fn objects(&self) -> Vec<Object> {
        self.entries("resources", "path")
    }

    /// All IAM policies: what each is for stands as its path.
    pub fn policies(&self) -> Vec<Object> {
        self.entries("iam_policies", "resource")
    }

    /// The object at a path, if there is one.
    pub fn object(&self, service: &str, path: &str) -> Option<Object> {
        self.objects().into_iter().find(|object| object.service == service && object.path == path)
    }

    /// The objects of a host whose path contains `part`.
    pub fn objects_like(&self, service: &str, part: &str) -> Vec<Object> {
        let all = self.objects().into_iter();
        all.filter(|object| object.service == service && object.path.contains(part)).collect()
    }

    /// The members that have a role on a resource, sorted.
    pub fn members(&self, service: &str, resource: &str, role: &str) -> Vec<String> {
        let policy = self.entries("iam_policies", "resource");
        let policy = policy.iter().find(|policy| policy.service == service && policy.path == resource);
        let bindings = policy.and_then(|policy| policy.body.get("bindings")?.as_array().cloned()).unwrap_or_default();
        let of_role = bindings.iter().filter(|binding| binding.get("role").and_then(Value::as_str) == Some(role));
        let mut members: Vec<String> = of_role
            .filter_map(|binding| binding.get("members")?.as_array())
            .flatten()
            .filter_map(|member| member.as_str().map(str::to_owned))
            .collect();
        members.sort();
        members
    }

    /// The hosts of the APIs that are on.
    pub fn enabled_services(&self) -> Vec<String> {
        let lists = self.projects().into_iter().filter_map(|project| project.get("enabled_services")?.as_array());
        let mut all: Vec<String> = lists.flatten().filter_map(|host| host.as_str().map(str::to_owned)).collect();
        all.sort();
        all
    }

    /// What is here and was not in `before`, what is gone, and what is different, one line each. Enabled APIs, times and
    /// etags do not count.
    pub fn differences_from(&self, before: &Self) -> Vec<String> {
        let (old, new) = (before.lasting(), self.lasting());
        let mut lines = Vec::new();
        for (name, body) in &new {
            match old.get(name) {
                None => lines.push(format!("left behind: {name}")),
                Some(earlier) => lines.extend(
                    crate::differences(earlier, body)
                        .into_iter()
                        .map(|found| format!("changed: {name} {}: {} -> {}", found.path, found.before, found.after)),
                ),
            }
        }
        lines.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("gone: {name}")));
        lines
    }

    fn lasting(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        for object in self.objects() {
            if object.service != "serviceusage.googleapis.com" && !object.path.contains("/operations/") {
                found.insert(format!("//{}{}", object.service, object.path), still(&object.body));
            }
        }
        for policy in self.policies() {
            let grants = grants(&policy.body);
            if grants.as_array().is_some_and(|list| !list.is_empty()) {
                found.insert(format!("policy of //{}/{}", policy.service, policy.path), grants);
            }
        }
        found
    }

    fn entries(&self, list: &str, path: &str) -> Vec<Object> {
        let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let lists = self.projects().into_iter().filter_map(|project| project.get(list)?.as_array());
        lists
            .flatten()
            .map(|entry| Object {
                service: text(entry, "service"),
                path: text(entry, path),
                body: entry.get("body").cloned().unwrap_or_default(),
            })
            .collect()
    }

    /// A snapshot of several projects is a list of what one project's would be.
    fn projects(&self) -> Vec<&Value> {
        match &self.0 {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        }
    }
}

fn still(body: &Value) -> Value {
    match body {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !VOLATILE.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), still(value)))
            .collect(),
        Value::Array(list) => list.iter().map(still).collect(),
        other => other.clone(),
    }
}

/// A policy as sorted lines "role member".
fn grants(policy: &Value) -> Value {
    let bindings = policy.get("bindings").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for binding in &bindings {
        let role = binding.get("role").and_then(Value::as_str).unwrap_or_default();
        let condition = binding.get("condition").map(|condition| format!(" if {condition}")).unwrap_or_default();
        for member in binding.get("members").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!("{role} {}{condition}", member.as_str().unwrap_or_default()));
        }
    }
    lines.sort();
    lines.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snapshot(resources: Value, members: Value) -> Snapshot {
        Snapshot(json!({
            "resources": resources,
            "iam_policies": [{"service": "s", "resource": "r", "body": {"etag": "x", "bindings": [
                {"role": "roles/viewer", "members": members}]}}],
        }))
    }

    #[test]
    fn an_etag_is_no_difference_and_a_member_is_one() {
        let before = snapshot(json!([{"service": "s", "path": "/a", "body": {"etag": "1"}}]), json!(["user:a"]));
        let after = snapshot(json!([{"service": "s", "path": "/a", "body": {"etag": "2"}}]), json!(["user:b"]));
        assert_eq!(after.differences_from(&after), Vec::<String>::new());
        let lines = after.differences_from(&before);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("changed: policy of //s/r"));
    }

    #[test]
    fn objects_left_and_gone_are_named() {
        let before = snapshot(json!([{"service": "s", "path": "/a", "body": {}}]), json!([]));
        let after = snapshot(json!([{"service": "s", "path": "/b", "body": {}}]), json!([]));
        assert_eq!(after.differences_from(&before), ["left behind: //s/b", "gone: //s/a"]);
    }
}
