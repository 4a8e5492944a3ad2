//! `parse_phase_checkpoint`: a hand-written checkpoint as data.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin::function::{Function, FunctionError, Parameter, Signature};
use tfplugin::value::json;
use tfplugin::{Diagnostics, Dynamic, Entries, Object, Path, Type, Value};

use crate::checkpoint::model::{ChecklistSpec, CommandSpec, IssueSpec, RiskSpec, StepSpec};

/// The function.
#[derive(Debug)]
pub struct ParsePhaseCheckpoint;

/// What was understood, and what was not.
#[derive(Object, Clone)]
pub struct ParsedCheckpoint {
    /// What the phases are phases of.
    #[tf(computed)]
    project_name: Value<String>,
    /// When the document says that it was last updated.
    #[tf(computed)]
    last_updated: Value<String>,
    /// The phase that the document calls the current one.
    #[tf(computed)]
    current_phase: Value<String>,
    /// The phases, in order.
    #[tf(computed)]
    phases: Value<Vec<ParsedPhase>>,
    /// What was not understood.
    #[tf(computed)]
    unrecognized: Value<Vec<ParsedLeftover>>,
}

/// A phase, in the attributes of `mlops_phase_checkpoint`.
#[derive(Object, Clone)]
pub(super) struct ParsedPhase {
    /// Which phase it is.
    #[tf(computed)]
    phase: Value<String>,
    /// What it is called.
    #[tf(computed)]
    title: Value<String>,
    /// Where it stands.
    #[tf(computed)]
    status: Value<String>,
    /// The phases before it.
    #[tf(computed)]
    depends_on_phases: Value<Vec<String>>,
    /// Who answers for it.
    #[tf(computed)]
    owner: Value<String>,
    /// When it is meant to happen.
    #[tf(computed)]
    schedule: Value<String>,
    /// How much work it is.
    #[tf(computed)]
    estimate: Value<String>,
    /// How much it matters.
    #[tf(computed)]
    priority: Value<String>,
    /// When work began.
    #[tf(computed)]
    started_at: Value<String>,
    /// When it was completed.
    #[tf(computed)]
    completed_at: Value<String>,
    /// What it is for.
    #[tf(computed)]
    objectives: Value<Vec<String>>,
    /// What is to be done.
    #[tf(computed)]
    steps: Value<Vec<StepSpec>>,
    /// Lists to tick off.
    #[tf(computed)]
    checklists: Value<Vec<ChecklistSpec>>,
    /// Problems that were met.
    #[tf(computed)]
    issues: Value<Vec<IssueSpec>>,
    /// What the phase brought.
    #[tf(computed)]
    deliverables: Value<Vec<String>>,
    /// What could go wrong.
    #[tf(computed)]
    risks: Value<Vec<RiskSpec>>,
    /// Figures, by name.
    #[tf(computed)]
    metrics: Value<BTreeMap<String, String>>,
    /// What to do next.
    #[tf(computed)]
    next_steps: Value<Vec<String>>,
    /// Commands to go on with.
    #[tf(computed)]
    commands: Value<Vec<CommandSpec>>,
    /// Commands that show that all is well.
    #[tf(computed)]
    verification: Value<Vec<CommandSpec>>,
    /// Anything else, in markdown.
    #[tf(computed)]
    notes: Value<String>,
}

/// A part of the text that was not understood.
#[derive(Object, Clone)]
pub(super) struct ParsedLeftover {
    /// The line, from 1.
    #[tf(computed)]
    line: Value<i64>,
    /// The heading that it stands under.
    #[tf(computed)]
    section: Value<String>,
    /// The text.
    #[tf(computed)]
    text: Value<String>,
}

impl Function for ParsePhaseCheckpoint {
    type Arguments = (String,);
    type Output = ParsedCheckpoint;

