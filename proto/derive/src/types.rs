//! What can be said of a field's type from its tokens: enough for a friendly message, never for the meaning.

use syn::{GenericArgument, PathArguments, Type};

/// The last segment of a path type and its generic arguments.
fn last_segment(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((segment.ident.to_string(), arguments))
}

/// Whether it is some `NAME<..>`.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|(last, _)| last == name)
}

/// The `T` of a `Value<T>`.
pub(crate) fn in_value(ty: &Type) -> Option<&Type> {
    let (name, arguments) = last_segment(ty)?;
    if name == "Value" { arguments.first().copied() } else { None }
}

/// What to write instead of a type that an attribute cannot have, if it is a well-known one.
pub(crate) fn cure(ty: &Type) -> Option<&'static str> {
    let (name, _) = last_segment(ty)?;
    match name.as_str() {
        "String" | "bool" | "i64" | "f64" | "Number" | "Dynamic" | "Vec" | "BTreeSet" | "BTreeMap" => {
            Some("an attribute may be null or unknown: wrap the type, `Value<..>`")
        }
        "Option" => Some("null and unknown are two different things: write `Value<..>` instead of `Option<..>`"),
        "str" => Some("an attribute owns its text: write `Value<String>`"),
        "HashMap" => Some("the order of attributes is kept: write `Value<BTreeMap<String, ..>>`"),
        "HashSet" => Some("the order of elements is kept: write `Value<BTreeSet<..>>`"),
        _ if is_number(&name) => {
            Some("Terraform's numbers are `Value<i64>`, `Value<f64>` or, exactly, `Value<Number>`")
        }
        _ => None,
    }
}

fn is_number(name: &str) -> bool {
    matches!(name, "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i128" | "isize" | "f32")
}
