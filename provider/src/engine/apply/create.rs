//! Making an object, or taking over the one that an interrupted run made.
//!
//! An object that exists under the wanted name is taken over if it carries this stack's stamp for this component, or if
//! this stack left it behind in an interrupted apply. Any other is an error that shows how to import it.

use tfplugin::{Diagnostic, Diagnostics, Dynamic};

use super::Work;
use crate::engine::address::Address;
use crate::engine::effective::settle;
use crate::engine::error::CallError;
use crate::engine::look::{Look, Verdict};
use crate::engine::marks::{Immutable, Inner, OwnKeys};
use crate::engine::objects::{Change, CreateError, Detail, LiveObject, Readiness, UpdateError};
use crate::engine::problem::{self, Operation};
use crate::engine::run::Run;
use crate::engine::spelling::{is_hidden, spell};
use crate::engine::{common, effective, labels, protection, refresh, secrets, tree, wire};

/// What a creation came to.
pub(super) struct Made {
    /// The component as it exists, also when something went wrong after it was made.
    pub(super) component: Option<Dynamic>,
    /// The object, where it was created just now and its children are to follow.
    pub(super) created: Option<LiveObject>,
    /// The object with the children that exist, where something went wrong after some were written.
    pub(super) reached: Option<LiveObject>,
    /// What went wrong.
    pub(super) diagnostics: Diagnostics,
}

/// Makes the component, or takes its object over.
pub(super) async fn create(work: &Work<'_>, address: &Address, planned: &Dynamic) -> Made {
    let left = work.left.get(address);
    let failed = |error: &CallError| failed(left, problem::of_component(address, Operation::Create, error));
    if let Some(left) = left {
        match still_there(work.run, address, left).await {
            Ok(Some(found)) => return Creation::new(work, address, planned, Some(left)).take_over(found).await,
            Ok(None) => {}
            Err(error) => return failed(&error),
        }
    }
    let creation = Creation::new(work, address, planned, None);
    if address.kind.is_named_by_cloud() {
        // The API would make a second one without a word.
        match work.all_of(address.kind, &creation.place()).await {
            Ok(all) => {
                if let Some(found) = creation.mine_among(&all) {
                    return creation.go_on_with(found).await;
                }
            }
            Err(error) => return failed(&error),
        }
    }
    creation.make().await
}

/// Creates the objects inside the component's, once that one exists. `created` is the object as this apply has created it;
/// one that was taken over is read anew, because it may have children.
pub(super) async fn create_children(
    work: &Work<'_>,
    address: &Address,
    planned: &Dynamic,
    created: Option<LiveObject>,
) -> Made {
    let recorded = work.live().get(address).cloned().unwrap_or_default();
    // One that was there goes on as what it was taken over as: whose it is, and so which labels it bears.
    let left = if created.is_some() { work.left.get(address) } else { Some(&recorded) };
    let mut creation = Creation::new(work, address, planned, left);
    // The object's own secrets were sent with it.
    for attribute in address.kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
        tree::set(&mut creation.meant, attribute.name.clone(), Dynamic::Null);
    }
    if let Some(created) = created {
        return creation.complete(&creation.as_new(), created).await;
    }
    match still_there(work.run, address, &recorded).await {
        Ok(Some(found)) => creation.take_over(found).await,
        Ok(None) => creation.failed(disappeared(address)),
        Err(error) => creation.failed(creation.problem(Operation::Read, &error)),
    }
}

fn failed(left: Option<&Dynamic>, diagnostic: Diagnostic) -> Made {
    Made { component: left.cloned(), created: None, reached: None, diagnostics: diagnostic.into() }
}

/// The object that an interrupted apply of this stack left for a component, unless it has gone since.
async fn still_there(run: &Run, address: &Address, left: &Dynamic) -> Result<Option<LiveObject>, CallError> {
    let (kind, name) = (address.kind, address.kind.object_name(left, &run.scope));
    let Some(name) = name else { return Ok(None) };
    match kind.read(run, &name).await? {
        // It was made moments ago: replicas need not all know it yet.
        None => kind.objects().look_for(kind.object(), run, &name).await,
        found => Ok(found),
    }
}

/// One creation.
struct Creation<'c> {
    work: &'c Work<'c>,
    address: &'c Address,
    /// What an interrupted apply left of the component.
    left: Option<&'c Dynamic>,
    /// The component as planned, with what only the apply can tell: whose object it is, and so which labels it bears.
    planned: Dynamic,
    /// What that means.
    meant: Dynamic,
    /// Whether the plan has left the labels to the apply.
    chose_labels: bool,
}