    fn name(&self) -> &'static str {
        "parse_phase_checkpoint"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "A hand-written checkpoint as data".into(),
            description: "Reads a phase checkpoint, resume guide or roadmap that a person wrote in markdown: the phases with their \
                          statuses, steps, issues, metrics, deliverables and risks, in the attributes of `mlops_phase_checkpoint`. \
                          Damaged text (UTF-8 read as Windows-1252 or Mac Roman) is repaired. What was not understood is listed in \
                          `unrecognized`, with its line."
                .into(),
            deprecated: None,
            parameters: vec![Parameter::new("markdown", "The document's text: `file(\"PHASE_CHECKPOINT.md\")`.")],
        }
    }

    fn call(&self, (markdown,): (String,)) -> Result<ParsedCheckpoint, FunctionError> {
        let failed = |text: String| FunctionError::argument(0, format!("The document cannot be converted: {text}."));
        let parsed = mlops_phases::handwritten::parse(&markdown);
        let mut data = serde_json::to_value(&parsed).map_err(|error| failed(error.to_string()))?;
        if let Some(fields) = data.as_object_mut() {
            let current = fields.remove("current").unwrap_or(Json::Null);
            fields.insert("current_phase".to_owned(), current);
        }
        let ty = ParsedCheckpoint::schema().type_expression();
        let tree = json::from_json(&ty, &data).map(|tree| without_null_collections(&ty, tree));
        let tree = tree.map_err(|error| failed(error.to_string()))?;
        let mut diagnostics = Diagnostics::new();
        ParsedCheckpoint::decode(&tree, &Path::root(), &mut diagnostics)
            .ok_or_else(|| failed(diagnostics.iter().map(|diagnostic| diagnostic.detail.clone()).collect()))
    }
}

/// A collection that is absent is empty: expressions over it then need no care.
fn without_null_collections(ty: &Type, value: Dynamic) -> Dynamic {
    match (ty, value) {
        (Type::List(_), Dynamic::Null) => Dynamic::List(Vec::new()),
        (Type::Map(_), Dynamic::Null) => Dynamic::Map(Entries::new()),
        (Type::List(element), Dynamic::List(items)) => {
            Dynamic::List(items.into_iter().map(|item| without_null_collections(element, item)).collect())
        }
        (Type::Object(attributes), Dynamic::Object(entries)) => {
            let entries = entries.into_iter().map(|(name, value)| match attributes.get(&name) {
                Some(ty) => (name, without_null_collections(ty, value)),
                None => (name, value),
            });
            Dynamic::Object(entries.collect())
        }
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "# Rollout - Phase Checkpoint\n\n**Project:** Scanner\n\n### Phase 1: Foundation (Week 1)\n\
                              **Completed:** 2026-02-02\n\n#### Deliverables\n- ✅ Nine modules\n\n### Phase 2: Import (Week 2)\n\
                              **Status:** NOT STARTED\n**Depends On:** Phase 1 completion\n- Import everything\n";

    #[test]
    fn phases_come_out_in_the_attributes_of_the_resource() {
        let parsed = ParsePhaseCheckpoint.call((CHECKPOINT.to_owned(),)).unwrap();
        let phases = parsed.phases.into_known().unwrap();
        let data: Vec<_> = phases
            .iter()
            .map(|phase| (phase.phase.known().unwrap().as_str(), phase.status.known().unwrap().as_str()))
            .collect();
        assert_eq!(data, [("1", "completed"), ("2", "not_started")]);
        assert_eq!(phases[0].deliverables, Value::Known(vec!["Nine modules".to_owned()]));
    }

    #[test]
    fn a_collection_that_the_document_lacks_is_empty() {
        let parsed = ParsePhaseCheckpoint.call((CHECKPOINT.to_owned(),)).unwrap();
        let phases = parsed.phases.into_known().unwrap();
        assert_eq!(phases[0].metrics, Value::Known(BTreeMap::new()));
    }

    #[test]
    fn any_text_is_answered() {
        let parsed = ParsePhaseCheckpoint.call(("nothing of the kind".to_owned(),)).unwrap();
        assert_eq!(parsed.phases.into_known().unwrap().len(), 0);
    }
}
