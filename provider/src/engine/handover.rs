//! What one process remembers between two calls of Terraform.
//!
//! Terraform replaces a resource whose create failed: it deletes the tainted object and creates it anew. The delete half
//! then deletes nothing and hands the object over to the create half, which follows in the same process. With
//! `create_before_destroy` the create half comes first; the delete half then finds its objects in use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::model::Stack;

/// Memory of one configured provider, by the id of the stack.
#[derive(Debug, Default)]
pub struct Handover {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    left: BTreeMap<String, Stack>,
    alive: BTreeMap<String, BTreeSet<String>>,
    imported: BTreeMap<String, Stack>,
}

impl Handover {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The delete half of a replacement leaves a stack to the create half.
    pub fn leave(&self, id: &str, stack: Stack) {
        self.memory().left.insert(id.to_owned(), stack);
    }

    /// What was left to the create half: Terraform has it planned once more before it runs.
    pub fn is_left(&self, id: &str) -> Option<Stack> {
        self.memory().left.get(id).cloned()
    }

    /// The create half takes what was left.
    pub fn take(&self, id: &str) -> Option<Stack> {
        self.memory().left.remove(id)
    }

    /// The stack was created or changed in this process: the objects of these full names are in use.
    pub fn mark_alive(&self, id: &str, objects: BTreeSet<String>) {
        self.memory().alive.insert(id.to_owned(), objects);
    }

    /// The objects of a stack that was created or changed in this process.
    pub fn alive(&self, id: &str) -> Option<BTreeSet<String>> {
        self.memory().alive.get(id).cloned()
    }

    /// An import has just read this stack: the read that follows need not do it again.
    pub fn remember_import(&self, id: &str, stack: Stack) {
        self.memory().imported.insert(id.to_owned(), stack);
    }

    /// Whether `stack` is what an import has just read; it counts once.
    pub fn was_just_imported(&self, id: &str, stack: &Stack) -> bool {
        self.memory().imported.remove(id).is_some_and(|imported| imported == *stack)
    }
}