impl<'c> Creation<'c> {
    fn new(work: &'c Work<'c>, address: &'c Address, planned: &Dynamic, left: Option<&'c Dynamic>) -> Self {
        let scope = &work.run.scope;
        let mut planned = planned.clone();
        // What Terraform has shown holds: an object under a new KEY gets that KEY's stamp.
        let chose_labels = !planned.get(address.kind.effective_labels()).is_wholly_known();
        if chose_labels && let Some(labels) = labels::wanted(address, &planned, left, scope) {
            tree::set(&mut planned, address.kind.effective_labels(), labels);
        }
        let was_imported = left.is_some_and(protection::is_imported);
        tree::set(&mut planned, common::IMPORTED, Dynamic::Bool(was_imported));
        let meant = effective::effective(address, &work.with_secrets(address, &planned), &work.live(), scope);
        Self { work, address, left, planned, meant, chose_labels }
    }

    /// The same for an object that bears no stamp, and gets none.
    fn unstamped(&self, found: &LiveObject) -> Self {
        let scope = &self.work.run.scope;
        let mut planned = self.planned.clone();
        // What Terraform has shown holds.
        if let Some(labels) =
            labels::wanted(self.address, &planned, Some(&found.tree), scope).filter(|_| self.chose_labels)
        {
            tree::set(&mut planned, self.address.kind.effective_labels(), labels);
        }
        let with_secrets = self.work.with_secrets(self.address, &planned);
        let meant = effective::effective(self.address, &with_secrets, &self.work.live(), scope);
        Self { planned, meant, ..*self }
    }

    fn place(&self) -> String {
        self.address.kind.objects().collection(&self.meant, &self.work.run.scope).place
    }

    /// The object as it exists, whatever went wrong with it.
    fn exists_as(&self, found: &LiveObject, diagnostics: impl Into<Diagnostics>) -> Made {
        Made {
            component: Some(settle(&self.planned, &self.aligned(found))),
            created: None,
            reached: None,
            diagnostics: diagnostics.into(),
        }
    }

    /// The object as far as its creation came.
    fn exists_so_far(&self, found: &LiveObject, diagnostic: Diagnostic) -> Made {
        let Made { component, .. } = self.exists_as(found, Diagnostics::new());
        let so_far = |asked: Dynamic| {
            let asked = (&asked, &self.meant);
            refresh::reached(self.address, asked, asked, &found.tree)
        };
        Made { component: component.map(so_far), created: None, reached: None, diagnostics: diagnostic.into() }
    }

    /// The object as it was asked for, where nobody can say what it has become.
    fn exists_unseen(&self, diagnostic: Diagnostic) -> Made {
        Made {
            component: Some(settle(&self.planned, &without_unknowns(&self.meant))),
            created: None,
            reached: None,
            diagnostics: diagnostic.into(),
        }
    }

    /// Nothing new: what was left of it is left still.
    fn failed(&self, diagnostic: Diagnostic) -> Made {
        failed(self.left, diagnostic)
    }

    fn problem(&self, operation: Operation, error: &CallError) -> Diagnostic {
        problem::of_component(self.address, operation, error)
    }

    /// Makes the object.
    async fn make(&self) -> Made {
        let (kind, closed) = (self.address.kind, self.as_new());
        match kind.objects().create(kind.object(), self.work.run, &closed).await {
            Ok(found) => self.complete(&closed, found).await,
            Err(error) => self.after_failure(error).await,
        }
    }

    /// What a new object is made from: where there is nothing to adopt, silence means the defaults.
    fn as_new(&self) -> Dynamic {
        let mut meant = self.meant.clone();
        if common::adopts(&meant) {
            fill_defaults(self.address.kind.object(), &mut meant);
            for attribute in &self.address.kind.object().attributes {
                for (_, child) in effective::children_mut(attribute, &mut meant) {
                    wire::children(attribute).into_iter().for_each(|object| fill_defaults(object, child));
                }
            }
        }
        without_unknowns(&meant)
    }

