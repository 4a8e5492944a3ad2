//! Doing what a plan says: every step as soon as those before it are done, and an honest account at the end.
//!
//! A step that fails keeps back only what waits for it. A stop request starts nothing new; what is in flight ends.

mod account;
mod create;
mod ordering;
mod report;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Severity};
use tokio::sync::OnceCell;

use super::address::Address;
use super::cloud::Cloud;
use super::error::CallError;
use super::grants::Grants;
use super::kind::AnyKind;
use super::model::{Components, Stack};
use super::objects::{Detail, LiveObject};
use super::plan::{Action, Step};
use super::protection::{self, Fate};
use super::run::Run;
use super::scope::Scope;
use super::{labels, look, secrets};

/// What an apply came to.
pub(crate) struct Outcome {
    /// What exists now.
    pub components: Components,
    /// Whether the policy of the account or project is as planned.
    pub is_account_settled: bool,
    /// What went wrong, and what the user should know.
    pub diagnostics: Diagnostics,
}

/// The objects of one kind at one place, read once.
type Listed = Arc<OnceCell<Arc<[LiveObject]>>>;

/// What the steps of one apply share.
pub(super) struct Work<'a> {
    run: &'a Run,
    cloud: &'static dyn Cloud,
    /// The write-only values of the configuration.
    secrets: &'a Components,
    /// Components that an interrupted apply of this stack left behind.
    left: &'a Components,
    /// The components as last read.
    before: &'a Components,
    /// The grants that the stack itself made on the account before.
    own_before: &'a Grants,
    /// The stack's own attributes as planned.
    planned: &'a Stack,
    /// Whether the policy of the account is as planned.
    is_account_settled: AtomicBool,
    /// The scope that they were made in.
    scope_before: &'a Scope,
    /// Whether there is no state of the stack at all.
    is_without_state: bool,
    /// Components whose objects an interrupted run has left before it could stamp them.
    unstamped: BTreeSet<Address>,
    /// Whether the state protects what it holds.
    is_protected: bool,
    live: Mutex<Components>,
    created: Mutex<BTreeMap<Address, LiveObject>>,
    listed: Mutex<BTreeMap<(&'static str, String), Listed>>,
}

impl Work<'_> {
    /// The components that exist at this moment.
    fn live(&self) -> MutexGuard<'_, Components> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The objects that this apply has created, and whose children are to follow.
    fn created(&self) -> MutexGuard<'_, BTreeMap<Address, LiveObject>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All objects at a place of a kind whose objects the server names; read once for all components there.
    async fn all_of(&self, kind: &'static AnyKind, place: &str) -> Result<Arc<[LiveObject]>, CallError> {
        let cell = {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            listed.entry((kind.name(), place.to_owned())).or_default().clone()
        };
        let read = || async { Ok(Arc::from(kind.list(self.run, place, Detail::Whole).await?)) };
        cell.get_or_try_init(read).await.cloned()
    }

    /// Whether the object is one that the stack had before this apply, and so is nothing that an interrupted one left.
    fn had(&self, kind: &AnyKind, name: &str) -> bool {
        self.before.iter().any(|(address, component)| {
            address.kind.name() == kind.name()
                && kind.object_name(component, self.scope_before).as_deref() == Some(name)
        })
    }

    /// The component with the write-only values of the configuration.
    fn with_secrets(&self, address: &Address, component: &Dynamic) -> Dynamic {
        let mut component = component.clone();
        if let Some(secrets) = self.secrets.get(address) {
            secrets::put(address.kind, &mut component, secrets);
        }
        component
    }
}

/// What was before an apply.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    /// The components as last read.
    pub(crate) components: &'a Components,
    /// The grants that the stack itself made on the account.
    pub(crate) own: &'a Grants,
    /// The scope that they were made in.
    pub(crate) scope: &'a Scope,
    /// Whether the state protects what it holds.
    pub(crate) is_protected: bool,
}

/// Does the steps of a plan. `kept` are the planned components; those with a step exist only once it is done. `planned` has
/// the stack's own attributes.
pub(crate) async fn apply(
    run: &Run,
    cloud: &'static dyn Cloud,
    steps: Vec<Step>,
    (planned, kept): (&Stack, Components),
    Before { components: before, own: own_before, scope: scope_before, is_protected }: Before<'_>,
    secrets: &Components,
    left: &Components,
) -> Outcome {
    let steps = split_replacements(steps, &run.scope, is_protected);
    let is_without_state = before.is_empty() && left.is_empty();
    if before.is_empty() {
        // An object without labels bears no stamp, and its creation would fail: that is told before anything is created.
        // Terraform then keeps what it had, also the remains of an interrupted apply that it puts aside under
        // create_before_destroy.
        let unlabelled = steps.iter().filter(|step| !labels::are_kept(step.address.kind));
        let sight = look::creations(run, cloud, unlabelled, &kept, is_without_state, left).await;
        let conflicts: Diagnostics =
            sight.diagnostics.into_iter().filter(|one| one.severity == Severity::Error).collect();
        if conflicts.has_error() {
            return Outcome { components: left.clone(), is_account_settled: false, diagnostics: conflicts };
        }
    }
    let unstamped = match is_without_state {
        true => unstamped(run, cloud, &steps, &kept, left).await,
        false => BTreeSet::new(),
    };
    let mut live = kept.clone();
    for step in &steps {
        // What an interrupted creation left is there until its step says otherwise.
        match (step.prior.as_ref().or(left.get(&step.address)), &step.action) {
            (_, Action::Release) => drop(live.remove(&step.address)),
            (Some(prior), _) => drop(live.insert(step.address.clone(), prior.clone())),
            (None, _) => drop(live.remove(&step.address)),
        }
    }
    let work = Work {
        run,
        cloud,
        secrets,
        left,
        before,
        own_before,
        planned,
        is_account_settled: AtomicBool::new(true),
        scope_before,
        is_without_state,
        unstamped,
        is_protected,
        live: Mutex::new(live),
        created: Mutex::default(),
        listed: Mutex::default(),
    };
    let looked_up = look_up(&work, &steps);
    let (diagnostics, ()) = futures::join!(ordering::run(&work, &steps, &kept), looked_up);
    run.progress.flush().await;
    let components = work.live.into_inner().unwrap_or_else(PoisonError::into_inner);
    Outcome { components, is_account_settled: work.is_account_settled.into_inner(), diagnostics }
}

