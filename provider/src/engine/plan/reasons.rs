//! Why a component is changed, or is not: one line in the log at DEBUG for each, for whoever asks why Terraform wants
//! something.

use tfplugin::{Attribute, Dynamic};
use tracing::{Level, debug, enabled};

use super::Action;
use crate::engine::address::Address;
use crate::engine::spelling::{is_hidden, spell_short};

/// Whether somebody reads them.
pub(super) fn are_wanted() -> bool {
    enabled!(Level::DEBUG)
}

/// Logs what is planned for a component, and for each attribute that is another than before, or is written in another way,
/// why.
pub(super) fn log(
    address: &Address,
    before: Option<&Dynamic>,
    configured: &Dynamic,
    planned: &Dynamic,
    action: Option<&Action>,
) {
    let nothing = Dynamic::Null;
    let before = before.unwrap_or(&nothing);
    let attributes = &address.kind.object().attributes;
    let reasons: Vec<String> =
        attributes.iter().filter_map(|attribute| reason(attribute, before, configured, planned)).collect();
    debug!(component = %address, action = %word(action), reasons = reasons.join("; "), "planned");
}

fn word(action: Option<&Action>) -> &'static str {
    match action {
        None => "none",
        Some(Action::Create) => "create",
        Some(Action::Update { .. }) => "update",
        Some(Action::Replace) => "replace",
        Some(Action::Discard | Action::Delete) => "delete",
        Some(Action::Release) => "release",
    }
}

/// Why the attribute is planned as it is; `None` where nothing is to be said.
fn reason(attribute: &Attribute, before: &Dynamic, configured: &Dynamic, planned: &Dynamic) -> Option<String> {
    let name = &attribute.name;
    let (was, said, is) = (before.get(name), configured.get(name), planned.get(name));
    let why = if was == is {
        // Inside of what is nested, silence is no spelling.
        if said.is_null() || said == is || attribute.write_only || attribute.nested().is_some() {
            return None;
        }
        format!("equal: {} in the configuration means the same", shown(attribute, said))
    } else if is.is_unknown() {
        "unknown: known after apply".to_owned()
    } else if said.is_null() && attribute.default.as_ref() == Some(is) {
        "default: the configuration is silent".to_owned()
    } else if said.is_null() {
        "follows: the configuration is silent".to_owned()
    } else {
        "configured".to_owned()
    };
    Some(format!("{name}: {} -> {} ({why})", shown(attribute, was), shown(attribute, is)))
}

fn shown(attribute: &Attribute, value: &Dynamic) -> String {
    if is_hidden(attribute) && !value.is_null() && !value.is_unknown() {
        "(not shown)".to_owned()
    } else {
        spell_short(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::tests::service;
    use crate::google::kinds::fixtures;

    /// The reasons for a service that was, is configured and is planned so.
    fn reasons(before: &serde_json::Value, configured: &serde_json::Value, planned: &serde_json::Value) -> Vec<String> {
        let kind = crate::google::kinds::KINDS.iter().copied().find(|kind| kind.name() == "services").unwrap();
        let [before, configured, planned] =
            [before, configured, planned].map(|more| fixtures::component(kind, &service(more)));
        kind.object()
            .attributes
            .iter()
            .filter_map(|attribute| reason(attribute, &before, &configured, &planned))
            .collect()
    }

    #[test]
    fn each_reason_has_its_words() {
        let said = reasons(&json!({"cpu": "1000m"}), &json!({"cpu": "1"}), &json!({"cpu": "1000m"}));
        assert_eq!(said, [r#"cpu: "1000m" -> "1000m" (equal: "1" in the configuration means the same)"#]);
        let said = reasons(&json!({"max_instances": 3}), &json!({"max_instances": 5}), &json!({"max_instances": 5}));
        assert_eq!(said, ["max_instances: 3 -> 5 (configured)"]);
        let said = reasons(&json!({"max_instances": 3}), &json!({}), &json!({"max_instances": 100}));
        assert_eq!(said, ["max_instances: 3 -> 100 (follows: the configuration is silent)"]);
    }

    #[test]
    fn what_people_keep_secrets_in_is_not_shown() {
        let env = |value: &str| json!({"env": {"KEY": value}});
        let said = reasons(&env("hunter2"), &env("hunter3"), &env("hunter3"));
        assert_eq!(said, ["env: (not shown) -> (not shown) (configured)"]);
    }
}
