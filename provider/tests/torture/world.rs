//! A project and a stack in it, driven as Terraform drives it: refresh, plan, apply, import, destroy.
//!
//! A world begins where another one was ([`Start`]), so that a cell of an update does not pay for a creation.

use std::path::Path;
use std::sync::Arc;

use localcloud::{Handle, Lag, RequestRecord, Seed, Server, Settings, State};
use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::{TestAction, TestObject, TestPlan, TestProvider};
use tfplugin::value::json as terraform_json;
use tfplugin::{Diagnostics, Severity};

use crate::driver::{self, DESCRIPTIONS, STACK, line};

const PROJECT: &str = "dtu-mlops-data-482907";
const REGION: &str = "europe-west1";
/// The import id of the stack.
const ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";

/// Lags that are counted in calls: every run of a cell makes the same ones.
const SETTINGS: Settings = Settings { operations: Lag::Looks(1), ..Settings::PROMPT };

/// Where a world begins.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) cloud: State,
    pub(crate) object: Option<TestObject>,
}

/// What an operation said.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Said {
    fn of(diagnostics: &Diagnostics) -> Self {
        let mut said = Self::default();
        for one in diagnostics.iter() {
            let lines = if one.severity == Severity::Error { &mut said.errors } else { &mut said.warnings };
            lines.push(line(one));
        }
        said
    }

    pub(crate) fn has_failed(&self) -> bool {
        !self.errors.is_empty()
    }
}

pub(crate) struct World {
    pub(crate) cloud: Arc<Handle>,
    provider: TestProvider<Mlops>,
    pub(crate) object: Option<TestObject>,
    /// What plans have said of deletions.
    announced: Vec<String>,
}

impl World {
    /// An empty project.
    pub(crate) async fn empty() -> Self {
        let seed: Seed =
            serde_json::from_str(include_str!("../../../acceptance-tests/environments/ct-scan-project.json")).unwrap();
        let cloud = Server::builder().seed(seed).settings(SETTINGS).check(DESCRIPTIONS.clone()).spawn().await.unwrap();
        Self::of(cloud, None).await
    }

    pub(crate) async fn at(start: &Start) -> Self {
        let builder = Server::builder().resume(start.cloud.clone()).settings(SETTINGS);
        let cloud = builder.check(DESCRIPTIONS.clone()).spawn().await.unwrap();
        Self::of(cloud, start.object.clone()).await
    }

    async fn of(cloud: Handle, object: Option<TestObject>) -> Self {
        Self { provider: provider(cloud.url()).await, cloud: Arc::new(cloud), object, announced: Vec::new() }
    }

    /// Where a world begins that goes on from here.
    pub(crate) fn start(&self) -> Start {
        Start { cloud: self.cloud.state(), object: self.object.clone() }
    }

    /// The stack's state as JSON; null when there is none.
    pub(crate) fn state(&self) -> Json {
        self.object.as_ref().map(|object| terraform_json::to_json(&object.state).unwrap()).unwrap_or_default()
    }

    pub(crate) fn seed(&self) -> Seed {
        self.cloud.snapshot().unwrap()
    }

    /// A refresh. One that fails leaves the state as it is.
    pub(crate) async fn refresh(&mut self) -> Said {
        let Some(object) = &self.object else { return Said::default() };
        match self.provider.read(object).await {
            Ok(object) => {
                self.object = object;
                Said::default()
            }
            Err(problems) => Said::of(&problems),
        }
    }

    /// A plan and its apply; null destroys.
    pub(crate) async fn change(&mut self, config: &Json) -> Said {
        let plan = match self.provider.plan(STACK, self.object.as_ref(), config).await {
            Ok(plan) => plan,
            Err(problems) => return Said::of(&problems),
        };
        self.note(&plan);
        let (object, problems) = self.provider.apply(plan).await;
        self.object = object;
        Said::of(&problems)
    }

