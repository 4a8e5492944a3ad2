//! `runbook`: what to do when an alert of a preset fires.

use tfplugin::function::{Function, FunctionError, Parameter, Signature};

use crate::google::kinds;

/// The function.
#[derive(Debug)]
pub struct Runbook;

impl Function for Runbook {
    type Arguments = (String,);
    type Output = String;

    fn name(&self) -> &'static str {
        "runbook"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "The runbook of an alert preset".into(),
            description: "Gives the markdown that an alert policy of this preset carries as its documentation: what fired, how to \
                          find out why, and what to do. For wikis, repositories, and policies of one's own."
                .into(),
            deprecated: None,
            parameters: vec![Parameter::new("preset", "A preset of `alert_policies`, such as `high_error_rate`.")],
        }
    }

    fn call(&self, (preset,): (String,)) -> Result<String, FunctionError> {
        kinds::runbook(&preset).map(str::to_owned).ok_or_else(|| {
            let all = kinds::preset_names().join(", ");
            FunctionError::argument(0, format!("{preset:?} is not a preset. Presets are {all}."))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_a_runbook() {
        for preset in kinds::preset_names() {
            let text = Runbook.call(((*preset).to_owned(),)).unwrap();
            assert!(text.lines().count() > 5, "{preset}: {text}");
        }
    }

    #[test]
    fn an_unknown_preset_is_told_with_those_there_are() {
        let error = Runbook.call(("high_errors".to_owned(),)).unwrap_err();
        assert!(
            error.text.contains("\"high_errors\" is not a preset") && error.text.contains("high_error_rate"),
            "{}",
            error.text
        );
    }
}
