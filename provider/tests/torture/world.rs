//! A project and a stack in it, driven as Terraform drives it: refresh, plan, apply, import, destroy.
//!
//! A world begins where another one was ([`Start`]), so that a cell of an update does not pay for a creation.

use std::sync::Arc;

use localcloud::RequestRecord;
use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::{TestAction, TestObject, TestPlan, TestProvider};
use tfplugin::value::json as terraform_json;
use tfplugin::{Diagnostics, Severity};

use crate::cloud::{self, CHANGE, Cloud, FIRST, ID, STACK, Saved};
use crate::driver::{self, line};

/// Where a world begins.
#[derive(Clone)]
pub(crate) struct Start {
    pub(crate) cloud: Saved,
    pub(crate) object: Option<TestObject>,
}

/// What an operation said.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Said {
    pub(crate) fn of(diagnostics: &Diagnostics) -> Self {
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
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) provider: TestProvider<Mlops>,
    pub(crate) object: Option<TestObject>,
    /// What plans have said of deletions.
    announced: Vec<String>,
}

impl World {
    /// Nothing but what is there before a stack.
    pub(crate) async fn empty() -> Self {
        Self::of(Cloud::empty().await, None).await
    }

    pub(crate) async fn at(start: &Start) -> Self {
        Self::of(Cloud::at(&start.cloud).await, start.object.clone()).await
    }

    async fn of(cloud: Cloud, object: Option<TestObject>) -> Self {
        Self { provider: cloud::provider(cloud.url()).await, cloud: Arc::new(cloud), object, announced: Vec::new() }
    }

    /// Where a world begins that goes on from here.
    pub(crate) fn start(&self) -> Start {
        Start { cloud: self.cloud.save(), object: self.object.clone() }
    }

    /// The stack's state as JSON; null when there is none.
    pub(crate) fn state(&self) -> Json {
        self.object.as_ref().map(|object| terraform_json::to_json(&object.state).unwrap()).unwrap_or_default()
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

    pub(crate) fn forget(&mut self) {
        self.object = None;
    }

    /// The calls that change something.
    pub(crate) fn writes(&self) -> Vec<RequestRecord> {
        self.cloud.requests().into_iter().filter(cloud::is_write).collect()
    }

    /// The deletions that no plan has announced.
    pub(crate) fn unannounced(&self) -> Vec<String> {
        let is_named = |name: &str| self.announced.iter().any(|line| line.contains(name));
        let deletions = self.writes().into_iter().filter(|call| call.status < 400 && cloud::is_deletion(call));
        let unannounced = deletions.filter(|call| !cloud::names_of(call).iter().any(|name| is_named(name)));
        unannounced.map(|call| call.line()).collect()
    }
}

/// The configurations: as the stack is made, and as it is changed.
pub(crate) struct Configs {
    pub(crate) first: Arc<Json>,
    pub(crate) next: Arc<Json>,
}

impl Configs {
    pub(crate) fn load() -> Self {
        let first: Json = serde_json::from_str(FIRST).unwrap();
        let mut next = first.clone();
        merge(&mut next, &serde_json::from_str(CHANGE).unwrap());
        Self { first: Arc::new(first), next: Arc::new(next) }
    }
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
