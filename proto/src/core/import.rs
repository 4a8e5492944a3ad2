//! What an import may answer, and the configuration that fits a state.

use crate::core::conform::conform;
use crate::core::fault::fault;
use crate::core::read;
use crate::core::spelling;
use crate::core::walk::{children, each_pair, means_the_same};
use crate::schema::{Attribute, ObjectSchema};
use crate::value::Dynamic;
use crate::{Diagnostics, Path};

/// The object to be imported.
///
/// # Errors
/// When there is none and no error says why, when it does not fit the schema, or something in it is unknown.
pub(crate) fn finish(object: &ObjectSchema, state: Option<Dynamic>) -> Result<Dynamic, Diagnostics> {
    match state {
        Some(state) if !state.is_null() => read::known(object, state),
        _ => Err(fault(&Path::root(), "it found nothing to import and did not say why").into()),
    }
}

/// Makes a handler's configuration one that Terraform can write down: what cannot be configured is null.
///
/// # Errors
/// When it does not fit the schema.
pub(crate) fn configuration(object: &ObjectSchema, config: Dynamic) -> Result<Dynamic, Diagnostics> {
    let mut config = conform(object, config)?;
    spelling::null_write_only(object, &mut config);
    null_where(object, &mut config, &|attribute, _, _| !attribute.presence.is_configurable());
    Ok(config)
}

/// The configuration of `state` when no handler knows better: without what only the provider sets, what is deprecated,
/// what is the default anyway, and the top-level `id`.
pub(crate) fn configuration_of(object: &ObjectSchema, state: Dynamic) -> Result<Dynamic, Diagnostics> {
    let mut config = configuration(object, state)?;
    null_where(object, &mut config, &|attribute, value, top| {
        let is_default = attribute.default.as_ref().is_some_and(|default| means_the_same(attribute, value, default));
        let may_go = attribute.presence != crate::schema::Presence::Required;
        let empty_text = matches!(value, Dynamic::String(text) if text.is_empty());
        let is_id = top && attribute.name == "id" && attribute.presence.is_computed();
        attribute.deprecated.is_some() || is_default || is_id || (may_go && empty_text)
    });
    Ok(config)
}

fn null_where(object: &ObjectSchema, value: &mut Dynamic, which: &dyn Fn(&Attribute, &Dynamic, bool) -> bool) {
    null_inside(object, value, which, true);
}

fn null_inside(
    object: &ObjectSchema,
    value: &mut Dynamic,
    which: &dyn Fn(&Attribute, &Dynamic, bool) -> bool,
    top: bool,
) {
    let Some(entries) = value.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        if child.attribute.is_some_and(|attribute| which(attribute, value, top)) {
            *value = Dynamic::Null;
        } else if let Some(nested) = &child.nested {
            each_pair(nested, value, &Dynamic::Null, |object, value, _| null_inside(object, value, which, false));
        }
    }
}