    /// Adds the parts of an object that was just made. Without them it exists all the same.
    async fn complete(&self, closed: &Dynamic, found: LiveObject) -> Made {
        let bare = found.clone();
        let kind = self.address.kind;
        match kind.objects().create_children(kind.object(), self.work.run, closed, found).await {
            // The last call of its creation says so, with whatever the ones before have not brought about.
            Ok(found) if labels::is_unfinished(kind.terms(), &found.tree) => {
                Made { created: Some(found.clone()), ..self.take_over(found).await }
            }
            Ok(found) => Made { created: Some(found.clone()), ..self.exists_as(&found, Diagnostics::new()) },
            Err(error) => self.incomplete(&bare, Operation::Create, error),
        }
    }

    /// An object whose last change did not come to its end, and which was `found` before it.
    fn incomplete(&self, found: &LiveObject, operation: Operation, error: UpdateError) -> Made {
        match error {
            UpdateError::Unread { found, error } => {
                let made = self.exists_as(&found, self.problem(operation, &error));
                Made { reached: Some(*found), ..made }
            }
            UpdateError::Partly { found: reached, error } => {
                let made = self.without_parts(self.exists_as(found, self.problem(operation, &error)), Some(&reached));
                Made { reached: Some(*reached), ..made }
            }
            // It exists all the same, as it was found.
            UpdateError::Call(error) => {
                self.without_parts(self.exists_as(found, self.problem(operation, &error)), Some(found))
            }
            UpdateError::ByOthers { found, attributes } => {
                let problem = changed_by_others(self.address, &found, &attributes);
                self.without_secrets(self.exists_as(&found, problem))
            }
        }
    }

