//! Whether Terraform's state and the cloud agree: one check, for the end of every step of a test.
//!
//! What a stack's state lists is in the cloud, what the cloud holds of the stack is in the state, and nothing is there twice.
//! The grants of the components are those of the inventory, and so stand in the cloud's policies.
//! [`World::expect_agreement`](crate::World::expect_agreement) applies it to a world.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Object, Resource, Snapshot, State};

/// Everything in which a state and a cloud disagree, one sentence each, sorted; empty when they agree.
pub fn disagreements(state: &State, cloud: &Snapshot) -> Vec<String> {
    let cloud = Cloud::of(cloud);
    let resources = state.resources();
    let stacks: Vec<Stack> =
        resources.iter().filter(|resource| resource.kind() == "mlops_stack").map(Stack::of).collect();
    let listed: BTreeSet<&str> = stacks.iter().flat_map(|stack| &stack.inventory).map(String::as_str).collect();
    let checks = |stack: &Stack| {
        [stack.missing(&cloud), stack.unlisted(&listed, &cloud), stack.different(&cloud), stack.twins(&listed, &cloud)]
            .concat()
    };
    let mut found: Vec<String> = stacks.iter().flat_map(checks).collect();
    found.sort();
    found.dedup();
    found
}

/// The cloud by Google's full resource names.
struct Cloud {
    objects: BTreeMap<String, Object>,
    /// Resource, role and member, as a line of the inventory.
    grants: BTreeSet<String>,
}

impl Cloud {
    fn of(snapshot: &Snapshot) -> Self {
        let objects = snapshot.objects().into_iter().filter(Object::is_there);
        let policies = snapshot.policies();
        let grants = policies.iter().flat_map(|policy| {
            let name = policy_name(policy);
            let bindings = policy.body.get("bindings").and_then(Value::as_array).into_iter().flatten();
            bindings.flat_map(move |binding| {
                let (name, role) = (name.clone(), text(binding, "/role").unwrap_or_default().to_owned());
                let members = binding.get("members").and_then(Value::as_array).into_iter().flatten();
                members.filter_map(Value::as_str).map(move |member| format!("{name} {role} {member}"))
            })
        });
        Self { grants: grants.collect(), objects: objects.map(|object| (object.full_name(), object)).collect() }
    }

    /// The object that the API knows by a relative name, which has the project's number where the API answers with that.
    fn find(&self, relative: &str) -> Option<(&str, &Object)> {
        let end = format!("/{relative}");
        let is_it = |name: &str, object: &Object| name.ends_with(&end) || text(&object.body, "/name") == Some(relative);
        let found = self.objects.iter().find(|(name, object)| is_it(name, object));
        found.map(|(name, object)| (name.as_str(), object))
    }
}

/// A stack of the state.
struct Stack {
    name: String,
    region: String,
    inventory: BTreeSet<String>,
    components: Vec<Component>,
}

struct Component {
    kind: String,
    key: String,
    value: Value,
}

impl Stack {
    fn of(stack: &Resource) -> Self {
        let lines = stack.get("/inventory").as_array().into_iter().flatten();
        let kinds = stack.get("").as_object().into_iter().flatten();
        let components = kinds.flat_map(|(kind, components)| {
            let components = components.as_object().into_iter().flatten();
            components.filter(|(_, value)| value.get("imported").is_some()).map(|(key, value)| Component {
                kind: kind.clone(),
                key: key.clone(),
                value: value.clone(),
            })
        });
        Self {
            name: stack.get("/name").as_str().unwrap_or_default().to_owned(),
            region: stack.get("/region").as_str().unwrap_or_default().to_owned(),
            inventory: lines.filter_map(Value::as_str).map(str::to_owned).collect(),
            components: components.collect(),
        }
    }

    /// What the inventory lists and the cloud lacks.
    fn missing(&self, cloud: &Cloud) -> Vec<String> {
        let is_there = |line: &&String| cloud.objects.contains_key(*line) || cloud.grants.contains(*line);
        let missing = self.inventory.iter().filter(|line| !is_there(line));
        missing.map(|line| format!("the inventory lists {line}, which is not in the cloud")).collect()
    }

