//! Which of the objects that are there an import takes: those that selectors name, else those that are marked as the
//! stack's, else all of them.
//!
//! The stack's stamp is a mark; where teams share accounts, its name in an object's name or labels is one, too. What marked
//! objects use comes along. Kinds without labels bear no stamp: where the project has one stack, theirs are the stack's;
//! where it has more, only what the stamped objects use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics};

use super::policies::Policies;
use super::{Candidate, Survey, bearing};
use crate::engine::cloud::Cloud;
use crate::engine::import_id::ImportName;
use crate::engine::kind::Discovery;
use crate::engine::labels::Owner;
use crate::engine::run::Run;

/// The indexes of the candidates to import.
///
/// # Errors
/// When a selector matches nothing, or a policy that decides could not be read.
pub(super) async fn choose(
    run: &Run,
    cloud: &dyn Cloud,
    import: &ImportName,
    survey: &Survey,
    policies: &mut Policies,
    diagnostics: &mut Diagnostics,
) -> Result<BTreeSet<usize>, Diagnostics> {
    let candidates = &survey.candidates;
    if !import.selectors.is_empty() {
        return selected(import, candidates);
    }
    let all = 0..candidates.len();
    let stamped: BTreeSet<usize> = all.clone().filter(|at| candidates[*at].owner(&run.scope) == Owner::This).collect();
    if cloud.terms().account_is_shared() {
        let is_named = |at: &usize| bearing::bears(&candidates[*at], &import.stack);
        let is_nobodys = |at: &usize| candidates[*at].owner(&run.scope) != Owner::Other;
        let marked: BTreeSet<usize> = all.clone().filter(is_named).filter(is_nobodys).chain(stamped).collect();
        if marked.is_empty() {
            return Ok(all.collect());
        }
        let chosen = Uses::of(candidates).with_watchers(marked);
        let left = all.filter(|at| !chosen.contains(at)).filter(is_nobodys);
        diagnostics.extend(not_marked(cloud, import, candidates, left));
        return Ok(chosen);
    }
    if stamped.is_empty() {
        return Ok(all.collect());
    }
    let uses = Uses::of(candidates);
    let unlabelled: BTreeSet<usize> = all.filter(|at| candidates[*at].has_no_labels()).collect();
    if !survey.is_shared {
        return Ok(uses.followed(stamped.union(&unlabelled).copied().collect()));
    }
    // A budget that reports to the stack's topic is the stack's.
    let users = unlabelled.iter().copied().filter(|at| uses.some_of(*at, &stamped));
    let mut chosen = uses.followed(stamped.iter().copied().chain(users).collect());
    loop {
        policies.read(run, candidates, &chosen).await?;
        let named: Vec<usize> = chosen.iter().flat_map(|at| uses.named_by(*at, policies)).collect();
        let more = uses.followed(chosen.iter().copied().chain(named).collect());
        if more.len() == chosen.len() {
            break;
        }
        chosen = more;
    }
    diagnostics.extend(left_out(import, candidates, unlabelled.difference(&chosen)));
    Ok(chosen)
}

/// What the selectors name, and what comes along.
fn selected(import: &ImportName, candidates: &[Candidate]) -> Result<BTreeSet<usize>, Diagnostics> {
    let mut chosen = BTreeSet::new();
    let mut diagnostics = Diagnostics::new();
    for (kind, patterns) in &import.selectors {
        let of_kind: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at].kind.name() == *kind).collect();
        for pattern in patterns {
            let matching: Vec<usize> =
                of_kind.iter().copied().filter(|at| pattern.matches(&candidates[*at].name())).collect();
            if matching.is_empty() {
                let names: Vec<String> = of_kind.iter().map(|at| candidates[*at].name()).collect();
                let there = if names.is_empty() {
                    "there are none".to_owned()
                } else {
                    format!("there are {}", names.join(", "))
                };
                diagnostics.push(Diagnostic::error(
                    "A selector matches nothing",
                    format!(
                        "{kind}={} matches none of the {kind} of project {} in region {}: {there}.",
                        pattern.as_str(),
                        import.account,
                        import.region
                    ),
                ));
            }
            chosen.extend(matching);
        }
    }
    if diagnostics.has_error() {
        return Err(diagnostics);
    }
    if !import.follow {
        return Ok(chosen);
    }
    Ok(Uses::of(candidates).with_watchers(chosen))
}

/// What each candidate uses of the others.
struct Uses<'c> {
    candidates: &'c [Candidate],
    by_name: BTreeMap<(&'static str, &'c str), usize>,
    direct: Vec<BTreeSet<usize>>,
    /// What each candidate watches or leads to.
    watched: Vec<BTreeSet<usize>>,
    /// The kinds whose objects bear no labels.
    unlabelled: BTreeSet<&'static str>,
}