    /// What was not sent is not recorded as sent: the next apply sends it.
    fn without_secrets(&self, mut made: Made) -> Made {
        for attribute in self.address.kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
            let version = secrets::version_of(attribute);
            let sent = self.left.map(|left| left.get(&version).clone()).unwrap_or_default();
            if let Some(component) = &mut made.component {
                tree::set(component, version, sent);
            }
        }
        made
    }

    /// What comes after the creation was not written: no secrets, and of the settings that are objects of their own only
    /// those that were found.
    fn without_parts(&self, made: Made, found: Option<&LiveObject>) -> Made {
        let mut made = self.without_secrets(made);
        let inner = |attribute: &&tfplugin::Attribute| attribute.extensions.get::<Inner>().is_some();
        for attribute in self.address.kind.object().attributes.iter().filter(inner) {
            let there = found.map(|found| found.tree.get(&attribute.name)).unwrap_or(&Dynamic::Null);
            if let Some(component) = &mut made.component {
                let reached = labels::tracked(there, component.get(&attribute.name));
                tree::set(component, attribute.name.clone(), reached);
            }
        }
        made
    }

    /// What is meant, less the secrets that the interrupted apply has given the object already. One that was killed has left
    /// no record: what the object holds is then what it was given.
    fn still_meant(&self, found: &LiveObject) -> Dynamic {
        let mut meant = self.meant.clone();
        secrets::drop_held_inside(self.address, self.left, &found.tree, &mut meant);
        let kind = self.address.kind;
        if !kind.holds_secrets(&found.body) {
            return meant;
        }
        let left = self.left;
        let rotated = left.map(|left| effective::rotated(self.address, left, &self.planned)).unwrap_or_default();
        let is_rotated = |secret: &tfplugin::Attribute| rotated.iter().any(|rotated| rotated.name == secret.name);
        for attribute in kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
            if !is_rotated(attribute) {
                tree::set(&mut meant, attribute.name.clone(), Dynamic::Null);
            }
        }
        meant
    }

    /// Brings an object that is this stack's own to what is wanted.
    async fn take_over(&self, found: LiveObject) -> Made {
        let (run, address) = (self.work.run, self.address);
        let found = match address.kind.objects().settle(address.kind.object(), run, found).await {
            Ok(Some(found)) => found,
            Ok(None) => return self.failed(disappeared(address)),
            Err(error) => return self.failed(self.problem(Operation::Read, &error)),
        };
        let (before, mut after) = (self.known_of(&found), settle(&self.still_meant(&found), &self.aligned(&found)));
        if common::adopts(&self.meant) {
            effective::keep_silent(address, &before, &mut after);
            for attribute in &address.kind.object().attributes {
                let Some(object) = wire::children(attribute) else { continue };
                let is_new =
                    |(key, _): &(&tfplugin::Name, &mut Dynamic)| before.get(&attribute.name).get(key).is_null();
                for (key, child) in effective::children_mut(attribute, &mut after).filter(is_new) {
                    // It was settled with nothing: silence means the defaults.
                    *child = self.meant.get(&attribute.name).get(key).clone();
                    fill_defaults(object, child);
                    *child = without_unknowns(child);
                }
            }
        }
        let changed = effective::changed(address, &before, &after);
        for secret in effective::resent(address, &changed) {
            tree::set(&mut after, secret.name.clone(), self.meant.get(&secret.name).clone());
        }
        if let Some(refusal) = self.fixed(&changed, &before, &after).or_else(|| self.fixed_inside(&before, &after)) {
            return self.failed(refusal);
        }
        let result = if changed.is_empty() {
            address.kind.objects().repair(address.kind.object(), run, found.clone()).await.map_err(UpdateError::Call)
        } else {
            let change = Change { before: &before, after: &after };
            address.kind.objects().update(address.kind.object(), run, &found.name, change).await
        };
        match result {
            Ok(Some(found)) => self.exists_as(&found, failure_of(address, &found)),
            Ok(None) => self.failed(disappeared(address)),
            Err(error) => self.incomplete(&found, Operation::Update, error),
        }
    }

    /// The error for an object that would have to be made anew.
    fn fixed(&self, changed: &[&tfplugin::Attribute], before: &Dynamic, after: &Dynamic) -> Option<Diagnostic> {
        let address = self.address;
        let fixed = changed.iter().find(|attribute| attribute.extensions.get::<Immutable>().is_some())?;
        let (name, noun) = (&fixed.name, address.kind.noun());
        let title = format!("The {name} of a {noun} cannot be changed");
        let detail = unannounced(address, &address.to_string(), name, (before.get(name), after.get(name)));
        Some(Diagnostic::error(title, detail).at(address.path().attribute(name.clone())))
    }

    /// The error for an object inside this one that would have to be made anew.
    fn fixed_inside(&self, before: &Dynamic, after: &Dynamic) -> Option<Diagnostic> {
        let address = self.address;
        address.kind.object().attributes.iter().find_map(|attribute| {
            let remade = wire::remade(attribute, before.get(&attribute.name), after.get(&attribute.name));
            let remade = remade.into_iter().find(|remade| !address.kind.is_dead(remade.was))?;
            let name = &remade.attribute.name;
            let place = format!("{address}.{}[{:?}]", attribute.name, remade.key);
            let title = format!("The {name} of an object inside a {} cannot be changed", address.kind.noun());
            let detail = unannounced(address, &place, name, (remade.was.get(name), remade.is.get(name)));
            let path = address.path().attribute(attribute.name.clone()).key(remade.key).attribute(name.clone());
            Some(Diagnostic::error(title, detail).at(path))
        })
    }

    /// The object as found, with the children that this component has, under its KEYs.
    fn aligned(&self, found: &LiveObject) -> Dynamic {
        wire::aligned(self.address.kind.object(), &self.meant, &found.tree)
    }

    /// The object as found, less the entries of shared maps that are none of the stack's concern.
    fn known_of(&self, found: &LiveObject) -> Dynamic {
        let mut known = self.aligned(found);
        let shared = |attribute: &&tfplugin::Attribute| attribute.extensions.get::<OwnKeys>().is_some();
        for attribute in self.address.kind.object().attributes.iter().filter(shared) {
            let name = &attribute.name;
            let (meant, left) =
                (self.meant.get(name), self.left.map(|left| left.get(name)).cloned().unwrap_or_default());
            let tracked = labels::tracked(found.tree.get(name), &tree::union(meant, &left));
            tree::set(&mut known, name.clone(), tracked);
        }
        known
    }

    /// A creation that failed may have happened all the same, or met an object that exists.
    async fn after_failure(&self, failure: CreateError) -> Made {
        let (error, is_accepted) = match failure {
            CreateError::Asked(error) => (error, false),
            CreateError::Accepted(error) => (error, true),
        };
        let (address, kind) = (self.address, self.address.kind);
        let failed = || self.failed(self.problem(Operation::Create, &error));
        if !is_accepted && !error.is_already_exists() && !error.is_uncertain() {
            return failed();
        }
        let look = self.work.run.last_look();
        let found = match () {
            () if kind.is_named_by_cloud() => {
                let all = kind.list(&look, &self.place(), Detail::Whole).await;
                let all = all.as_ref().map(Vec::as_slice).map_err(|_| ());
                if labels::are_kept(address.kind) { self.stamped(all) } else { self.new_among(all).await }
            }
            // The API has said how it ended: what is there is in sight.
            () if error.is_of_ended_operation() => kind.read(&look, &self.name()).await.map_err(|_| ()),
            () => match kind.objects().look_for(kind.object(), &look, &self.name()).await {
                // Somebody else's: names of buckets are global.
                Err(other) if other.is_denied() && error.is_already_exists() => {
                    return self.failed(taken(address, &self.meant));
                }
                found => found.map_err(|_| ()),
            },
        };
        let has_stamp = labels::are_kept(address.kind);
        match found {
            // What was left out after the creation, parts and grants, is for the next apply, which finds it by its name.
            Err(()) if is_accepted => {
                self.without_parts(self.exists_unseen(self.problem(Operation::Create, &error)), None)
            }
            Ok(Some(found)) if is_accepted => {
                self.without_parts(self.exists_so_far(&found, self.problem(Operation::Create, &error)), Some(&found))
            }
            Err(()) => failed(),
            Ok(None) if error.is_already_exists() => self.revive().await.unwrap_or_else(failed),
            Ok(None) => failed(),
            // A creation whose reply was lost explains what is there.
            Ok(Some(found)) if error.is_uncertain() && (!has_stamp || self.is_of_this_stack(&found)) => {
                self.take_over(found).await
            }
            Ok(Some(found)) => self.go_on_with(found).await,
        }
    }

    fn look(&self) -> Look<'_> {
        let Work { run, cloud, is_without_state, unstamped, .. } = self.work;
        Look { cloud: *cloud, scope: &run.scope, is_without_state: *is_without_state, unstamped }
    }

    /// Goes on with an object that was there before this creation, if it may.
    async fn go_on_with(&self, found: LiveObject) -> Made {
        match self.look().meet(self.work.run, self.address, &self.meant, &found).await {
            Verdict::Resumed => self.take_over(found).await,
            Verdict::TakenOver | Verdict::Adopted(_) => {
                let mut made = self.unstamped(&found).take_over(found).await;
                if let Some(component) = &mut made.component {
                    tree::set(component, common::IMPORTED, Dynamic::Bool(true));
                }
                made
            }
            Verdict::InTheWay(problem) => self.failed(*problem),
            Verdict::Another => self.failed(self.look().exists(self.address, &found, None)),
        }
    }

    /// The one among all objects of a kind that the cloud names which this creation goes on with.
    fn mine_among(&self, all: &[LiveObject]) -> Option<LiveObject> {
        let title = self.address.kind.title(&self.meant);
        let is_spare = |found: &&LiveObject| !self.work.had(self.address.kind, &found.name);
        let goes_on = |found: &&LiveObject| match self.look().judge(self.address, &self.meant, found) {
            // Without a stamp the title leads to it.
            Verdict::TakenOver | Verdict::Adopted(_) => self.address.kind.title(&found.tree) == title,
            Verdict::Resumed => true,
            Verdict::InTheWay(_) => labels::are_kept(self.address.kind),
            Verdict::Another => false,
        };
        all.iter().filter(is_spare).find(goes_on).cloned()
    }

    /// Takes over the object that holds the name and is deleted in all but name. `None`: there is no such.
    async fn revive(&self) -> Option<Made> {
        let (run, kind) = (self.work.run, self.address.kind);
        match kind.objects().revive(run, &self.name()).await {
            Ok(true) => match kind.read(run, &self.name()).await {
                Ok(Some(found)) => Some(self.take_over(found).await),
                _ => None,
            },
            Ok(false) => None,
            Err(error) => Some(self.failed(self.problem(Operation::Create, &error))),
        }
    }

    fn name(&self) -> String {
        self.address.kind.object_name(&self.meant, &self.work.run.scope).unwrap_or_default()
    }

    /// Whether the object's stamp names this stack. Under a name of its own that is enough: its KEY may have changed.
    fn is_of_this_stack(&self, found: &LiveObject) -> bool {
        labels::owner(self.address.kind.terms(), &found.tree, &self.work.run.scope) == labels::Owner::This
    }

    /// The one among all objects of a kind without labels that has this component's title and was not there before.
    async fn new_among(&self, all: Result<&[LiveObject], ()>) -> Result<Option<LiveObject>, ()> {
        let (kind, all) = (self.address.kind, all?);
        let Ok(before) = self.work.all_of(kind, &self.place()).await else { return Ok(None) };
        let Some(title) = kind.title(&self.meant) else { return Ok(None) };
        let is_new = |found: &&LiveObject| {
            kind.title(&found.tree).as_deref() == Some(title.as_str())
                && !before.iter().any(|old| old.name == found.name)
        };
        Ok(all.iter().find(is_new).cloned())
    }

    /// The one among all objects of the kind that bears the stamp of this stack and component.
    fn stamped<E>(&self, all: Result<&[LiveObject], E>) -> Result<Option<LiveObject>, E> {
        let is_ours = |found: &&LiveObject| {
            let stamp = labels::stamped_key(self.address.kind.terms(), &found.tree);
            let is_spare = !self.work.had(self.address.kind, &found.name);
            is_spare && self.is_of_this_stack(found) && stamp == Some(&self.address.key)
        };
        all.map(|all| all.iter().find(is_ours).cloned())
    }
}

