//! The pages of phases and of the functions.

use tfplugin::function::{Function, Signature};
use tfplugin::schema::{Reference, Shape};
use tfplugin::typed::Member;
use tfplugin::{Object, Type};

use super::{Examples, Page, fenced, first_paragraph, front_matter, joined};
use crate::checkpoint::model::Body;
use crate::checkpoint::report::PhaseReport;
use crate::functions::{DurationSeconds, ParsePhaseCheckpoint, Runbook};

const CHECKPOINT_SECTIONS: [&str; 4] = [
    include_str!("checkpoint.md"),
    include_str!("checkpoint_criteria.md"),
    include_str!("checkpoint_stores.md"),
    include_str!("checkpoint_failures.md"),
];
const CHECKPOINT_IMPORT: &str = include_str!("checkpoint_import.md");
const REPORT_SECTIONS: &str = include_str!("report.md");

pub(super) fn pages(examples: &Examples) -> Vec<Page> {
    vec![
        checkpoint(examples),
        report(examples),
        function(&DurationSeconds, examples),
        function(&ParsePhaseCheckpoint, examples),
        function(&Runbook, examples),
    ]
}

fn checkpoint(examples: &Examples) -> Page {
    let schema = Body::schema();
    let mut parts = vec![
        front_matter("mlops_phase_checkpoint Resource - mlops", &schema.description),
        "# mlops_phase_checkpoint (Resource)".to_owned(),
        schema.description.to_string(),
        "## Example Usage".to_owned(),
        fenced("terraform", examples.get("resources/mlops_phase_checkpoint/resource.tf")),
    ];
    parts.extend(CHECKPOINT_SECTIONS.map(str::to_owned));
    parts.push(Reference::of(&schema).to_markdown());
    parts.push(CHECKPOINT_IMPORT.to_owned());
    parts.push(fenced("shell", examples.get("resources/mlops_phase_checkpoint/import.sh")));
    Page { path: "resources/phase_checkpoint.md".to_owned(), text: joined(&parts) }
}

fn report(examples: &Examples) -> Page {
    let schema = PhaseReport::schema();
    let parts = [
        front_matter("mlops_phase_report Data Source - mlops", &schema.description),
        "# mlops_phase_report (Data Source)".to_owned(),
        schema.description.to_string(),
        "## Example Usage".to_owned(),
        fenced("terraform", examples.get("data-sources/mlops_phase_report/data-source.tf")),
        REPORT_SECTIONS.to_owned(),
        Reference::of(&schema).to_markdown(),
    ];
    Page { path: "data-sources/phase_report.md".to_owned(), text: joined(&parts) }
}

fn function<F: Function>(function: &F, examples: &Examples) -> Page {
    let name = function.name();
    let Signature { summary, description, parameters, .. } = function.signature();
    let types = <F::Arguments as tfplugin::function::Arguments>::types();
    let typed = || parameters.iter().zip(&types);
    let declared: Vec<String> =
        typed().map(|(parameter, (ty, _))| format!("{} {}", parameter.name, type_name(ty))).collect();
    let result = match F::Output::shape() {
        Shape::Nested(..) => "object".to_owned(),
        shape => type_name(&shape.type_expression()),
    };
    let arguments: Vec<String> = typed()
        .enumerate()
        .map(|(index, (parameter, (ty, _)))| {
            format!("{}. `{}` ({}) {}", index + 1, parameter.name, capital(&type_name(ty)), parameter.description)
        })
        .collect();
    let mut parts = vec![
        front_matter(&format!("{name} function - mlops"), &first_paragraph(&summary)),
        format!("# function: {name}"),
        description.to_string(),
        "## Example Usage".to_owned(),
        fenced("terraform", examples.get(&format!("functions/{name}/function.tf"))),
        "## Signature".to_owned(),
        fenced("text", &format!("{name}({}) {result}", declared.join(", "))),
        "## Arguments".to_owned(),
        arguments.join("\n"),
    ];
    if let Shape::Nested(_, object) = F::Output::shape() {
        let reference = Reference::of(&object).to_markdown();
        parts.push(reference.replacen("## Schema", "## Result", 1).replace("### Read-Only", "### Attributes"));
    }
    Page { path: format!("functions/{name}.md"), text: joined(&parts) }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Object(_) => "object".to_owned(),
        other => other.to_string(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