impl<'c> Uses<'c> {
    fn of(candidates: &'c [Candidate]) -> Self {
        let mut by_name = BTreeMap::new();
        for (at, candidate) in candidates.iter().enumerate() {
            for name in candidate.names() {
                by_name.entry((candidate.kind.name(), name)).or_insert(at);
            }
        }
        let of_each = |named: fn(&dyn Discovery, &Json) -> Vec<(&'static str, String)>| {
            let of = |candidate: &Candidate| {
                let discovery = candidate.kind.discovery();
                let named = discovery.map(|discovery| named(discovery, &candidate.found.body)).unwrap_or_default();
                named.into_iter().filter_map(|(kind, name)| by_name.get(&(kind, name.as_str())).copied()).collect()
            };
            candidates.iter().map(of).collect::<Vec<BTreeSet<usize>>>()
        };
        let (direct, watched) = (of_each(|it, body| it.uses(body)), of_each(|it, body| it.watches(body)));
        let unlabelled = candidates.iter().filter(|candidate| candidate.has_no_labels());
        let unlabelled = unlabelled.map(|candidate| candidate.kind.name()).collect();
        Self { candidates, by_name, direct, watched, unlabelled }
    }

    /// Whether a candidate uses one of `others`.
    fn some_of(&self, at: usize, others: &BTreeSet<usize>) -> bool {
        self.direct[at].iter().any(|used| others.contains(used))
    }

    /// The chosen ones with everything that they use.
    fn followed(&self, mut chosen: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = chosen.iter().copied().collect();
        while let Some(at) = open.pop() {
            open.extend(self.direct[at].iter().copied().filter(|used| chosen.insert(*used)));
        }
        chosen
    }

    /// The chosen ones with everything that they use and that watches one of them, and so on.
    fn with_watchers(&self, chosen: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut chosen = self.followed(chosen);
        loop {
            let watches = |at: &usize| self.watched[*at].iter().any(|watched| chosen.contains(watched));
            let more: Vec<usize> =
                (0..self.candidates.len()).filter(|at| !chosen.contains(at)).filter(watches).collect();
            if more.is_empty() {
                return chosen;
            }
            chosen.extend(more);
            chosen = self.followed(chosen);
        }
    }

    /// The candidates without labels that the members of a policy are, or come from.
    fn named_by(&self, at: usize, policies: &Policies) -> Vec<usize> {
        let grants = policies.of(at).into_iter().flat_map(|policy| &policy.grants);
        let terms = self.candidates[at].kind.terms();
        let named = grants.filter_map(|(_, member)| terms.named_by_member(member));
        let of_name = |name| self.unlabelled.iter().filter_map(move |kind| self.by_name.get(&(*kind, name)).copied());
        named.flat_map(of_name).collect()
    }
}

/// The warning that names what was left out because it could be another stack's.
fn left_out<'a>(
    import: &ImportName,
    candidates: &[Candidate],
    indexes: impl Iterator<Item = &'a usize>,
) -> Option<Diagnostic> {
    let left: Vec<&Candidate> = indexes.map(|at| &candidates[*at]).collect();
    let first = left.first()?;
    let names: Vec<String> =
        left.iter().map(|candidate| format!("{} {}", candidate.kind.noun(), candidate.name())).collect();
    let example = format!("{}={}", first.kind.name(), first.name());
    let ImportName { account: project, region, stack, .. } = import;
    Some(Diagnostic::warning(
        "Objects without labels were not imported",
        format!(
            "Other stacks have objects in project {project}, and whose these are cannot be told: {}. Nothing of stack {stack} \
             uses them. To manage one with this stack, import everything that it is to have by name: \
             {project}/{region}/{stack}?{example}&KIND=NAME, and so on for each kind.",
            names.join(", ")
        ),
    ))
}

/// The warning that names what was left out because nothing says that it is the stack's.
fn not_marked(
    cloud: &dyn Cloud,
    import: &ImportName,
    candidates: &[Candidate],
    indexes: impl Iterator<Item = usize>,
) -> Option<Diagnostic> {
    const SHOWN: usize = 10;
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for at in indexes {
        left.entry(candidates[at].kind.name()).or_default().push(candidates[at].name());
    }
    let (kind, names) = left.first_key_value()?;
    let example = format!("{kind}={}", names.first()?);
    let lines: Vec<String> = left
        .iter()
        .map(|(kind, names)| {
            let more = names.len().saturating_sub(SHOWN);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("- {kind}: {}{more}", names[..names.len().min(SHOWN)].join(", "))
        })
        .collect();
    let terms = cloud.terms();
    let ImportName { account, region, stack, .. } = import;
    Some(Diagnostic::warning(
        "Objects that do not bear the stack's name were not imported",
        format!(
            "Neither their names nor their {label}s say {stack}, and nothing that does uses them. They stay as they are, and \
             no plan changes them. To have the stack manage some, import everything that it is to have by name: \
             {account}/{region}/{stack}?{example}&KIND=NAME, in which * stands for any text.\n\n{lines}",
            label = terms.labels().noun,
            lines = lines.join("\n")
        ),
    ))
}
