//! Where Terraform can point at.
//!
//! Terraform finds the line of a block, of an attribute, and of one element of an attribute. For anything deeper it
//! shows the resource's first line, which helps nobody: such a path is cut where Terraform can follow, and the text
//! says the rest.

use crate::schema::ObjectSchema;
use crate::{Diagnostic, Diagnostics, Path, Step};

/// The diagnostics with paths that Terraform finds in the configuration.
pub(crate) fn located(object: &ObjectSchema, diagnostics: Diagnostics) -> Diagnostics {
    let mut found = Diagnostics::new();
    found.extend(diagnostics.into_iter().map(|diagnostic| locate(object, diagnostic)));
    found
}

fn locate(object: &ObjectSchema, mut diagnostic: Diagnostic) -> Diagnostic {
    let Some(path) = diagnostic.path.take() else { return diagnostic };
    let steps = path.steps();
    let reach = reach(object, &steps);
    if reach < steps.len() {
        let full = path.to_string();
        if !diagnostic.detail.contains(&full) {
            diagnostic.detail.push_str(&format!("\n\nThis is about {full}."));
        }
    }
    diagnostic.path = Some(steps[..reach].iter().fold(Path::root(), |path, step| path.with(Step::clone(step))));
    diagnostic
}

/// How many steps Terraform can follow.
fn reach(object: &ObjectSchema, steps: &[&Step]) -> usize {
    let mut object = object;
    for (position, step) in steps.iter().enumerate() {
        let Step::Attribute(name) = step else { continue };
        match object.block(name) {
            Some(block) => object = &block.object,
            None => {
                let element = matches!(steps.get(position + 1), Some(Step::Key(_) | Step::Index(_)));
                return position + 1 + usize::from(element);
            }
        }
    }
    steps.len()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::schema::{Block, BlockNesting};

    fn schema() -> ObjectSchema {
        let block = |name: &'static str, object| Block {
            name: Cow::Borrowed(name),
            nesting: BlockNesting::List { min: 0, max: 0 },
            object,
        };
        let inner = ObjectSchema { blocks: vec![block("inner", ObjectSchema::default())], ..Default::default() };
        ObjectSchema { blocks: vec![block("outer", inner)], ..Default::default() }
    }

    #[test]
    fn paths_are_cut_behind_an_element_of_an_attribute() {
        let deep = Path::root().attribute("rules").index(1).attribute("after");
        let cut = locate(&schema(), Diagnostic::error("Invalid", "Wrong.").at(deep));
        assert_eq!(cut.path, Some(Path::root().attribute("rules").index(1)));
        assert_eq!(cut.detail, "Wrong.\n\nThis is about rules[1].after.");
    }

    #[test]
    fn blocks_are_followed_to_their_attributes() {
        let deep = Path::root().attribute("outer").index(0).attribute("inner").index(2).attribute("a").key("k");
        assert_eq!(locate(&schema(), Diagnostic::error("", "").at(deep.clone())).path, Some(deep));
    }
}
