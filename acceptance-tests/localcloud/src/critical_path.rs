//! The critical path: the shortest time in which a change of the cloud can be made, whoever makes it.
//!
//! What was made and deleted is the difference of two snapshots and the request log; what must come before what are the demands of the APIs
//! (`demands`). Calls that no API demands, such as a look beforehand, cost nothing here, and calls that do not need each
//! other are made at once.

mod demands;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::json;
use crate::request_log::RequestRecord;
use crate::seed::Seed;
use crate::store::{SERVICE_USAGE, resource_of};
use demands::{Answer, Demand, Kind, Ready, kind_of};

/// How fast the cloud was.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// What each call takes.
    pub latency: Duration,
    /// How long an operation takes.
    pub operations: Duration,
    /// How long a new service account is unknown to policies.
    pub new_accounts: Duration,
}

/// The longest chain of calls of which each needs the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// What has to be done, from first to last.
    pub steps: Vec<String>,
    /// How long it takes.
    pub time: Duration,
}

impl fmt::Display for CriticalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join(", "))
    }
}

/// The critical path of what turned the cloud `before` into `after` by the calls of `log`.
pub fn critical_path(before: &Seed, after: &Seed, log: &[RequestRecord], speed: Speed) -> CriticalPath {
    let mut plan = Plan { speed, steps: made(before, after) };
    plan.steps.extend(deleted(before, log));
    plan.demand_of_creations();
    plan.demand_of_deletions();
    for (host, resource) in policies_written(before, log) {
        plan.add_grants(before, after, host, resource);
    }
    plan.demand_of_readers();
    plan.longest()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Create,
    Delete,
    Grant,
}

/// One thing to do.
#[derive(Debug)]
struct Step<'a> {
    work: Work,
    host: &'a str,
    /// With its version; of grants, the resource.
    path: String,
    kind: Option<&'static Kind>,
    body: &'a Value,
    /// It begins no earlier than this.
    earliest: Duration,
    /// What must come before, and how long after its beginning this may begin.
    after: Vec<(usize, Duration)>,
}

impl<'a> Step<'a> {
    fn new(work: Work, host: &'a str, path: String, body: &'a Value) -> Self {
        let kind = kind_of(host, &path).filter(|_| work != Work::Grant);
        Self { work, host, path, kind, body, earliest: Duration::ZERO, after: Vec::new() }
    }

    fn leaf(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.work {
            Work::Create => "create",
            Work::Delete => "delete",
            Work::Grant => "write the policy of",
        };
        let collection = self.path.rsplit('/').nth(1).unwrap_or_default();
        // Of an account's address the name is enough.
        let name = self.leaf().split('@').next().unwrap_or_default();
        write!(f, "{verb} {collection}/{name}")
    }
}

/// The objects that are there and were not.
fn made<'a>(before: &Seed, after: &'a Seed) -> Vec<Step<'a>> {
    let is_there = |body: &Value| {
        let is_gone = ["DELETED", "DISABLED"].iter().any(|state| body["state"] == *state);
        !is_gone && body.get("deleteTime").is_none()
    };
    let earlier: BTreeMap<(&str, &str), &Value> = before
        .resources
        .iter()
        .filter(|object| is_there(&object.body))
        .map(|object| ((object.service.as_str(), object.path.as_str()), &object.body))
        .collect();
    after
        .resources
        .iter()
        .filter(|object| is_there(&object.body) && kind_of(&object.service, &object.path).is_some())
        .filter(|object| !earlier.contains_key(&(object.service.as_str(), object.path.as_str())))
        .map(|object| Step::new(Work::Create, &object.service, object.path.clone(), &object.body))
        .collect()
}

/// The objects that a DELETE was answered well for.
fn deleted<'a>(before: &'a Seed, log: &[RequestRecord]) -> Vec<Step<'a>> {
    let deletions: Vec<(&str, String)> = log
        .iter()
        .filter(|call| call.method == "DELETE" && (200..300).contains(&call.status))
        .map(|call| (call.host.as_str(), with_id(before, &call.path)))
        .collect();
    before
        .resources
        .iter()
        .filter(|object| kind_of(&object.service, &object.path).is_some())
        .filter(|object| deletions.iter().any(|(host, path)| *host == object.service && *path == object.path))
        .map(|object| Step::new(Work::Delete, &object.service, object.path.clone(), &object.body))
        .collect()
}

