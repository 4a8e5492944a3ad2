//! Making an object, or taking over the one that an interrupted run made.
//!
//! An object that exists under the wanted name is taken over if it carries this stack's stamp for this component, or if
//! this stack left it behind in an interrupted apply. Any other is an error that shows how to import it.

use tfplugin::{Diagnostic, Diagnostics, Dynamic};

use super::Work;
use super::step::settle;
use crate::component::rest::Naming;
use crate::gcp::ApiError;
use crate::stack::cloud::{self, Found};
use crate::stack::problem::{self, Operation};
use crate::stack::{Address, effective, labels, locate, tree};

/// What a creation came to.
pub(super) struct Made {
    /// The component as it exists, also when something went wrong after it was made.
    pub(super) component: Option<Dynamic>,
    /// What went wrong.
    pub(super) diagnostics: Diagnostics,
}

impl Made {
    fn failed(diagnostic: Diagnostic) -> Self {
        Self { component: None, diagnostics: diagnostic.into() }
    }
}

/// Makes the component, or takes its object over.
pub(super) async fn create(work: &Work<'_>, address: &Address, planned: &Dynamic) -> Made {
    let meant = {
        let all = work.live();
        effective::effective(address, &work.with_secrets(address, planned), &all, &work.run.scope)
    };
    match left_behind(work, address, &meant).await {
        Ok(Some(found)) => return adopt(work, address, planned, &meant, found).await,
        Ok(None) => {}
        Err(error) => return Made::failed(problem::of_component(address, Operation::Create, &error)),
    }
    let closed = without_unknowns(&meant);
    match cloud::create(work.run, address, &closed).await {
        Ok(found) => Made { component: Some(settle(planned, &found.tree)), diagnostics: Diagnostics::new() },
        Err(error) => after_failure(work, address, planned, &meant, error).await,
    }
}

/// What the server is to choose is not sent.
fn without_unknowns(meant: &Dynamic) -> Dynamic {
    settle(meant, &Dynamic::Null)
}

/// The object that an interrupted apply of this stack made for this component, if it is still there.
async fn left_behind(work: &Work<'_>, address: &Address, meant: &Dynamic) -> Result<Option<Found>, ApiError> {
    let run = work.run;
    let kind = address.kind;
    let left = work.left.get(address).and_then(|left| locate::relative_name(kind, left, &run.scope));
    if let Some(name) = left {
        let same = kind.rest().naming == Naming::Server || locate::relative_name(kind, meant, &run.scope) == Some(name.clone());
        if same && let Some(found) = cloud::get(run, kind, &name).await? {
            return Ok(Some(found));
        }
    }
    if kind.rest().naming != Naming::Server {
        return Ok(None);
    }
    let all = work.all_of(kind).await?;
    Ok(all.iter().find(|found| is_ours(work, address, found)).cloned())
}

/// Whether the object's stamp names this stack and this component.
fn is_ours(work: &Work<'_>, address: &Address, found: &Found) -> bool {
    let found = found.tree.get("effective_labels");
    labels::is_stamped(found, &work.run.scope.stack) && labels::stamped_key(found) == Some(&address.key)
}

/// Brings an object that is this stack's own to what is wanted.
async fn adopt(work: &Work<'_>, address: &Address, planned: &Dynamic, meant: &Dynamic, found: Found) -> Made {
    let after = settle(meant, &found.tree);
    let mut before = found.tree.clone();
    let tracked = labels::tracked(before.get("effective_labels"), after.get("effective_labels"));
    if address.kind.object().attribute("effective_labels").is_some() {
        tree::set(&mut before, "effective_labels", tracked);
    }
    if effective::changed(address, &before, &after).is_empty() {
        return Made { component: Some(settle(planned, &found.tree)), diagnostics: Diagnostics::new() };
    }
    match cloud::update(work.run, address, &found.name, &before, &after).await {
        Ok(Some(updated)) => {
            Made { component: Some(settle(planned, &updated.tree)), diagnostics: Diagnostics::new() }
        }
        Ok(None) => Made::failed(Diagnostic::error(
            format!("The {} disappeared", address.kind.noun()),
            format!("{address} was there a moment ago and is gone. Apply again to make it anew."),
        )),
        // It exists all the same, as it was found.
        Err(error) => Made {
            component: Some(settle(planned, &found.tree)),
            diagnostics: problem::of_component(address, Operation::Update, &error).into(),
        },
    }
}

/// A creation that failed may have happened all the same, or met an object that exists.
async fn after_failure(
    work: &Work<'_>,
    address: &Address,
    planned: &Dynamic,
    meant: &Dynamic,
    error: ApiError,
) -> Made {
    let failed = || problem::of_component(address, Operation::Create, &error);
    if !error.is_already_exists() && !error.may_have_happened() {
        return Made::failed(failed());
    }
    let kind = address.kind;
    let found = match kind.rest().naming {
        Naming::Server => cloud::list(work.run, kind, "").await.map(|all| all.into_iter().find(|f| is_ours(work, address, f))),
        Naming::Body | Naming::Query(_) => {
            let name = locate::relative_name(kind, meant, &work.run.scope).unwrap_or_default();
            cloud::get(work.run, kind, &name).await
        }
    };
    let found = match found {
        Ok(found) => found,
        // Somebody else's: names of buckets are global.
        Err(other) if other.is_permission_denied() && error.is_already_exists() => {
            return Made::failed(taken(address, meant));
        }
        Err(_) => return Made::failed(failed()),
    };
    let has_stamp = crate::component::common::labels(kind.object()).is_some();
    match found {
        Some(found) if has_stamp && !is_ours(work, address, &found) => Made::failed(exists(work, address, &found)),
        Some(found) if !has_stamp && error.is_already_exists() => Made::failed(exists(work, address, &found)),
        // The error was about the object, not about its creation: a service whose first revision failed.
        Some(found) if !error.is_already_exists() && is_about_the_object(&error) => Made {
            component: Some(settle(planned, &found.tree)),
            diagnostics: failed().into(),
        },
        Some(found) => adopt(work, address, planned, meant, found).await,
        None => Made::failed(failed()),
    }
}

/// Whether an operation on an object that exists failed, rather than the reply to its creation was lost.
fn is_about_the_object(error: &ApiError) -> bool {
    matches!(error.cause(), crate::gcp::Cause::Operation { .. })
}

fn taken(address: &Address, meant: &Dynamic) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), tree::text(meant, "name").unwrap_or_default());
    Diagnostic::error(
        format!("The name of the {noun} is taken"),
        format!(
            "{address}: a {noun} named {name:?} exists and belongs to somebody else, and such names are shared by all of \
             Google Cloud. Set another name on {address}."
        ),
    )
    .at(address.path().attribute("name"))
}

fn exists(work: &Work<'_>, address: &Address, found: &Found) -> Diagnostic {
    let scope = &work.run.scope;
    let noun = address.kind.noun();
    let id = format!("{}/{}/{}", scope.project, scope.region, scope.stack);
    let name = tree::text(&found.tree, "name").unwrap_or(&found.name);
    Diagnostic::error(
        format!("The {noun} exists already"),
        format!(
            "{address}: {name} is there, and this stack did not create it, so it is left alone.\n\nTo manage it with this \
             stack, import it before anything else is created:\n\n  terraform import mlops_stack.RESOURCE \
             '{id}?{}={name}'\n\nA stack that is in the state already has to leave it first (terraform state rm), and is then \
             imported with all it has: '{id}'. To leave the {noun} as it is, set another name on {address}.",
            address.kind.name()
        ),
    )
    .at(address.path())
}
