//! No circle between modules: a module is above what it imports.
//!
//! The modules of one parent are compared, each with all that is below it, so that a circle between two folders is one
//! even if it goes through four files. A parent and its own descendants may see each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use crate::source::{Id, Tree};
use crate::{Violation, resolve};

/// Where one module says another's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Witness {
    file: PathBuf,
    line: usize,
    path: String,
}

/// The imports between the modules of one parent.
type Level = BTreeMap<Id, BTreeMap<Id, Witness>>;

/// Each import that lies on a circle, with the shortest circle that it lies on.
pub fn violations(tree: &Tree) -> Vec<Violation> {
    let mut all = Vec::new();
    for (parent, level) in levels(tree) {
        for (from, imports) in &level {
            for to in imports.keys() {
                if let Some(way) = shortest(&level, *to, *from) {
                    all.push(violation(tree, parent, &level, *from, &way));
                }
            }
        }
    }
    all
}

fn violation(tree: &Tree, parent: Id, level: &Level, from: Id, way: &[Id]) -> Violation {
    let name = |id: Id| tree.module(id).path.last().cloned().unwrap_or_default();
    let around = tree.module(parent).display();
    let line = format!("circle {} {around}: {} -> {}", tree.name, name(from), name(way[0]));
    let circle = from_smallest(way);
    let names: Vec<String> = circle.iter().map(|id| name(*id)).collect();
    let mut explanation = format!("in {around} ({}): {}", tree.name, names.join(" -> "));
    for pair in circle.windows(2) {
        if let Some(witness) = level.get(&pair[0]).and_then(|imports| imports.get(&pair[1])) {
            let Witness { file, line, path } = witness;
            explanation.push_str(&format!("\n    {}:{line} {path}", file.display()));
        }
    }
    Violation { line, explanation }
}

/// A circle from its smallest member back to it, so that it reads the same wherever it was entered.
fn from_smallest(circle: &[Id]) -> Vec<Id> {
    let start = circle.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(place, _)| place);
    circle.iter().cycle().skip(start).take(circle.len() + 1).copied().collect()
}

fn levels(tree: &Tree) -> BTreeMap<Id, Level> {
    let mut levels: BTreeMap<Id, Level> = BTreeMap::new();
    for id in tree.ids() {
        let module = tree.module(id);
        for (path, line) in &module.mentions {
            for target in resolve::definers(tree, id, path) {
                let Some((parent, from, to)) = apart(tree, id, target) else { continue };
                let witness = Witness { file: module.file.clone(), line: *line, path: path.join("::") };
                let known = levels.entry(parent).or_default().entry(from).or_default().entry(to);
                known.and_modify(|first| *first = first.clone().min(witness.clone())).or_insert(witness);
            }
        }
    }
    levels
}

/// Where two modules part: the nearest module around both, and its children on the way to each. `None` if one is
/// around the other.
fn apart(tree: &Tree, from: Id, to: Id) -> Option<(Id, Id, Id)> {
    let (from, to) = (line_of(tree, from), line_of(tree, to));
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    Some((*from.get(common.checked_sub(1)?)?, *from.get(common)?, *to.get(common)?))
}

/// The modules around one, from the root down to itself.
fn line_of(tree: &Tree, id: Id) -> Vec<Id> {
    let mut line: Vec<Id> = std::iter::successors(Some(id), |id| tree.module(*id).parent).collect();
    line.reverse();
    line
}

/// The shortest way from one module to another, both included.
fn shortest(level: &Level, from: Id, to: Id) -> Option<Vec<Id>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        for next in level.get(&last).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(*next) {
                ways.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}