/// Host and resource of each policy that was written.
fn policies_written<'l>(before: &Seed, log: &'l [RequestRecord]) -> BTreeSet<(&'l str, String)> {
    log.iter()
        .filter(|call| (200..300).contains(&call.status))
        .filter_map(|call| {
            let path = match call.method.as_str() {
                "POST" => call.path.strip_suffix(":setIamPolicy")?,
                "PUT" if call.path.starts_with("/storage/") => call.path.strip_suffix("/iam")?,
                _ => return None,
            };
            Some((call.host.as_str(), resource_of(&with_id(before, path)).to_owned()))
        })
        .collect()
}

/// A path with the project's id in place of its number.
fn with_id(seed: &Seed, path: &str) -> String {
    let project = &seed.project;
    path.replace(&format!("projects/{}/", project.project_number), &format!("projects/{}/", project.project_id))
}

/// The steps and what they wait for.
struct Plan<'a> {
    speed: Speed,
    steps: Vec<Step<'a>>,
}

impl<'a> Plan<'a> {
    /// How long a step takes from its beginning to its end.
    fn length(&self, step: &Step<'_>) -> Duration {
        let Speed { latency, operations, .. } = self.speed;
        let answer = match (step.work, step.kind) {
            (Work::Create, Some(kind)) => kind.creation,
            (Work::Delete, Some(kind)) => kind.deletion,
            _ => Answer::Now,
        };
        match answer {
            Answer::Now => latency,
            // The call takes effect as it is answered, and one poll has to see the end.
            Answer::Operation => latency + operations.max(latency),
        }
    }

    /// How long after the beginning of a creation others may build on it.
    fn until_ready(&self, at: usize) -> Duration {
        let step = &self.steps[at];
        match step.kind.map(|kind| kind.ready) {
            Some(Ready::Finished) => self.length(step),
            Some(Ready::Accepted) | None => self.speed.latency,
        }
    }

    fn creation(&self, host: Option<&str>, collection: &str, leaf: &str) -> Option<usize> {
        self.steps.iter().position(|step| {
            step.work == Work::Create
                && host.is_none_or(|host| step.host == host)
                && step.kind.is_some_and(|kind| kind.collection == collection)
                && step.leaf() == leaf
        })
    }

    /// The step of this work on the nearest object that `path` lies in.
    fn around(&self, work: Work, host: &str, path: &str) -> Option<usize> {
        let holds = |step: &Step<'_>| path.strip_prefix(&step.path).is_some_and(|rest| rest.starts_with('/'));
        let all = self.steps.iter().enumerate();
        all.filter(|(_, step)| step.work == work && step.host == host && holds(step))
            .max_by_key(|(_, step)| step.path.len())
            .map(|(at, _)| at)
    }

    /// A creation waits for its API, for what the object lies in, and for what it names.
    fn demand_of_creations(&mut self) {
        for at in 0..self.steps.len() {
            let step = &self.steps[at];
            let Some(kind) = step.kind.filter(|_| step.work == Work::Create) else { continue };
            let named = kind.names.iter().flat_map(|name| {
                let texts = texts_at(step.body, name.field).into_iter();
                texts.filter_map(|text| self.creation(None, name.collection, leaf_of(text)))
            });
            let api = self.creation(Some(SERVICE_USAGE), "services", step.host);
            let around = self.around(Work::Create, step.host, &step.path);
            let needed: Vec<usize> = named.chain(api).chain(around).collect();
            let after: Vec<(usize, Duration)> =
                needed.into_iter().filter(|used| *used != at).map(|used| (used, self.until_ready(used))).collect();
            self.steps[at].after.extend(after);
        }
    }

