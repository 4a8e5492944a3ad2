//! The cloud of the torture: localcloud with an empty project, in which the stack's state and what is there can be compared.

use acceptance_tests::{Snapshot, State as TerraformState};
use localcloud::{FaultSpec, Handle, Lag, RequestRecord, Seed, Server, Settings, State, Unspent};
use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::TestProvider;

pub(crate) use crate::driver::STACK;
use crate::driver::things::{Thing, things};
use crate::driver::{self, DESCRIPTIONS};

const PROJECT: &str = "dtu-mlops-data-482907";
const REGION: &str = "europe-west1";
/// The import id of the stack.
pub(crate) const ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";
/// The stack as it is made.
pub(crate) const FIRST: &str = include_str!("stack.json");
/// What is changed in it: a JSON merge patch.
pub(crate) const CHANGE: &str = include_str!("change.json");
/// The cells that do not hold yet.
pub(crate) const KNOWN: &str = include_str!("known.txt");
/// Cells that run at once: many of them wait.
pub(crate) const AT_ONCE: usize = 8;
/// The size of a sample, which takes about a minute. `TORTURE_SAMPLE` sets another.
pub(crate) const SAMPLE: usize = 60;
/// The sample of `make test`, until all cells have been seen to hold: then it will be drawn anew by the clock.
pub(crate) const SEED: u64 = 8;
/// By one of these an error names what it is about.
pub(crate) const COMPONENTS: [&str; 6] = ["[\"", "mlops_stack", "the stack", "The stack", "project", "policy"];
/// By one of these an error names the call that failed.
pub(crate) const CALLS: [&str; 7] = ["GET ", "POST ", "PATCH ", "PUT ", "DELETE ", "exists", "somebody else"];

/// Lags that are counted in calls: every run of a cell makes the same ones.
const SETTINGS: Settings = Settings { operations: Lag::Looks(1), ..Settings::PROMPT };

/// What a cloud can begin with.
pub(crate) type Saved = State;

/// One project.
pub(crate) struct Cloud(Handle);

impl Cloud {
    pub(crate) async fn empty() -> Self {
        let seed: Seed =
            serde_json::from_str(include_str!("../../../acceptance-tests/environments/ct-scan-project.json")).unwrap();
        let cloud = Server::builder().seed(seed).settings(SETTINGS).check(DESCRIPTIONS.clone());
        Self(cloud.spawn().await.unwrap())
    }

    pub(crate) async fn at(saved: &Saved) -> Self {
        let cloud = Server::builder().resume(saved.clone()).settings(SETTINGS).check(DESCRIPTIONS.clone());
        Self(cloud.spawn().await.unwrap())
    }

    pub(crate) fn save(&self) -> Saved {
        self.0.state()
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.0.requests()
    }

    pub(crate) fn fault(&self, spec: FaultSpec) {
        self.0.fault(spec).unwrap();
    }

    pub(crate) fn unspent(&self) -> Vec<Unspent> {
        self.0.unspent()
    }

    pub(crate) fn clear_faults(&self) {
        self.0.clear_faults();
    }

    /// Everything that lasts.
    pub(crate) fn contents(&self) -> Json {
        canonical(&self.0.snapshot().unwrap())
    }

    /// In what it and a state disagree.
    pub(crate) fn disagreements(&self, values: &Json) -> Vec<String> {
        let resources = if values.is_null() {
            json!([])
        } else {
            json!([{"address": "mlops_stack.it", "type": "mlops_stack", "values": values}])
        };
        let state = TerraformState(json!({"values": {"root_module": {"resources": resources}}}));
        acceptance_tests::disagreements(&state, &Snapshot(json!(self.0.snapshot().unwrap())))
    }
}

/// A provider that does not wait long: of a fault there is one, and an outage lasts for all of a call's attempts.
pub(crate) async fn provider(url: &str) -> TestProvider<Mlops> {
    driver::provider(url, PROJECT, REGION, json!({"max_retries": 2, "request_timeout": "10s"})).await
}

/// Whether a call can change something.
pub(crate) fn is_write(call: &RequestRecord) -> bool {
    let reads = [":getIamPolicy", ":testIamPermissions", ":search", ":query"];
    call.method != "GET" && !reads.iter().any(|verb| call.path.ends_with(verb))
}

/// Whether a write deletes an object.
pub(crate) fn is_deletion(call: &RequestRecord) -> bool {
    call.method == "DELETE"
}

/// By which a plan may have announced what a call does.
pub(crate) fn names_of(call: &RequestRecord) -> Vec<String> {
    call.path.rsplit('/').next().map(str::to_owned).into_iter().collect()
}

/// Whether the path of a difference lies in the value of a secret.
pub(crate) fn is_version_of_secret(path: &str) -> bool {
    path.contains("~1secrets~1") && path.contains("~1versions~1")
}

/// Takes out of a state what changes by itself.
pub(crate) fn forget_what_changes(state: &mut Json) {
    for service in state["services"].as_object_mut().into_iter().flat_map(|services| services.values_mut()) {
        service["latest_ready_revision"] = Json::Null;
    }
}

/// Everything that lasts, with names in place of the ids that the server chose.
fn canonical(seed: &Seed) -> Json {
    let mut things = things(seed);
    for (thing, grants) in &mut things {
        if let (Thing::Policy(..), Json::Array(lines)) = (thing, &*grants) {
            *grants = lines.iter().filter_map(Json::as_str).map(|line| (line.to_owned(), json!(true))).collect();
        }
    }
    for (thing, body) in &mut things {
        // The copy of a setting of the topic, and what comes by itself after a while.
        let is_index = matches!(thing, Thing::Object(_, path) if path.contains("/indexes/"));
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| name != "topicMessageRetentionDuration" && !(is_index && name == "state"));
        }
        if let Some(ttl) = body.pointer_mut("/ttlConfig/state") {
            *ttl = Json::Null;
        }
    }
    let mut names: Vec<(String, String)> = Vec::new();
    for (thing, body) in &things {
        let Thing::Object(_, path) = thing else { continue };
        let id = path.rsplit('/').next().unwrap_or_default();
        let title = body["displayName"].as_str().map(str::to_owned);
        let title = title.or_else(|| path.contains("/indexes/").then(|| body["fields"].to_string()));
        if let Some(title) = title.filter(|_| id.len() > 8 && !id.contains('@')) {
            names.push((id.to_owned(), title));
        }
    }
    let mut entries: Vec<String> = things
        .iter()
        .map(|(thing, body)| {
            let name = match thing {
                Thing::Object(host, path) => format!("//{host}{path}"),
                Thing::Policy(host, resource) => format!("policy of //{host}/{resource}"),
            };
            let text = json!([name, body]).to_string();
            names
                .iter()
                .fold(text, |text, (id, title)| text.replace(id, &format!("<{}>", title.replace(['"', '\\'], "'"))))
        })
        .collect();
    entries.sort();
    let mut found = serde_json::Map::new();
    for entry in entries {
        let parsed: Json = serde_json::from_str(&entry).unwrap();
        let mut name = parsed[0].as_str().unwrap_or_default().to_owned();
        while found.contains_key(&name) {
            name.push_str(" (again)");
        }
        found.insert(name, parsed[1].clone());
    }
    Json::Object(found)
}
