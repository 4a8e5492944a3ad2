//! What every component of one stack shares: where it is and what is merged into it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Stack, tree};

/// Project, region, name and labels of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The project's id.
    pub project: String,
    /// The project's number, once it is known.
    pub project_number: Option<String>,
    /// The region that components without a location are in.
    pub region: String,
    /// The stack's name, which is also its stamp.
    pub stack: String,
    /// The provider's `default_labels`.
    pub default_labels: BTreeMap<String, String>,
    /// The stack's `labels`.
    pub labels: BTreeMap<String, String>,
    /// Whether some of the stack's labels are not known yet.
    pub open_labels: bool,
    /// Severities whose alert policies run without notifying anyone.
    pub shadow_severities: BTreeSet<String>,
}

impl Scope {
    /// The stack's id: `projects/P/locations/R/stacks/NAME`.
    pub fn id(&self) -> String {
        format!("projects/{}/locations/{}/stacks/{}", self.project, self.region, self.stack)
    }

    /// The same place with the labels and shadows that `stack` was last given.
    #[must_use]
    pub fn as_of(&self, stack: &Stack) -> Self {
        Self {
            labels: tree::strings(stack.get("labels")),
            open_labels: !stack.get("labels").is_wholly_known(),
            shadow_severities: tree::texts(stack.get("shadow_severities")).into_iter().map(str::to_owned).collect(),
            ..self.clone()
        }
    }

    /// Fills `{project}` and `{location}` of a collection or path template.
    pub fn fill(&self, template: &str, location: &str) -> String {
        template.replace("{project}", &self.project).replace("{location}", location)
    }

    /// Whether `project` is this project, by id or by number.
    pub fn is_project(&self, project: &str) -> bool {
        project == self.project || self.project_number.as_deref() == Some(project)
    }
}