    /// Remembers which deletions a plan announces; that of a destroy lists all that the stack has.
    fn note(&mut self, plan: &TestPlan) {
        self.announced.push(driver::readable(&plan.planned)["deletes"].to_string());
        self.announced.extend(Said::of(&plan.diagnostics).warnings);
        if plan.action == TestAction::Delete {
            self.announced.push(self.state()["inventory"].to_string());
        }
    }

    /// What a process that will be killed has announced.
    pub(crate) async fn announce(&mut self, config: &Json) {
        if let Ok(plan) = self.provider.plan(STACK, self.object.as_ref(), config).await {
            self.note(&plan);
        }
    }

    /// Whether a plan has something to do.
    pub(crate) async fn has_changes(&self, config: &Json) -> Result<Option<String>, Said> {
        if config.is_null() && self.object.is_none() {
            return Ok(None);
        }
        match self.provider.plan(STACK, self.object.as_ref(), config).await {
            Ok(plan) if plan.action == TestAction::NoOp => Ok(None),
            Ok(plan) => Ok(Some(driver::difference(&self.state(), &driver::readable(&plan.planned)))),
            Err(problems) => Err(Said::of(&problems)),
        }
    }

    /// An import into a state that has nothing.
    pub(crate) async fn import(&mut self) -> Said {
        match self.provider.import(STACK, ID).await {
            Ok((object, diagnostics)) => {
                self.object = object;
                Said::of(&diagnostics)
            }
            Err(problems) => Said::of(&problems),
        }
    }

    /// Validates a configuration.
    pub(crate) async fn validate(&self, config: &Json) -> Said {
        Said::of(&self.provider.validate(STACK, config).await)
    }

    /// An import by any id.
    pub(crate) async fn import_as(&self, id: &str) -> Said {
        match self.provider.import(STACK, id).await {
            Ok((_, diagnostics)) | Err(diagnostics) => Said::of(&diagnostics),
        }
    }

    /// What a function answers to a text: its error, if it has one.
    pub(crate) async fn parse(&self, text: &str) -> Option<String> {
        self.provider.call("parse_phase_checkpoint", &[json!(text)]).await.err().map(|error| error.text)
    }

    pub(crate) fn forget(&mut self) {
        self.object = None;
    }

    /// The calls that change something.
    pub(crate) fn writes(&self) -> Vec<RequestRecord> {
        let reads = [":getIamPolicy", ":testIamPermissions", ":search", ":query"];
        let is_write =
            |call: &RequestRecord| call.method != "GET" && !reads.iter().any(|verb| call.path.ends_with(verb));
        self.cloud.requests().into_iter().filter(is_write).collect()
    }

    /// The deletions that no plan has announced.
    pub(crate) fn unannounced(&self) -> Vec<String> {
        let deletions = self.writes().into_iter().filter(|call| call.method == "DELETE" && call.status < 400);
        let is_named = |name: &str| self.announced.iter().any(|line| line.contains(name));
        let unannounced = deletions.filter(|call| !call.path.rsplit('/').next().is_some_and(is_named));
        unannounced.map(|call| format!("DELETE {}{}", call.host, call.path)).collect()
    }
}

/// A provider that does not wait long: of a fault there is one, and an outage lasts for all of a call's attempts.
pub(crate) async fn provider(url: &str) -> TestProvider<Mlops> {
    driver::provider(url, PROJECT, REGION, json!({"max_retries": 2, "request_timeout": "10s"})).await
}

/// The configurations: as the stack is made, and as it is changed.
pub(crate) struct Configs {
    pub(crate) first: Arc<Json>,
    pub(crate) next: Arc<Json>,
}

impl Configs {
    pub(crate) fn load() -> Self {
        let first = data("stack.json");
        let mut next = first.clone();
        merge(&mut next, &data("change.json"));
        Self { first: Arc::new(first), next: Arc::new(next) }
    }
}

fn data(name: &str) -> Json {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(name);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// A JSON merge patch.
fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in members {
        match (value, target.as_object_mut()) {
            (Json::Null, Some(target)) => drop(target.remove(name)),
            _ => merge(&mut target[name], value),
        }
    }
}
