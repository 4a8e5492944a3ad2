//! What the two encodings of values have in common: their errors and their limits.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::NumberError;
use crate::Path;

/// How deep values may nest. Schemas do not come near it; it bounds what a value of type `dynamic` can ask for.
pub(super) const MAX_DEPTH: usize = 128;

/// Why bytes are not a value of a type, or a value has no such bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place(path))]
pub struct CodecError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub problem: CodecProblem,
}

fn place(path: &Path) -> String {
    if path.is_root() { String::new() } else { format!("{path}: ") }
}

/// What is wrong with an encoded value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecProblem {
    /// The bytes end inside the value.
    #[error("the data end early")]
    Truncated,
    /// Bytes follow the value.
    #[error("there are data behind the value")]
    Trailing,
    /// Deeper than any schema.
    #[error("the value nests too deeply")]
    TooDeep,
    /// Not the encoding at all.
    #[error("the data are damaged: {0}")]
    Syntax(String),
    /// A value of another type.
    #[error("a {expected} is needed, found {found}")]
    Mismatch {
        /// The type that the schema has here.
        expected: String,
        /// What is there.
        found: &'static str,
    },
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A number that cannot be represented.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// An object without one of its attributes.
    #[error("the attribute {0:?} is missing")]
    MissingAttribute(String),
    /// An object with an attribute that its type does not have.
    #[error("there is no attribute {0:?}")]
    UnknownAttribute(String),
    /// A tuple with too many or too few elements.
    #[error("{expected} elements are needed, found {found}")]
    Length {
        /// As the type says.
        expected: usize,
        /// As they are.
        found: usize,
    },
    /// A value that says its own type, with a type that does not exist.
    #[error("unknown type: {0}")]
    Type(String),
    /// JSON has no unknown values.
    #[error("the value is unknown")]
    Unknown,
}

impl CodecProblem {
    pub(super) fn at(self, path: &Path) -> CodecError {
        CodecError { path: path.clone(), problem: self }
    }
}

/// Text in normalisation form C, as Terraform compares it.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}