/// Closes what the plan has left open with the defaults.
fn fill_defaults(object: &tfplugin::ObjectSchema, tree: &mut Dynamic) {
    for attribute in &object.attributes {
        if let (true, Some(default)) = (tree.get(&attribute.name).is_unknown(), &attribute.default) {
            tree::set(tree, attribute.name.clone(), default.clone());
        }
    }
}

/// Why the object at `place` is not made anew, whatever the configuration allows: the plan knew no state of it, and so
/// could not announce that it goes.
fn unannounced(address: &Address, place: &str, name: &str, (was, is): (&Dynamic, &Dynamic)) -> String {
    let (was, is) = (spell(was), spell(is));
    format!(
        "{place} exists with {name} = {was}; the configuration says {is}. The API cannot change it, and the plan, which was to \
         create the stack, has not announced that anything is deleted, so it is left alone.\n\nTo keep it, set {name} = {was} \
         and apply. To replace it, take the taint off the stack (terraform untaint), set allow_replacement = true on \
         {address}, and plan: the plan then shows what it deletes."
    )
}

/// What the server is to choose is not sent.
fn without_unknowns(meant: &Dynamic) -> Dynamic {
    settle(meant, &Dynamic::Null)
}

/// The error for an object that is there and does not work, or not yet.
pub(super) fn failure_of(address: &Address, found: &LiveObject) -> Diagnostics {
    let why = match &found.readiness {
        Readiness::Ready => return Diagnostics::new(),
        Readiness::Pending => "its last change is still under way. Apply again to wait for its end".to_owned(),
        Readiness::Failed(why) => {
            format!("its last change failed: {why}. Once the cause is out of the way, apply again")
        }
    };
    let noun = address.kind.noun();
    Diagnostic::error(format!("The {noun} is not ready"), format!("{address} exists, but {why}."))
        .at(address.path())
        .into()
}