    /// What bears the stack's stamp and is in no inventory: the stamp of a bucket does not tell stacks of one name apart.
    fn unlisted(&self, listed: &BTreeSet<&str>, cloud: &Cloud) -> Vec<String> {
        let is_unlisted = |name: &str, object: &Object| self.owns(object) && !listed.contains(name);
        let unlisted = cloud.objects.iter().filter(|(name, object)| is_unlisted(name, object));
        unlisted
            .map(|(name, _)| format!("{name} bears the stack's stamp, and the inventory does not list it"))
            .collect()
    }

    /// Components whose object has another id, name or location, or none.
    fn different(&self, cloud: &Cloud) -> Vec<String> {
        self.components.iter().flat_map(|component| component.differences(self, cloud)).collect()
    }

    /// The lines of the inventory for grants on the object of this name, as role and member.
    fn granted(&self, name: &str) -> BTreeSet<(&str, &str)> {
        let grants = self.inventory.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        grants.filter_map(|grant| grant.split_once(' ')).collect()
    }

    /// The address of the service account with this KEY.
    fn account(&self, key: &str) -> Option<&str> {
        let account = self.components.iter().find(|other| other.kind == "service_accounts" && other.key == key)?;
        account.value.get("email")?.as_str()
    }

    /// A role as a policy has it: what is no path is the KEY of a custom role.
    fn role(&self, role: &str) -> String {
        let of_key = |other: &&Component| other.kind == "custom_roles" && other.key == role;
        let named = self.components.iter().find(of_key).and_then(|custom| custom.value.get("id")?.as_str());
        named.unwrap_or(role).to_owned()
    }

    /// Objects of this stack that are there twice: two with one stamp, or one more with the title of a listed one that is
    /// nobody's.
    fn twins(&self, listed: &BTreeSet<&str>, cloud: &Cloud) -> Vec<String> {
        let is_anothers = |name: &str| listed.contains(name) && !self.inventory.contains(name);
        let mut found = Vec::new();
        let mut by_stamp: BTreeMap<(String, &str), Vec<&str>> = BTreeMap::new();
        let mut titles: BTreeSet<(String, &str)> = BTreeSet::new();
        for (name, object) in &cloud.objects {
            let is_ours = self.owns(object) && !is_anothers(name);
            if let (true, Some(key)) = (is_ours, stamp(object, "mlops-component")) {
                by_stamp.entry((collection(name), key)).or_default().push(name);
            }
            if let (true, Some(title)) = (self.inventory.contains(name), text(&object.body, "/displayName")) {
                titles.insert((collection(name), title));
            }
        }
        for ((_, key), names) in by_stamp.iter().filter(|(_, names)| names.len() > 1) {
            found.push(format!("{key:?} was made twice: {}", names.join(", ")));
        }
        for (name, object) in &cloud.objects {
            let is_nobodys = !self.inventory.contains(name) && stamp(object, "mlops-stack").is_none();
            if let (true, Some(title)) = (is_nobodys, text(&object.body, "/displayName"))
                && titles.contains(&(collection(name), title))
            {
                found.push(format!("{title:?} is there twice: {name} is not in the inventory"));
            }
        }
        found
    }

    fn owns(&self, object: &Object) -> bool {
        stamp(object, "mlops-stack") == Some(&self.name)
            && stamp(object, "mlops-region").is_none_or(|region| region == self.region)
    }
}

impl Component {
    fn differences(&self, stack: &Stack, cloud: &Cloud) -> Vec<String> {
        let here = format!("{}[{:?}]", self.kind, self.key);
        let attribute = |name: &str| self.value.get(name).and_then(Value::as_str);
        let empty = ["id", "name", "email", "url"].into_iter().filter(|name| attribute(name) == Some(""));
        let mut found: Vec<String> = empty.map(|name| format!("{here}.{name} is empty")).collect();
        let relative = match (attribute("id"), attribute("name")) {
            (Some(id), _) => id.to_owned(),
            (None, Some(name)) if self.kind == "buckets" => format!("buckets/{name}"),
            (None, _) => {
                found.push(format!("{here} has no id"));
                return found;
            }
        };
        let Some((name, object)) = cloud.find(&relative) else {
            found.push(format!("{here} is {relative}, which is not in the cloud"));
            return found;
        };
        if !stack.inventory.contains(name) {
            found.push(format!("{here} is {name}, which the inventory does not list"));
        }
        found.extend(self.ungranted(stack, name).into_iter().map(|grant| format!("{here}: {grant}")));
        let leaf = name.rsplit('/').next().unwrap_or_default();
        let leaf = leaf.split_once('@').map_or(leaf, |(account, _)| account);
        let place =
            location(name).or_else(|| ["/location", "/locationId"].iter().find_map(|at| text(&object.body, at)));
        let pairs = [("name", Some(leaf)), ("location", place), ("display_name", text(&object.body, "/displayName"))];
        for (attribute_name, real) in pairs {
            if let (Some(ours), Some(real)) = (attribute(attribute_name), real)
                && !ours.eq_ignore_ascii_case(real)
            {
                found.push(format!("{here}.{attribute_name} is {ours:?}, and that of {name} is {real:?}"));
            }
        }
        found
    }
}

