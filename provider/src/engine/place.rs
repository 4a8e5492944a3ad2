//! Where a stack is: an account or a project, and a region of it.

/// An account or project, and a region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The account's or project's id.
    pub account: String,
    /// Its number, where it has one beside the id, once it is known.
    pub number: Option<String>,
    /// The region that components without a location are in.
    pub region: String,
}

impl Place {
    /// Whether `name` is this account or project, by id or by number.
    pub fn is_account(&self, name: &str) -> bool {
        name == self.account || self.number.as_deref() == Some(name)
    }
}