/// The error for an object that somebody else has changed since it was read.
pub(super) fn changed_by_others(address: &Address, found: &LiveObject, attributes: &[String]) -> Diagnostic {
    let shown = |name: &String| match address.kind.object().attribute(name) {
        // In free text people keep anything.
        Some(of_kind) if !is_hidden(of_kind) => {
            format!("{name} = {}", spell(found.tree.get(name)))
        }
        _ => name.clone(),
    };
    let values: Vec<String> = attributes.iter().map(shown).collect();
    let noun = address.kind.noun();
    let path = match attributes {
        [only] => address.path().attribute(only.clone()),
        _ => address.path(),
    };
    Diagnostic::error(
        format!("The {noun} was changed by somebody else"),
        format!(
            "{address}: since the plan, somebody else has changed what this apply would change, so it is left alone: {}. The \
             state has what is there now. Plan again to see the difference, and apply to have the configuration win.",
            values.join(", ")
        ),
    )
    .at(path)
}

pub(super) fn disappeared(address: &Address) -> Diagnostic {
    Diagnostic::error(
        format!("The {} disappeared", address.kind.noun()),
        format!("{address} was there a moment ago and is gone. Apply again to make it anew."),
    )
    .at(address.path())
}

fn taken(address: &Address, meant: &Dynamic) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), tree::text(meant, common::NAME).unwrap_or_default());
    Diagnostic::error(
        format!("The name of the {noun} is taken"),
        format!(
            "{address}: a {noun} named {name:?} exists and belongs to somebody else, and {}. Set another name on \
             {address}.",
            address.kind.terms().shared_names()
        ),
    )
    .at(address.path().attribute(common::NAME))
}
