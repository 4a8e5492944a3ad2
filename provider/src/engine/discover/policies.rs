//! The IAM policies of candidates, each read at most once.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use tfplugin::Diagnostics;

use super::Candidate;
use crate::engine::Address;
use crate::engine::grants::Policy;
use crate::engine::problem::{self, Operation};
use crate::engine::run::Run;

/// What was read, by the candidate's index.
#[derive(Default)]
pub(super) struct Policies(BTreeMap<usize, Reading>);

/// The outcome for one candidate.
enum Reading {
    /// The policy.
    Policy(Policy),
    /// Its kind has none.
    None,
    /// Who imports may not read it.
    Denied,
}

impl Policies {
    /// The policy of a candidate, if it was read and there is one.
    pub(super) fn of(&self, at: usize) -> Option<&Policy> {
        match self.0.get(&at)? {
            Reading::Policy(policy) => Some(policy),
            Reading::None | Reading::Denied => None,
        }
    }

    /// Whether who imports may not read the policy of a candidate.
    pub(super) fn is_denied(&self, at: usize) -> bool {
        matches!(self.0.get(&at), Some(Reading::Denied))
    }

    /// Reads those of `chosen` that were not read before.
    ///
    /// # Errors
    /// When one could not be read.
    pub(super) async fn read(
        &mut self,
        run: &Run,
        candidates: &[Candidate],
        chosen: &BTreeSet<usize>,
    ) -> Result<(), Diagnostics> {
        let open = chosen.iter().copied().filter(|at| !self.0.contains_key(at));
        let reads = open.map(|at| async move {
            let Candidate { kind, found } = &candidates[at];
            match kind.objects().policies() {
                Some(policies) => (at, policies.read(run, &found.name).await.map(Reading::Policy)),
                None => (at, Ok(Reading::None)),
            }
        });
        let mut diagnostics = Diagnostics::new();
        for (at, result) in join_all(reads).await {
            match result {
                Ok(policy) => drop(self.0.insert(at, policy)),
                // One object that keeps its policy to itself is no reason to import nothing.
                Err(error) if error.is_denied() => drop(self.0.insert(at, Reading::Denied)),
                Err(error) => {
                    let address = Address::new(candidates[at].kind, candidates[at].name());
                    let mut problem = problem::of_component(&address, Operation::Read, &error);
                    problem.path = None;
                    diagnostics.push(problem);
                }
            }
        }
        if diagnostics.has_error() { Err(diagnostics) } else { Ok(()) }
    }
}
