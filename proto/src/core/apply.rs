//! What a create or an update may answer, and what is kept when it fails.
//!
//! The first rule is that nothing gets lost: from the moment an object exists remotely, Terraform must hear of it,
//! errors or not.

use crate::core::conform::{conform, without_unknown};
use crate::core::consistency;
use crate::core::fault::fault;
use crate::core::spelling::{self, InSets};
use crate::schema::ObjectSchema;
use crate::value::Dynamic;
use crate::{Diagnostics, Path};

/// What was to be done.
pub(crate) struct Inputs<'i> {
    pub(crate) object: &'i ObjectSchema,
    /// Null on create.
    pub(crate) prior: &'i Dynamic,
    pub(crate) planned: &'i Dynamic,
}

/// The object to be saved; what is wrong with it is added to `diagnostics`.
///
/// With errors: unknowns are null; no answer means that nothing was created, or that nothing changed. Without errors
/// the object is held against the plan.
pub(crate) fn finish(inputs: &Inputs<'_>, state: Option<Dynamic>, diagnostics: &mut Diagnostics) -> Dynamic {
    let failed = diagnostics.has_error();
    let Some(state) = state.filter(|state| !state.is_null()) else {
        if !failed {
            diagnostics.push(fault(&Path::root(), "it answered success and returned no object"));
        }
        return inputs.prior.clone();
    };
    let mut state = match conform(inputs.object, state) {
        Ok(state) => state,
        Err(problems) => {
            diagnostics.extend(problems);
            return fallback(inputs);
        }
    };
    spelling::null_write_only(inputs.object, &mut state);
    spelling::keep(inputs.object, &mut state, inputs.planned, InSets::Leave);
    if !failed {
        consistency::refuse_unknown(&state, &Path::root(), diagnostics);
        consistency::compare(inputs.object, inputs.planned, &state, &Path::root(), diagnostics);
    }
    known(inputs.object, state)
}

/// The best guess when the answer cannot be read: the object probably exists as planned.
fn fallback(inputs: &Inputs<'_>) -> Dynamic {
    let guess = if inputs.prior.is_null() { inputs.planned } else { inputs.prior };
    known(inputs.object, guess.clone())
}

/// The object without unknown values, in the shape of its schema.
fn known(object: &ObjectSchema, state: Dynamic) -> Dynamic {
    // Blocks that were unknown as a whole became null, which they must not be.
    conform(object, without_unknown(state)).unwrap_or_default()
}

/// What is left after a delete that failed.
pub(crate) fn remaining(object: &ObjectSchema, prior: &Dynamic, remaining: Option<Dynamic>) -> Dynamic {
    let Some(remaining) = remaining.filter(|remaining| !remaining.is_null()) else { return prior.clone() };
    match conform(object, without_unknown(remaining)) {
        Ok(mut remaining) => {
            spelling::null_write_only(object, &mut remaining);
            spelling::keep(object, &mut remaining, prior, InSets::Leave);
            remaining
        }
        Err(_) => prior.clone(),
    }
}
