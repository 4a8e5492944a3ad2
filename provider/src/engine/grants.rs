//! Grants: who may do what with an object, or with the account or project as a whole.
//!
//! A stack adds grants and takes its own back; what others granted stays. How policies are read and written is the cloud's.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::error::CallError;
use super::run::Run;

/// Grants as role and member.
pub type Grants = BTreeSet<(String, String)>;

/// A policy as far as a stack is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The grants without conditions, members in canonical form.
    pub grants: Grants,
    /// The grants under a condition, which a stack cannot express.
    pub conditional: Grants,
}

/// The policies of the objects of one kind, or of accounts or projects.
#[async_trait]
pub trait Policies: Send + Sync {
    /// Reads the policy of the object of that name.
    ///
    /// # Errors
    /// Of the call.
    async fn read(&self, run: &Run, name: &str) -> Result<Policy, CallError>;

    /// Adds and removes grants; what others granted stays.
    ///
    /// # Errors
    /// Of the calls.
    async fn change(&self, run: &Run, name: &str, add: &Grants, remove: &Grants) -> Result<(), CallError>;
}
