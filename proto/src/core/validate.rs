//! What a schema implies and Terraform does not check by itself.

use crate::schema::Shape;
use crate::value::{Dynamic, ScalarRules};

/// Checks the scalars in a value; the text says why the first one is refused.
pub(crate) fn scalars(_shape: &Shape, rules: &ScalarRules, value: &Dynamic) -> Result<(), String> {
    match value {
        Dynamic::Null | Dynamic::Unknown => Ok(()),
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().try_for_each(|item| scalars(_shape, rules, item)),
        Dynamic::Map(entries) | Dynamic::Object(entries) => {
            entries.values().try_for_each(|item| scalars(_shape, rules, item))
        }
        Dynamic::Typed(..) => Ok(()),
        Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_) => (rules.check)(value),
    }
}
