//! What a read may answer: a known object in the spelling that is stored, or nothing.

use crate::core::conform::conform;
use crate::core::consistency::refuse_unknown;
use crate::core::spelling::{self, InSets};
use crate::schema::ObjectSchema;
use crate::value::Dynamic;
use crate::{Diagnostics, Path};

/// The object as it was read, in the spelling of `stored` wherever that means the same.
///
/// # Errors
/// When it does not fit the schema, or something in it is unknown.
pub(crate) fn finish(object: &ObjectSchema, stored: &Dynamic, read: Dynamic) -> Result<Dynamic, Diagnostics> {
    let mut state = known(object, read)?;
    spelling::keep(object, &mut state, stored, InSets::Leave);
    Ok(state)
}

/// An object that must be known: conformed, without write-only values.
///
/// # Errors
/// When it does not fit the schema, or something in it is unknown.
pub(crate) fn known(object: &ObjectSchema, state: Dynamic) -> Result<Dynamic, Diagnostics> {
    let mut state = conform(object, state)?;
    spelling::null_write_only(object, &mut state);
    let mut problems = Diagnostics::new();
    refuse_unknown(&state, &Path::root(), &mut problems);
    if problems.is_empty() { Ok(state) } else { Err(problems) }
}
