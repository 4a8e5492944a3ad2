//! Which module a path leads to: the one that defines what the path names, through every re-export.
//!
//! It knows no types: `Type::method` leads to where `Type` is defined, and a name of another crate leads nowhere.

use std::collections::BTreeSet;

use crate::source::mentions::EXTERN;
use crate::source::{Binding, Id, Tree};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(Id),
    /// An item that this module defines.
    Item(Id),
}

/// Names that are being looked up, so that an import of itself ends.
type Open = BTreeSet<(Id, String)>;

/// The modules that define what `path` names in module `at`; none if it is another crate's.
pub(crate) fn definers(tree: &Tree, at: Id, path: &[String]) -> BTreeSet<Id> {
    let targets = resolve(tree, at, path, &mut Open::new());
    targets
        .into_iter()
        .map(|target| match target {
            Target::Module(id) | Target::Item(id) => id,
        })
        .collect()
}

fn resolve(tree: &Tree, at: Id, path: &[String], open: &mut Open) -> Vec<Target> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let mut targets = match first.as_str() {
        "crate" => vec![Target::Module(Id(0))],
        "self" => vec![Target::Module(at)],
        "super" => tree.module(at).parent.map(Target::Module).into_iter().collect(),
        // Only the crate's own name leads back.
        EXTERN => match rest.split_first() {
            Some((name, rest)) if is_own_name(tree, name) => return resolve(tree, Id(0), &with("crate", rest), open),
            _ => return Vec::new(),
        },
        name => match lookup(tree, at, name, open) {
            Some(targets) => targets,
            None if is_own_name(tree, name) => vec![Target::Module(Id(0))],
            None => return Vec::new(),
        },
    };
    for segment in rest {
        let modules = targets.iter().filter_map(|target| match target {
            Target::Module(id) => Some(*id),
            Target::Item(_) => None,
        });
        let modules: Vec<Id> = modules.collect();
        if modules.is_empty() {
            break;
        }
        targets = modules.into_iter().flat_map(|id| step(tree, id, segment, open)).collect();
    }
    targets
}

/// What `segment` is in module `id`. A name that nothing defines comes out of a macro there.
fn step(tree: &Tree, id: Id, segment: &str, open: &mut Open) -> Vec<Target> {
    match segment {
        "super" => tree.module(id).parent.map(Target::Module).into_iter().collect(),
        "self" => vec![Target::Module(id)],
        name => lookup(tree, id, name, open).unwrap_or_else(|| vec![Target::Item(id)]),
    }
}

/// What a name stands for in a module; `None` if it has no such name, empty if it is another crate's.
fn lookup(tree: &Tree, id: Id, name: &str, open: &mut Open) -> Option<Vec<Target>> {
    let module = tree.module(id);
    if !open.insert((id, name.to_owned())) {
        // On the way already: what else the name stands for is found there.
        let direct = module.names.get(name)?.iter().filter_map(|binding| match binding {
            Binding::Item => Some(Target::Item(id)),
            Binding::Module(child) => Some(Target::Module(*child)),
            Binding::Import(_) => None,
        });
        return Some(direct.collect());
    }
    let found = match module.names.get(name) {
        Some(bindings) => Some(
            bindings
                .iter()
                .flat_map(|binding| match binding {
                    Binding::Item => vec![Target::Item(id)],
                    Binding::Module(child) => vec![Target::Module(*child)],
                    Binding::Import(path) => resolve(tree, id, path, open),
                })
                .collect(),
        ),
        None => module.globs.iter().find_map(|glob| {
            let targets = resolve(tree, id, glob, open);
            targets.into_iter().find_map(|target| match target {
                Target::Module(from) => lookup(tree, from, name, open),
                Target::Item(_) => None,
            })
        }),
    };
    open.remove(&(id, name.to_owned()));
    found
}

/// Whether the crate calls itself so (`extern crate self as name`).
fn is_own_name(tree: &Tree, name: &str) -> bool {
    let bindings = tree.module(Id(0)).names.get(name).into_iter().flatten();
    bindings
        .into_iter()
        .any(|binding| matches!(binding, Binding::Import(path) if path.len() == 1 && path[0] == "crate"))
}

fn with(first: &str, rest: &[String]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect()
}