impl Component {
    /// Grants on the object of this name that are in `iam` and not in the inventory, or the other way round.
    fn ungranted(&self, stack: &Stack, name: &str) -> Vec<String> {
        let granted = stack.granted(name);
        let mut named: BTreeSet<(String, String)> = BTreeSet::new();
        for (role, members) in self.value.get("iam").and_then(Value::as_object).into_iter().flatten() {
            for member in members.as_array().into_iter().flatten().filter_map(Value::as_str) {
                named.insert((stack.role(role), self.principal(stack, member)));
            }
        }
        let is_named = |grant: &(&str, &str)| {
            named.iter().any(|(role, member)| is_same(role, grant.0) && is_same(member, grant.1))
        };
        let is_granted = |grant: &(String, String)| {
            granted.iter().any(|(role, member)| is_same(&grant.0, role) && is_same(&grant.1, member))
        };
        let missing = named.iter().filter(|grant| !is_granted(grant));
        let missing = missing.map(|(role, member)| format!("iam has {role} for {member}, and the inventory does not"));
        let extra = granted.iter().filter(|grant| !is_named(grant));
        let extra = extra.map(|(role, member)| format!("the inventory has {role} for {member}, and iam does not"));
        missing.chain(extra).collect()
    }

    /// A member as a policy has it: a KEY is an account of the stack.
    fn principal(&self, stack: &Stack, member: &str) -> String {
        match stack.account(member).filter(|_| !member.contains(':')) {
            Some(email) => format!("serviceAccount:{email}"),
            None => member.to_owned(),
        }
    }
}

/// Whether a member that may hold references stands for a principal: what is in braces may be anything.
fn is_same(member: &str, principal: &str) -> bool {
    match (member.split_once("{{"), member.rsplit_once("}}")) {
        (Some((head, _)), Some((_, tail))) => principal.starts_with(head) && principal.ends_with(tail),
        _ => member.eq_ignore_ascii_case(principal),
    }
}

/// A label of the stamp, where the API has labels.
fn stamp<'a>(object: &'a Object, label: &str) -> Option<&'a str> {
    ["userLabels", "labels"].iter().find_map(|labels| object.body.get(labels)?.get(label)?.as_str())
}

/// The full name of what a policy is for.
fn policy_name(policy: &Object) -> String {
    match policy.path.strip_prefix("b/") {
        Some(bucket) => format!("//{}/projects/_/buckets/{bucket}", policy.service),
        None => format!("//{}/{}", policy.service, policy.path),
    }
}

fn collection(name: &str) -> String {
    name.rsplit_once('/').map_or(name, |(collection, _)| collection).to_owned()
}

