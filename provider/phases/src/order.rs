//! Which phase waits for which.

use std::collections::{BTreeMap, BTreeSet};

use crate::PhaseId;

/// Phases and those that each depends on.
pub type Dependencies = BTreeMap<PhaseId, BTreeSet<PhaseId>>;

/// A cycle among phases: each depends on the next, the last on the first. `None` when there is none.
pub fn cycle(dependencies: &Dependencies) -> Option<Vec<PhaseId>> {
    let mut settled = BTreeSet::new();
    dependencies.keys().find_map(|start| visit(start, dependencies, &mut Vec::new(), &mut settled))
}

fn visit<'a>(
    phase: &'a PhaseId,
    dependencies: &'a Dependencies,
    trail: &mut Vec<&'a PhaseId>,
    settled: &mut BTreeSet<&'a PhaseId>,
) -> Option<Vec<PhaseId>> {
    if let Some(position) = trail.iter().position(|seen| *seen == phase) {
        return Some(trail[position..].iter().map(|phase| (*phase).clone()).collect());
    }
    if settled.contains(phase) {
        return None;
    }
    trail.push(phase);
    let before = dependencies.get(phase).into_iter().flatten();
    let found = before.into_iter().find_map(|before| visit(before, dependencies, trail, settled));
    trail.pop();
    settled.insert(phase);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(pairs: &[(&str, &[&str])]) -> Dependencies {
        let id = |text: &str| text.parse::<PhaseId>().unwrap_or_else(|error| panic!("{error}"));
        pairs.iter().map(|(phase, before)| (id(phase), before.iter().map(|text| id(text)).collect())).collect()
    }

    fn cycle_of(pairs: &[(&str, &[&str])]) -> Option<Vec<String>> {
        cycle(&phases(pairs)).map(|cycle| cycle.iter().map(PhaseId::to_string).collect())
    }

    #[test]
    fn a_chain_and_a_diamond_have_no_cycle() {
        assert_eq!(cycle_of(&[("1", &[]), ("2", &["1"]), ("3", &["1"]), ("4", &["2", "3"])]), None);
    }

    #[test]
    fn a_cycle_names_its_members_and_no_others() {
        let found = cycle_of(&[("1", &["2"]), ("2", &["3"]), ("3", &["4"]), ("4", &["2"])]);
        assert_eq!(found, Some(vec!["2".to_owned(), "3".to_owned(), "4".to_owned()]));
    }

    #[test]
    fn a_phase_that_depends_on_itself_is_a_cycle() {
        assert_eq!(cycle_of(&[("1", &["1"])]), Some(vec!["1".to_owned()]));
    }
}
