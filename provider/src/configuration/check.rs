//! A block's literals against its schema: names that the schema lacks, and keys that stand twice.
//!
//! Terraform itself judges the attributes of the block. It drops what is wrong below them, without a word.

use std::collections::HashMap;

use tfplugin::ObjectSchema;
use tfplugin::schema::{Attribute, Nesting, Shape};

use super::tree::{Literal, Member};
use tfplugin::suggest;

/// What is wrong at one key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(super) line: usize,
    /// From the block on: `buckets["a"].storage_clas`.
    pub(super) path: String,
    pub(super) kind: MistakeKind,
}

/// What can be wrong at a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MistakeKind {
    /// No attribute has this name.
    Unsupported {
        /// The attribute that was meant.
        meant: Option<String>,
        /// Those that the object takes, sorted.
        known: Vec<String>,
    },
    /// The object has the key already.
    Duplicate {
        /// Where it stands first.
        first: usize,
    },
}

/// Everything that is wrong in `attributes`, the body of a block that `schema` describes.
pub(super) fn check(attributes: &[Member], schema: &ObjectSchema) -> Vec<Mistake> {
    let mut check = Check::default();
    for member in attributes {
        if let Some(name) = &member.key
            && let Some(attribute) = schema.attribute(name)
        {
            check.within(&format!(".{name}"), |check| check.value(&member.value, Expected::of(attribute)));
        }
    }
    check.mistakes
}

/// What a schema says of a value.
#[derive(Clone, Copy)]
enum Expected<'s> {
    /// An object with these attributes.
    Object(&'s ObjectSchema),
    /// A collection of such objects.
    Collection(&'s ObjectSchema),
    /// Nothing: any key may stand in it.
    Anything,
}

impl<'s> Expected<'s> {
    fn of(attribute: &'s Attribute) -> Self {
        match &attribute.shape {
            Shape::Plain(_) => Self::Anything,
            Shape::Nested(Nesting::Single, object) => Self::Object(object),
            Shape::Nested(Nesting::List | Nesting::Set | Nesting::Map, object) => Self::Collection(object),
        }
    }

    /// What it says of the elements of the value.
    fn element(self) -> Self {
        match self {
            Self::Collection(object) => Self::Object(object),
            Self::Object(_) | Self::Anything => Self::Anything,
        }
    }
}

#[derive(Default)]
struct Check {
    path: String,
    mistakes: Vec<Mistake>,
}

impl Check {
    fn within(&mut self, step: &str, inner: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        inner(self);
        self.path.truncate(length);
    }

    fn mistake(&mut self, line: usize, kind: MistakeKind) {
        self.mistakes.push(Mistake { line, path: self.path.trim_start_matches('.').to_owned(), kind });
    }

    fn value(&mut self, value: &Literal, expected: Expected<'_>) {
        match value {
            Literal::Object(members) => self.members(members, expected),
            Literal::Tuple(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.within(&format!("[{index}]"), |check| check.value(element, expected.element()));
                }
            }
            Literal::Each(element) => self.within("[*]", |check| check.value(element, expected.element())),
            Literal::AnyOf(values) => values.iter().for_each(|value| self.value(value, expected)),
            Literal::Opaque(values) => values.iter().for_each(|value| self.value(value, Expected::Anything)),
        }
    }

    fn members(&mut self, members: &[Member], expected: Expected<'_>) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for member in members {
            let Some(key) = member.key.as_deref() else {
                self.within("[*]", |check| check.value(&member.value, expected.element()));
                continue;
            };
            let object = if let Expected::Object(object) = expected { Some(object) } else { None };
            let step = if object.is_some() { format!(".{key}") } else { format!("[{key:?}]") };
            self.within(&step, |check| {
                if let Some(first) = seen.get(key) {
                    check.mistake(member.line, MistakeKind::Duplicate { first: *first });
                }
                match object.map(|object| (object, object.attribute(key))) {
                    None => check.value(&member.value, expected.element()),
                    Some((_, Some(attribute))) => check.value(&member.value, Expected::of(attribute)),
                    Some((object, None)) => check.mistake(member.line, unsupported(key, object)),
                }
            });
            seen.entry(key).or_insert(member.line);
        }
    }
}

fn unsupported(name: &str, object: &ObjectSchema) -> MistakeKind {
    let taken = object.attributes.iter().filter(|attribute| attribute.presence.is_configurable());
    let known: Vec<String> = taken.map(|attribute| attribute.name.to_string()).collect();
    let meant = suggest::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    MistakeKind::Unsupported { meant, known }
}
