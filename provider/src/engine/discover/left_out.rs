//! What an import leaves out of the state, and the warnings that name it, so that nobody believes it to be managed.
//!
//! One warning for each sort of thing, with all objects in it: Terraform folds warnings of one title into the first.

use std::collections::BTreeMap;

use tfplugin::{Diagnostic, Diagnostics};

use crate::engine::Address;

/// An object: its component's address, and what the cloud calls it.
type Object = (String, String);

/// What was left out, by object.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    settings: BTreeMap<Object, Vec<String>>,
    grants: BTreeMap<Object, Vec<String>>,
    objects: BTreeMap<Object, Vec<String>>,
}

impl LeftOut {
    /// A field of the object that the schema does not have.
    pub(super) fn setting(&mut self, address: &Address, name: &str, field: String) {
        self.settings.entry(object(address, name)).or_default().push(field);
    }

    /// A grant that the cloud may have made, or that a configuration cannot say.
    pub(super) fn grant(&mut self, address: &Address, name: &str, role: &str, member: &str) {
        self.grants.entry(object(address, name)).or_default().push(format!("{role} to {member}"));
    }

    /// A grant under a condition.
    pub(super) fn conditional_grant(&mut self, address: &Address, name: &str, role: &str, member: &str) {
        self.grants.entry(object(address, name)).or_default().push(format!("{role} to {member} under a condition"));
    }

    /// All grants of an object whose policy who imports may not read.
    pub(super) fn policy(&mut self, address: &Address, name: &str) {
        let why = "all of them, because you may not read its policy".to_owned();
        self.grants.entry(object(address, name)).or_default().push(why);
    }

    /// An object, or one inside it, that a configuration cannot say, and why.
    pub(super) fn object(&mut self, place: String, name: &str, why: Vec<String>) {
        self.objects.entry((place, name.to_owned())).or_default().extend(why);
    }

    /// One warning for each sort.
    pub(super) fn warnings(self) -> Diagnostics {
        let mut warnings = Diagnostics::new();
        let of_objects = |objects| {
            let detail = "They stay in the cloud as they are, and the stack neither reads nor changes them.";
            let detail = told(detail, objects);
            Diagnostic::warning("Objects that the configuration cannot express were not imported", detail)
        };
        let of_settings = |objects| {
            let detail = "They stay as they are through every update; change them where they were set.";
            let detail = told(detail, objects);
            Diagnostic::warning("Imported objects have settings that the stack does not manage", detail)
        };
        let of_grants = |objects| {
            let detail = "They stay as they are. Grants to the cloud's own agents belong to what needs them; add one to iam \
                          if the stack is to keep it.";
            let detail = told(detail, objects);
            Diagnostic::warning("Imported objects have grants that the stack does not manage", detail)
        };
        warnings.extend(some(&self.objects).map(of_objects));
        warnings.extend(some(&self.settings).map(of_settings));
        warnings.extend(some(&self.grants).map(of_grants));
        warnings
    }
}

fn object(address: &Address, name: &str) -> Object {
    (address.to_string(), name.to_owned())
}

fn some(objects: &BTreeMap<Object, Vec<String>>) -> Option<&BTreeMap<Object, Vec<String>>> {
    Some(objects).filter(|objects| !objects.is_empty())
}

fn told(consequence: &str, objects: &BTreeMap<Object, Vec<String>>) -> String {
    let line = |((place, name), what): (&Object, &Vec<String>)| format!("- {place} ({name}): {}", what.join(", "));
    let lines: Vec<String> = objects.iter().map(line).collect();
    format!("{consequence}\n\n{}", lines.join("\n"))
}
