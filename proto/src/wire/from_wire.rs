//! From protobuf.

use crate::proto::tfplugin6 as pb;
use crate::value::{CodecError, Dynamic, json, msgpack};
use crate::{Diagnostic, Diagnostics, Path, Severity, Step, Type};

/// A value of type `ty`; null when there is none.
///
/// # Errors
/// When the bytes are not such a value. `what` names the value in the message.
pub(crate) fn value(ty: &Type, value: Option<&pb::DynamicValue>, what: &str) -> Result<Dynamic, Diagnostic> {
    let Some(value) = value else { return Ok(Dynamic::Null) };
    let decoded =
        if value.msgpack.is_empty() { json::decode(ty, &value.json) } else { msgpack::decode(ty, &value.msgpack) };
    decoded.map_err(|error| unreadable(what, &error))
}

/// A state in the form of the state file.
///
/// # Errors
/// When it is none, or in the form that Terraform 0.11 wrote.
pub(crate) fn raw_state(raw: Option<&pb::RawState>) -> Result<serde_json::Value, Diagnostic> {
    let text = state_text(raw)?;
    if text.is_empty() {
        return Ok(serde_json::Value::Null);
    }
    serde_json::from_slice(text).map_err(|error| {
        Diagnostic::error("The state cannot be read", format!("The stored object is not JSON: {error}."))
    })
}

/// The text of a state in the form of the state file; empty when there is none.
///
/// # Errors
/// When it is in the form that Terraform 0.11 wrote.
pub(crate) fn state_text(raw: Option<&pb::RawState>) -> Result<&[u8], Diagnostic> {
    let Some(raw) = raw else { return Ok(&[]) };
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostic::error(
            "The state was written by Terraform 0.11 or before",
            "This provider reads states of Terraform 0.12 and later. Upgrade the state with Terraform 0.12 first, or \
             remove the resource from the state and import it.",
        ));
    }
    Ok(&raw.json)
}

/// Why a value of Terraform's cannot be read. The schema that Terraform holds is an older build's, or the bytes are
/// damaged.
pub(crate) fn unreadable(what: &str, error: &CodecError) -> Diagnostic {
    Diagnostic::error(
        format!("The {what} cannot be read"),
        format!(
            "Terraform sent a {what} that does not fit the provider's schema: {error}. If the provider was exchanged \
             during the run, run Terraform again; otherwise this is a fault of the provider or of Terraform."
        ),
    )
    .at(error.path.clone())
}

/// The value of an identity, if there is one.
///
/// # Errors
/// When it does not fit its schema.
pub(crate) fn identity(ty: &Type, identity: Option<&pb::ResourceIdentityData>) -> Result<Option<Dynamic>, Diagnostic> {
    let data = identity.and_then(|identity| identity.identity_data.as_ref());
    Ok(Some(value(ty, data, "identity")?).filter(|value| !value.is_null()))
}

/// Diagnostics as an answer holds them.
pub(crate) fn diagnostics(diagnostics: Vec<pb::Diagnostic>) -> Diagnostics {
    let mut read = Diagnostics::new();
    read.extend(diagnostics.into_iter().map(|diagnostic| Diagnostic {
        severity: match diagnostic.severity() {
            pb::diagnostic::Severity::Warning => Severity::Warning,
            _ => Severity::Error,
        },
        path: diagnostic.attribute.as_ref().map(path),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
    }));
    read
}

/// A path.
pub(crate) fn path(path: &pb::AttributePath) -> Path {
    use pb::attribute_path::step::Selector;
    let steps = path.steps.iter().filter_map(|step| match step.selector.as_ref()? {
        Selector::AttributeName(name) => Some(Step::Attribute(name.as_str().into())),
        Selector::ElementKeyString(key) => Some(Step::Key(key.as_str().into())),
        Selector::ElementKeyInt(index) => usize::try_from(*index).ok().map(Step::Index),
    });
    steps.fold(Path::root(), |path, step| path.with(step))
}