fn location(name: &str) -> Option<&str> {
    name.split_once("/locations/").and_then(|(_, rest)| rest.split('/').next())
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CHANNEL: &str = "//monitoring.googleapis.com/projects/p/notificationChannels/1";

    /// A stack with one channel, which has id 1, and these lines of inventory.
    fn state(inventory: &[&str]) -> State {
        let channel = json!({"imported": false, "id": "projects/p/notificationChannels/1", "display_name": "Team"});
        State(json!({"values": {"root_module": {"resources": [{
            "address": "mlops_stack.it", "type": "mlops_stack",
            "values": {"name": "it", "region": "r", "inventory": inventory, "notification_channels": {"team": channel}},
        }]}}}))
    }

    fn channel(id: &str, title: &str, labels: Value) -> Value {
        json!({
            "service": "monitoring.googleapis.com", "path": format!("/v3/projects/p/notificationChannels/{id}"),
            "body": {"displayName": title, "userLabels": labels},
        })
    }

    fn cloud(objects: Value, bindings: Value) -> Snapshot {
        let policy = json!({"service": "monitoring.googleapis.com", "resource": "projects/p/notificationChannels/1",
            "body": {"bindings": bindings}});
        Snapshot(json!({"resources": objects, "iam_policies": [policy]}))
    }

    fn ours() -> Value {
        json!({"mlops-stack": "it", "mlops-region": "r", "mlops-component": "team"})
    }

    #[track_caller]
    fn disagree(inventory: &[&str], objects: Value, expected: &[&str]) {
        let found = disagreements(&state(inventory), &cloud(objects, json!([])));
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        assert!(found.iter().zip(expected).all(|(line, part)| line.contains(part)), "{found:#?}");
    }

    #[test]
    fn what_is_listed_and_there_agrees() {
        disagree(&[CHANNEL], json!([channel("1", "Team", ours())]), &[]);
    }

    #[test]
    fn what_is_listed_and_not_there_is_named() {
        disagree(&[CHANNEL], json!([]), &["team\"] is projects/p", "lists //monitoring"]);
    }

    #[test]
    fn a_grant_that_is_listed_stands_in_the_policy() {
        let line = format!("{CHANNEL} roles/viewer user:a");
        let lines = [CHANNEL, line.as_str()];
        let lost = disagreements(&state(&lines), &cloud(json!([channel("1", "Team", ours())]), json!([])));
        assert!(lost.iter().any(|line| line.contains("roles/viewer user:a, which is not in the cloud")), "{lost:#?}");
        let granted =
            cloud(json!([channel("1", "Team", ours())]), json!([{"role": "roles/viewer", "members": ["user:a"]}]));
        let found = disagreements(&state(&lines), &granted);
        assert!(!found.iter().any(|line| line.contains("not in the cloud")), "{found:#?}");
    }

    #[test]
    fn the_grants_of_a_component_are_those_of_the_inventory() {
        let line = format!("{CHANNEL} roles/viewer serviceAccount:a@p");
        let of = |inventory: &[&str], members: Value| {
            let mut state = state(inventory);
            let stack = &mut state.0["values"]["root_module"]["resources"][0]["values"];
            stack["notification_channels"]["team"]["iam"] = json!({ "roles/viewer": members });
            let policy = json!([{"role": "roles/viewer", "members": ["serviceAccount:a@p"]}]);
            disagreements(&state, &cloud(json!([channel("1", "Team", ours())]), policy))
        };
        let both = [CHANNEL, line.as_str()];
        assert_eq!(of(&both, json!(["serviceAccount:a@p"])), [""; 0]);
        assert_eq!(of(&both, json!(["serviceAccount:{{service_accounts.a.email}}"])), [""; 0]);
        assert_eq!(of(&[CHANNEL], json!(["serviceAccount:a@p"])).len(), 1);
        assert_eq!(of(&both, json!([])).len(), 1);
    }

    #[test]
    fn what_bears_the_stamp_and_is_not_listed_is_named() {
        let stamped = json!({"mlops-stack": "it", "mlops-region": "r", "mlops-component": "other"});
        let objects = json!([channel("1", "Team", ours()), channel("2", "Else", stamped)]);
        disagree(&[CHANNEL], objects, &["notificationChannels/2 bears the stack's stamp"]);
    }

    #[test]
    fn the_stamp_of_another_region_is_another_stack_s() {
        let elsewhere = json!({"mlops-stack": "it", "mlops-region": "s", "mlops-component": "team"});
        disagree(&[CHANNEL], json!([channel("1", "Team", ours()), channel("2", "Team", elsewhere)]), &[]);
    }

    #[test]
    fn what_was_made_twice_is_named() {
        let objects = json!([channel("1", "Team", ours()), channel("2", "Team", ours())]);
        disagree(&[CHANNEL], objects, &["made twice", "notificationChannels/2 bears"]);
        let objects = json!([channel("1", "Team", ours()), channel("2", "Team", json!({}))]);
        disagree(&[CHANNEL], objects, &["\"Team\" is there twice"]);
    }

    #[test]
    fn another_title_is_named() {
        disagree(&[CHANNEL], json!([channel("1", "Crew", ours())]), &["display_name is \"Team\""]);
    }
}