/// The components whose objects an interrupted run has left before it could stamp them, as the plan has announced. Only
/// where there is such an object, the others are looked at for the stamp.
async fn unstamped(
    run: &Run,
    cloud: &'static dyn Cloud,
    steps: &[Step],
    kept: &Components,
    left: &Components,
) -> BTreeSet<Address> {
    let is_stamped_late = |step: &&Step| step.address.kind.untouched().is_some();
    let late = steps.iter().filter(is_stamped_late);
    let sight = look::creations(run, cloud, late, kept, true, left).await;
    if !sight.diagnostics.has_error() {
        return sight.unstamped;
    }
    look::creations(run, cloud, steps, kept, true, left).await.unstamped
}

/// Makes a removal and a creation of each replacement. Where the new object has the name of the old one, the old one
/// goes first; otherwise the new one is made first, so that those who use it can move over.
fn split_replacements(steps: Vec<Step>, scope: &Scope, is_protected: bool) -> Vec<Step> {
    let split = |step: Step| {
        let (Action::Replace, Some(prior), Some(planned)) = (&step.action, &step.prior, &step.planned) else {
            return vec![step];
        };
        let name = |component| step.address.kind.object_name(component, scope);
        let keeps_name = name(prior).is_some_and(|old| name(planned) == Some(old));
        let removal = match protection::fate(&step.address, prior, is_protected) {
            Fate::Deleted if keeps_name => Action::Delete,
            Fate::Deleted => Action::Discard,
            // The plan has refused what must stay; what is left behind needs no step.
            Fate::Released | Fate::Prevented => return vec![Step { action: Action::Create, prior: None, ..step }],
        };
        let creation = Step { action: Action::Create, prior: None, ..step.clone() };
        // The removal comes last: until something is done, the old object is what there is.
        vec![creation, Step { action: removal, planned: None, ..step }]
    };
    steps.into_iter().flat_map(split).collect()
}

/// Reads beforehand what creations will ask for: which objects of kinds that the server names are there already.
async fn look_up(work: &Work<'_>, steps: &[Step]) {
    let created = steps.iter().filter(|step| step.action == Action::Create).filter_map(|step| {
        let kind = step.address.kind;
        let place = kind.objects().collection(step.planned.as_ref()?, &work.run.scope).place;
        kind.is_named_by_cloud().then_some(((kind.name(), place), kind))
    });
    let collections: BTreeMap<(&str, String), _> = created.collect();
    // A creation that needs it reads again what failed here, and reports it.
    futures::future::join_all(collections.into_iter().map(|((_, place), kind)| async move {
        let _ = work.all_of(kind, &place).await;
    }))
    .await;
}

/// Deletes a whole stack, and takes its `own` grants back: users first. What is abandoned stays.
pub(crate) async fn destroy(run: &Run, cloud: &'static dyn Cloud, components: &Components, own: &Grants) -> Outcome {
    let steps = components.iter().map(|(address, component)| {
        // What is protected has been refused by the plan.
        let action = match protection::fate(address, component, false) {
            Fate::Deleted => Action::Delete,
            Fate::Released | Fate::Prevented => Action::Release,
        };
        Step { address: address.clone(), action, prior: Some(component.clone()), planned: None }
    });
    let before = Before { components, own, scope: &run.scope, is_protected: false };
    let nothing = Stack::empty(cloud.layout());
    let kept = (&nothing, Components::new());
    apply(run, cloud, steps.collect(), kept, before, &Components::new(), &Components::new()).await
}

/// Lets go of components, whose objects stay.
pub(crate) async fn release(run: &Run, cloud: &'static dyn Cloud, components: &Components) -> Outcome {
    let steps = components.iter().map(|(address, component)| Step::release(address, component)).collect();
    let before = Before { components, own: &Grants::new(), scope: &run.scope, is_protected: false };
    let nothing = Stack::empty(cloud.layout());
    apply(run, cloud, steps, (&nothing, Components::new()), before, &Components::new(), &Components::new()).await
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
        Diagnostic::warning("Some components were not applied", format!("{names} wait for what failed. {next}"))
    })
}
