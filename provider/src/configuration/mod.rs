//! The configuration's own files: what Terraform drops from them before any provider sees a value.
//!
//! Below a resource's attributes Terraform leaves out a name that the schema lacks, and of a key that stands twice it keeps the
//! last, without a word. Here both are errors. `modules` finds the files, `hcl` and `json` read them, `check` judges.

mod check;
mod hcl;
mod json;
mod lines;
mod modules;
#[cfg(test)]
mod tests;
mod tree;

use std::path::Path;

use tfplugin::{Diagnostic, Diagnostics, ObjectSchema};

use check::{Mistake, MistakeKind};
use modules::{Places, Source};
use tree::Block;
pub use tree::BlockKind;

/// Terraform's variable for the folder that `terraform init` writes to.
const DATA_DIRECTORY: &str = "TF_DATA_DIR";

/// Checks the configuration in the working directory. `schema` knows the blocks of this provider by kind and first label.
pub fn check_working_directory<'s>(schema: impl Fn(BlockKind, &str) -> Option<&'s ObjectSchema>) -> Diagnostics {
    let data = std::env::var_os(DATA_DIRECTORY).filter(|value| !value.is_empty());
    let data = data.as_deref().map_or(Path::new(".terraform"), Path::new);
    check_files(Places { root: Path::new("."), data }, schema)
}

/// Without a configuration there, there is nothing to say.
fn check_files<'s>(places: Places<'_>, schema: impl Fn(BlockKind, &str) -> Option<&'s ObjectSchema>) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for source in modules::sources(places) {
        for block in &source.file.blocks {
            let Some(schema) = block.labels.first().and_then(|label| schema(block.kind, label)) else { continue };
            let mistakes = check::check(&block.attributes, schema);
            diagnostics.extend(mistakes.iter().map(|mistake| diagnostic(&source, block, mistake)));
        }
    }
    diagnostics
}

/// How many blocks of this provider a text in HCL has, and what is wrong in them.
#[cfg(test)]
pub(crate) fn check_text<'s>(
    text: &str,
    schema: impl Fn(BlockKind, &str) -> Option<&'s ObjectSchema>,
) -> Option<(usize, Vec<Mistake>)> {
    let blocks = hcl::read(text)?.blocks;
    let ours: Vec<_> = blocks.iter().filter_map(|block| Some((block, schema(block.kind, &block.labels[0])?))).collect();
    Some((ours.len(), ours.iter().flat_map(|(block, schema)| check::check(&block.attributes, schema)).collect()))
}

/// The block as Terraform names it.
fn address(source: &Source, block: &Block) -> String {
    let labels = block.labels.join(".");
    match block.kind {
        BlockKind::Resource => format!("{}{labels}", source.module),
        BlockKind::Data => format!("{}data.{labels}", source.module),
        BlockKind::Provider => format!("{}provider.{labels}", source.module),
    }
}

fn diagnostic(source: &Source, block: &Block, mistake: &Mistake) -> Diagnostic {
    let place = format!("{}:{}", source.path.display(), mistake.line);
    let address = address(source, block);
    let path = &mistake.path;
    match &mistake.kind {
        MistakeKind::Unsupported { meant, known } => {
            let advice = match meant {
                Some(meant) => format!("Did you mean {meant}?"),
                None => format!("Supported here: {}.", known.join(", ")),
            };
            Diagnostic::error(
                "Unsupported argument",
                format!("{place}: {path} of {address} is not supported, and Terraform would ignore it. {advice}"),
            )
        }
        MistakeKind::Duplicate { first } => Diagnostic::error(
            "Duplicate key",
            format!(
                "{place}: {path} of {address} was already set on line {first}, and Terraform would ignore that. Each key may \
                 stand once in an object: remove or rename one of the two."
            ),
        ),
    }
}
