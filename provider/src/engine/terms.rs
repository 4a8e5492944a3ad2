//! How a cloud writes things: members, roles, names, regions, labels. Below the kinds.

use super::grants::Policies;
use super::place::Place;

/// What a cloud calls labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelWords {
    /// One of them: `label`, `tag`.
    pub noun: &'static str,
    /// The computed attribute of a component with those that the stack keeps.
    pub effective: &'static str,
}

/// The language of one cloud.
pub trait Terms: Send + Sync {
    /// The resource type whose components are of this cloud: `mlops_stack`.
    fn resource(&self) -> &'static str;

    /// What messages call the account: `project`, `account`.
    fn account_noun(&self) -> &'static str;

    /// Whether teams usually share an account, so that only names and labels tell whose an object is.
    fn account_is_shared(&self) -> bool {
        false
    }

    /// What labels are called.
    fn labels(&self) -> LabelWords;

    /// The id by which some stack can be imported, for a message.
    fn import_example(&self) -> &'static str;

    /// The id of a stack.
    fn stack_id(&self, place: &Place, stack: &str) -> String;

    /// A name of an object of this account in one spelling, whichever name of the account stands in it; `None` for other
    /// names.
    fn canonical_name(&self, name: &str, place: &Place) -> Option<String>;

    /// The other spellings of a name that an object may have: with the account's number in place of its id.
    fn spellings(&self, name: &str, place: &Place) -> Vec<String>;

    /// The region that a location is, if it is a single one.
    fn region_of(&self, location: &str) -> Option<String>;

    /// Whether the cloud's own products set the label.
    fn is_cloud_label(&self, key: &str) -> bool;

    /// The end of a sentence that says why a label cannot be; `None` for one that can.
    fn refuse_label(&self, key: &str, value: &str) -> Option<String>;

    /// A member in the form in which the cloud compares it.
    fn canonical_member(&self, member: &str) -> String;

    /// The member that a component with [`Principal`](super::kind::Principal) is, by its address.
    fn member(&self, address: &str) -> String;

    /// Whether a member of a grant can only be the KEY of a component: the cloud writes none like it.
    fn is_key_member(&self, member: &str) -> bool;

    /// Whether the role of a grant can only be the KEY of a component: the cloud writes none like it.
    fn is_key_role(&self, role: &str) -> bool;

    /// What a message says about a member that is not one.
    fn refuse_member(&self, member: &str) -> Option<String>;

    /// The same for a grant on the account or project.
    fn refuse_account_member(&self, member: &str) -> Option<String> {
        self.refuse_member(member)
    }

    /// What a message says about a role that is not one.
    fn refuse_role(&self, role: &str) -> Option<String>;

    /// How members are written, as examples in a message.
    fn member_examples(&self) -> &'static str;

    /// Whether the cloud grants this by itself when objects are made or APIs are switched on.
    fn is_made_by_cloud(&self, role: &str, member: &str, place: &Place) -> bool;

    /// Whether every object has this grant from its creation on, so that leaving it out of an import loses nothing.
    fn comes_with_object(&self, role: &str, member: &str) -> bool {
        let _ = (role, member);
        false
    }

    /// Whether the cloud makes this grant on the account or project by itself.
    fn is_account_made_by_cloud(&self, role: &str, member: &str, place: &Place) -> bool {
        self.is_made_by_cloud(role, member, place)
    }

    /// What a member names: a principal by its address, or the object that it logs in through.
    fn named_by_member<'m>(&self, member: &'m str) -> Option<&'m str>;

    /// The policies of accounts or projects.
    fn account_policies(&self) -> &dyn Policies;

    /// The line of the inventory for the account or project as the target of grants.
    fn account_name(&self, place: &Place) -> String;

    /// Why the name of an object may be taken by somebody else, for a message.
    fn shared_names(&self) -> &'static str;
}
