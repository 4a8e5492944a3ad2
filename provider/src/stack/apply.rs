//! Doing what a plan says: every step as soon as those before it are done, and an honest account at the end.
//!
//! A step that fails keeps back only what waits for it. A stop request starts nothing new; what is in flight ends.

mod create;
mod project;
mod schedule;
mod step;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tfplugin::{Diagnostic, Diagnostics, Dynamic};
use tokio::sync::OnceCell;

use super::cloud::{self, Found};
use super::model::{Components, Stack};
use super::plan::{Action, Step};
use super::run::Run;
use super::{Address, tree};
use crate::component::AnyKind;
use crate::gcp::ApiError;

/// What an apply came to.
pub(crate) struct Outcome {
    /// What exists now.
    pub components: Components,
    /// What went wrong, and what the user should know.
    pub diagnostics: Diagnostics,
}

/// What the steps of one apply share.
pub(super) struct Work<'a> {
    run: &'a Run,
    /// The configuration, for write-only values.
    config: &'a Components,
    /// Components that an interrupted apply of this stack left behind.
    left: &'a Components,
    /// The components as last read.
    before: &'a Components,
    live: Mutex<Components>,
    stamped: BTreeMap<&'static str, OnceCell<Vec<Found>>>,
}

impl Work<'_> {
    /// The components that exist at this moment.
    fn live(&self) -> MutexGuard<'_, Components> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All objects of a kind whose objects the server names; read once for all components of the kind.
    async fn all_of(&self, kind: &'static dyn AnyKind, place: &str) -> Result<&[Found], ApiError> {
        static NONE: OnceCell<Vec<Found>> = OnceCell::const_new();
        let cell = self.stamped.get(kind.name()).unwrap_or(&NONE);
        cell.get_or_try_init(|| cloud::list(self.run, kind, place)).await.map(Vec::as_slice)
    }

    /// The component with the write-only values of the configuration.
    fn with_secrets(&self, address: &Address, component: &Dynamic) -> Dynamic {
        let mut component = component.clone();
        if let Some(configured) = self.config.get(address) {
            for attribute in address.kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
                tree::set(&mut component, attribute.name.clone(), configured.get(&attribute.name).clone());
            }
        }
        component
    }
}

/// Does the steps of a plan. `kept` are the planned components; those with a step exist only once it is done.
pub(crate) async fn apply(
    run: &Run,
    steps: Vec<Step>,
    kept: Components,
    before: &Components,
    config: &Stack,
    left: Option<&Stack>,
) -> Outcome {
    let mut live = kept.clone();
    for step in &steps {
        match (&step.prior, &step.action) {
            (_, Action::Release) => drop(live.remove(&step.address)),
            (Some(prior), _) => drop(live.insert(step.address.clone(), prior.clone())),
            (None, _) => drop(live.remove(&step.address)),
        }
    }
    let work = Work {
        run,
        config: &config.components(),
        left: &left.map(Stack::components).unwrap_or_default(),
        before,
        live: Mutex::new(live),
        stamped: crate::component::KINDS.iter().map(|kind| (kind.name(), OnceCell::new())).collect(),
    };
    let diagnostics = schedule::run(&work, steps, &kept).await;
    let components = work.live.into_inner().unwrap_or_else(PoisonError::into_inner);
    Outcome { components, diagnostics }
}

/// Deletes a whole stack: users first. What is abandoned stays.
pub(crate) async fn destroy(run: &Run, components: &Components) -> Outcome {
    let steps = components.iter().map(|(address, component)| {
        let action = match super::plan::removal::policy(address, component) {
            crate::component::common::DeletionPolicy::Delete => Action::Delete,
            _ => Action::Release,
        };
        Step { address: address.clone(), action, prior: Some(component.clone()), planned: None }
    });
    apply(run, steps.collect(), Components::new(), components, &Stack::empty(), None).await
}

/// The warning for steps that were not begun.
fn not_begun(addresses: &[Address], stopped: bool) -> Option<Diagnostic> {
    if addresses.is_empty() {
        return None;
    }
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let (names, next) = (names.join(", "), "Apply again to go on from here: what is done is not done twice.");
    Some(if stopped {
        Diagnostic::error("Stopped on request", format!("Not begun: {names}. {next}"))
    } else {
        Diagnostic::warning("Some components were not touched", format!("{names} wait for what failed. {next}"))
    })
}