    /// A deletion waits until nothing holds the object any more.
    fn demand_of_deletions(&mut self) {
        let mut found = Vec::new();
        for (at, step) in self.steps.iter().enumerate().filter(|(_, step)| step.work == Work::Delete) {
            let names = step.kind.map(|kind| kind.names).unwrap_or_default();
            for name in names.iter().filter(|name| name.demand == Demand::Held) {
                let texts = texts_at(step.body, name.field);
                let is_held = |other: &Step<'_>| {
                    other.work == Work::Delete
                        && other.kind.is_some_and(|kind| kind.collection == name.collection)
                        && texts.iter().any(|text| leaf_of(text) == other.leaf())
                };
                let held = self.steps.iter().enumerate().filter(|(_, other)| is_held(other));
                found.extend(held.map(|(held, _)| (held, at)));
            }
            let around = self.around(Work::Delete, step.host, &step.path);
            let kept = around.filter(|used| self.steps[*used].kind.is_some_and(|kind| kind.must_be_empty));
            found.extend(kept.map(|used| (used, at)));
        }
        for (waits, holder) in found {
            let length = self.length(&self.steps[holder]);
            self.steps[waits].after.push((holder, length));
        }
    }

    /// Grants: the policy is read once its resource is there, and written once its new members are known.
    fn add_grants(&mut self, before: &'a Seed, after: &'a Seed, host: &'a str, resource: String) {
        let Speed { latency, new_accounts, .. } = self.speed;
        let mut step = Step::new(Work::Grant, host, resource, &Value::Null);
        step.earliest = latency;
        let is_resource = |other: &Step<'_>| {
            other.work == Work::Create && other.host == host && resource_of(&other.path) == step.path
        };
        let made = self.steps.iter().position(is_resource);
        step.after.extend(made.map(|made| (made, self.until_ready(made) + latency)));
        let known = members(before, host, &step.path);
        for member in members(after, host, &step.path).difference(&known) {
            if let Some(account) = member.strip_prefix("serviceAccount:") {
                let account = self.creation(None, "serviceAccounts", account);
                step.after.extend(account.map(|account| (account, latency.max(new_accounts))));
            } else if let Some((_, rest)) = member.split_once("/workloadIdentityPools/") {
                let pool = self.creation(None, "workloadIdentityPools", rest.split('/').next().unwrap_or_default());
                step.after.extend(pool.map(|pool| (pool, self.until_ready(pool))));
            }
        }
        self.steps.push(step);
    }

    /// Who reads another object waits for what lies in it, and for the grants on it.
    fn demand_of_readers(&mut self) {
        for at in 0..self.steps.len() {
            let step = &self.steps[at];
            let Some(kind) = step.kind.filter(|_| step.work == Work::Create) else { continue };
            let read = kind.names.iter().filter(|name| name.demand == Demand::Readable).flat_map(|name| {
                let texts = texts_at(step.body, name.field).into_iter();
                texts.map(|text| format!("/{}/{}", name.collection, leaf_of(text)))
            });
            let read: Vec<String> = read.collect();
            let is_needed = |other: &Step<'_>| match other.work {
                Work::Create => read.iter().any(|object| other.path.contains(&format!("{object}/"))),
                Work::Grant => read.iter().any(|object| other.path.ends_with(object.as_str())),
                Work::Delete => false,
            };
            let needed = self.steps.iter().enumerate().filter(|(_, other)| is_needed(other));
            let after: Vec<(usize, Duration)> = needed.map(|(used, other)| (used, self.length(other))).collect();
            self.steps[at].after.extend(after);
        }
    }

    fn longest(&self) -> CriticalPath {
        let mut begins: Vec<Option<Begin>> = vec![None; self.steps.len()];
        let ends = (0..self.steps.len()).map(|at| (self.begin(at, &mut begins).at + self.length(&self.steps[at]), at));
        let Some((time, last)) = ends.max() else { return CriticalPath::default() };
        let mut steps = Vec::new();
        let mut next = Some(last);
        while let Some(at) = next {
            steps.push(self.steps[at].to_string());
            next = begins[at].and_then(|begin| begin.because_of);
        }
        steps.reverse();
        CriticalPath { steps, time }
    }

    /// When a step can begin.
    fn begin(&self, at: usize, begins: &mut Vec<Option<Begin>>) -> Begin {
        if let Some(known) = begins[at] {
            return known;
        }
        let mut begin = Begin { at: self.steps[at].earliest, because_of: None };
        // The demands of the APIs know no circles; one that had come in would be cut here.
        begins[at] = Some(begin);
        for (used, gap) in &self.steps[at].after {
            let possible = self.begin(*used, begins).at + *gap;
            if possible > begin.at {
                begin = Begin { at: possible, because_of: Some(*used) };
            }
        }
        begins[at] = Some(begin);
        begin
    }
}

