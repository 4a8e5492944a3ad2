//! A look before a stack is made: objects of kinds without labels that are there already.
//!
//! Such an object bears no stamp, so it cannot be taken over, and its creation would fail. That is told before anything is
//! made: Terraform then keeps what it had, also the remains of an interrupted apply that it puts aside under
//! `create_before_destroy`.

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::Diagnostics;

use super::create::exists;
use crate::engine::address::Address;
use crate::engine::model::Components;
use crate::engine::objects::{Detail, LiveObject};
use crate::engine::plan::{Action, Step};
use crate::engine::run::Run;
use crate::engine::{common, effective};

/// Components to be made of one collection, with what tells their objects: the relative name, else the title.
type Wanted<'s> = Vec<(&'s Address, String)>;

/// The errors for components to be made whose objects are there; not for those that an interrupted apply `left`. What
/// cannot be read is for the creations themselves to report.
pub(super) async fn conflicts(run: &Run, steps: &[Step], planned: &Components, left: &Components) -> Diagnostics {
    let mut collections: BTreeMap<(&str, String), Wanted<'_>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.action == Action::Create) {
        let (address, kind) = (&step.address, step.address.kind);
        if common::labels(kind.object()).is_some() || left.contains_key(address) {
            continue;
        }
        let Some(component) = &step.planned else { continue };
        let meant = effective::effective(address, component, planned, &run.scope);
        let name = if kind.is_named_by_cloud() { kind.title(&meant) } else { kind.object_name(&meant, &run.scope) };
        if let Some(name) = name {
            collections
                .entry((kind.name(), kind.objects().collection(&meant, &run.scope).place))
                .or_default()
                .push((address, name));
        }
    }
    let looks = collections.into_iter().map(|((_, place), wanted)| look(run, place, wanted));
    let mut diagnostics = Diagnostics::new();
    join_all(looks).await.into_iter().for_each(|found| diagnostics.extend(found));
    diagnostics
}

async fn look(run: &Run, place: String, wanted: Wanted<'_>) -> Diagnostics {
    let Some(kind) = wanted.first().map(|(address, _)| address.kind) else { return Diagnostics::new() };
    let is_titled = kind.is_named_by_cloud();
    let found: Vec<LiveObject> = match wanted.as_slice() {
        [(_, name)] if !is_titled => kind.read(run, name).await.ok().flatten().into_iter().collect(),
        _ => kind.list(run, &place, Detail::Tree).await.unwrap_or_default(),
    };
    let name_of = |found: &LiveObject| if is_titled { kind.title(&found.tree) } else { Some(found.name.clone()) };
    let there: BTreeMap<String, &LiveObject> =
        found.iter().filter_map(|found| Some((name_of(found)?, found))).collect();
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(wanted.iter().filter_map(|(address, name)| Some(exists(&run.scope, address, there.get(name)?))));
    diagnostics
}