#[derive(Debug, Clone, Copy)]
struct Begin {
    at: Duration,
    because_of: Option<usize>,
}

fn members<'s>(seed: &'s Seed, host: &str, resource: &str) -> BTreeSet<&'s str> {
    let policy = seed.iam_policies.iter().find(|policy| policy.service == host && policy.resource == resource);
    policy.map(|policy| texts_at(&policy.body, "bindings[].members[]")).unwrap_or_default().into_iter().collect()
}

fn leaf_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The texts at a dotted path, in which `[]` stands for each entry of a list.
fn texts_at<'v>(value: &'v Value, field: &str) -> Vec<&'v str> {
    match field.split_once("[]") {
        None => json::at(value, field).and_then(Value::as_str).into_iter().collect(),
        Some((list, rest)) => {
            let list = if list.is_empty() { Some(value) } else { json::at(value, list) };
            let entries = list.and_then(Value::as_array).into_iter().flatten();
            match rest.strip_prefix('.') {
                None => entries.filter_map(Value::as_str).collect(),
                Some(rest) => entries.flat_map(|entry| texts_at(entry, rest)).collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::seed::{SeedObject, SeedPolicy};

    const SPEED: Speed = Speed {
        latency: Duration::from_millis(100),
        operations: Duration::from_secs(3),
        new_accounts: Duration::from_secs(1),
    };
    const PROJECTS: &str = "cloudresourcemanager.googleapis.com";

    fn project(objects: &[(&str, &str, Value)]) -> Seed {
        let mut seed = Seed::empty_project("p", "123", &[]);
        seed.resources.extend(objects.iter().map(|(host, path, body)| SeedObject {
            service: format!("{host}.googleapis.com"),
            path: (*path).to_owned(),
            body: body.clone(),
            media: None,
        }));
        seed
    }

    fn granted(mut seed: Seed, host: &str, resource: &str, member: &str) -> Seed {
        let body = json!({"bindings": [{"role": "roles/viewer", "members": [member]}]});
        seed.iam_policies.push(SeedPolicy { service: host.to_owned(), resource: resource.to_owned(), body });
        seed
    }

    fn call(method: &str, host: &str, path: &str) -> RequestRecord {
        let [method, host, path] = [method, host, path].map(str::to_owned);
        RequestRecord { method, host, path, query: String::new(), status: 200, at_ms: 0 }
    }

    fn creation(after: &Seed, log: &[RequestRecord]) -> CriticalPath {
        critical_path(&project(&[]), after, log, SPEED)
    }

    fn milliseconds(path: &CriticalPath) -> u128 {
        path.time.as_millis()
    }

    const ACCOUNT: (&str, &str) = ("iam", "/v1/projects/p/serviceAccounts/run@p.iam.gserviceaccount.com");
    const MEMBER: &str = "serviceAccount:run@p.iam.gserviceaccount.com";
    const SERVICE: &str = "/v2/projects/p/locations/r/services/api";

    #[test]
    fn what_needs_nothing_is_made_at_once() {
        let after = project(&[
            ("storage", "/storage/v1/b/a", json!({})),
            ("artifactregistry", "/v1/projects/p/locations/r/repositories/a", json!({})),
            ("artifactregistry", "/v1/projects/p/locations/r/repositories/b", json!({})),
        ]);
        let path = creation(&after, &[]);
        assert_eq!((path.steps.len(), milliseconds(&path)), (1, 3100));
    }

    #[test]
    fn what_lies_in_an_object_waits_for_its_operation() {
        let after = project(&[
            ("iam", "/v1/projects/p/locations/global/workloadIdentityPools/ci", json!({})),
            ("iam", "/v1/projects/p/locations/global/workloadIdentityPools/ci/providers/forge", json!({})),
        ]);
        let path = creation(&after, &[]);
        assert_eq!(path.steps, ["create workloadIdentityPools/ci", "create providers/forge"]);
        assert_eq!(milliseconds(&path), 6200);
    }

    #[test]
    fn nothing_is_made_before_its_api_is_on() {
        let service = "/v1/projects/p/services/pubsub.googleapis.com";
        let before = project(&[("serviceusage", service, json!({"state": "DISABLED"}))]);
        let after = project(&[
            ("serviceusage", service, json!({"state": "ENABLED"})),
            ("pubsub", "/v1/projects/p/topics/news", json!({})),
        ]);
        let path = critical_path(&before, &after, &[], SPEED);
        assert_eq!(path.steps, ["create services/pubsub.googleapis.com", "create topics/news"]);
        assert_eq!(milliseconds(&path), 3200);
    }

    #[test]
    fn a_grant_waits_until_its_account_is_known() {
        let after = project(&[(ACCOUNT.0, ACCOUNT.1, json!({}))]);
        let after = granted(after, PROJECTS, "projects/p", MEMBER);
        let path = creation(&after, &[call("POST", PROJECTS, "/v1/projects/p:setIamPolicy")]);
        assert_eq!(path.steps, ["create serviceAccounts/run", "write the policy of projects/p"]);
        assert_eq!(milliseconds(&path), 1100);
    }

    #[test]
    fn a_grant_on_a_service_does_not_wait_for_its_operation() {
        let after = granted(project(&[("run", SERVICE, json!({}))]), "run.googleapis.com", &SERVICE[4..], "allUsers");
        let log = [call("POST", "run.googleapis.com", &format!("{SERVICE}:setIamPolicy"))];
        assert_eq!(milliseconds(&creation(&after, &log)), 3100);
    }

    #[test]
    fn a_service_waits_for_its_account_and_for_what_it_reads() {
        let secret = json!({"valueSource": {"secretKeyRef": {"secret": "projects/123/secrets/key"}}});
        let template = json!({"serviceAccount": "run@p.iam.gserviceaccount.com", "containers": [{"env": [secret]}]});
        let after = project(&[
            (ACCOUNT.0, ACCOUNT.1, json!({})),
            ("run", SERVICE, json!({ "template": template })),
            ("secretmanager", "/v1/projects/p/secrets/key", json!({})),
            ("secretmanager", "/v1/projects/p/secrets/key/versions/1", json!({})),
        ]);
        let after = granted(after, "secretmanager.googleapis.com", "projects/p/secrets/key", MEMBER);
        let log = [call("POST", "secretmanager.googleapis.com", "/v1/projects/p/secrets/key:setIamPolicy")];
        let path = creation(&after, &log);
        let expected = ["create serviceAccounts/run", "write the policy of secrets/key", "create services/api"];
        assert_eq!(path.steps, expected);
        assert_eq!(milliseconds(&path), 1000 + 100 + 3100);
    }

    #[test]
    fn a_channel_is_deleted_after_the_policies_that_name_it() {
        let channel = "/v3/projects/p/notificationChannels/7";
        let policy = "/v3/projects/p/alertPolicies/8";
        let named = json!({"notificationChannels": ["projects/p/notificationChannels/7"]});
        let before = project(&[("monitoring", channel, json!({})), ("monitoring", policy, named)]);
        let log = [channel, policy].map(|path| call("DELETE", "monitoring.googleapis.com", path));
        let path = critical_path(&before, &project(&[]), &log, SPEED);
        assert_eq!(path.steps, ["delete alertPolicies/8", "delete notificationChannels/7"]);
        assert_eq!(milliseconds(&path), 200);
    }

    #[test]
    fn a_pool_is_deleted_with_what_lies_in_it() {
        let pool = "/v1/projects/p/locations/global/workloadIdentityPools/ci";
        let provider = format!("{pool}/providers/forge");
        let before = project(&[("iam", pool, json!({})), ("iam", &provider, json!({}))]);
        let by_number = |path: &str| call("DELETE", "iam.googleapis.com", &path.replace("/p/", "/123/"));
        let path = critical_path(&before, &project(&[]), &[by_number(pool), by_number(&provider)], SPEED);
        assert_eq!(milliseconds(&path), 3100);
    }

    #[test]
    fn every_collection_is_one_of_a_served_host() {
        let hosts: Vec<&str> = crate::api::hosts().iter().map(|api| api.host).collect();
        for kind in demands::KINDS {
            assert!(hosts.contains(&kind.host), "{} {}", kind.host, kind.collection);
            for name in kind.names {
                let is_known = demands::KINDS.iter().any(|kind| kind.collection == name.collection);
                assert!(is_known, "{} {}: {}", kind.host, kind.collection, name.collection);
            }
        }
    }
}
