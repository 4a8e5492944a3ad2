//! What of a configuration can be read without evaluating it: blocks, and the literals in their attributes.
//!
//! Both syntaxes become this tree (`hcl`, `json`); `check` holds it against a schema.

/// What one file declares.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Blocks that a provider's schema describes.
    pub(super) blocks: Vec<Block>,
    /// The names of `module` blocks.
    pub(super) calls: Vec<String>,
}

/// Which schema describes a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// `resource "TYPE" "NAME"`.
    Resource,
    /// `data "TYPE" "NAME"`.
    Data,
    /// `provider "NAME"`.
    Provider,
}

impl BlockKind {
    /// By the word that opens the block.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "resource" => Some(Self::Resource),
            "data" => Some(Self::Data),
            "provider" => Some(Self::Provider),
            _ => None,
        }
    }

    /// How many labels the block has.
    pub(super) fn labels(self) -> usize {
        if self == Self::Provider { 1 } else { 2 }
    }
}

/// A block with its attributes. Nested blocks are Terraform's own, and it judges their names itself.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// As many as the kind has.
    pub(super) labels: Vec<String>,
    pub(super) attributes: Vec<Member>,
}

/// One `KEY = VALUE`.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The key; `None` when it is computed.
    pub(super) key: Option<String>,
    /// The line of the key, from 1.
    pub(super) line: usize,
    pub(super) value: Literal,
}

/// A value, as far as it can be read.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    /// `{ KEY = VALUE, .. }`, a repeated key as often as it is written.
    Object(Vec<Member>),
    /// `[ VALUE, .. ]`.
    Tuple(Vec<Literal>),
    /// A collection of unknown length whose elements all look like this: what a `for` makes.
    Each(Box<Literal>),
    /// Each of these may become the value, or a part of it: the branches of a conditional, what `merge` merges.
    AnyOf(Vec<Literal>),
    /// What only evaluation would tell. The literals in it do not stand at this place.
    Opaque(Vec<Literal>),
}

impl Literal {
    /// What nothing can be said of.
    pub(super) fn unread() -> Self {
        Self::Opaque(Vec::new())
    }

    /// The elements of a collection; none of what is not read.
    pub(super) fn into_elements(self) -> Vec<Self> {
        match self {
            Self::Object(members) => members.into_iter().map(|member| member.value).collect(),
            Self::Tuple(elements) => elements,
            Self::Each(element) => vec![*element],
            Self::AnyOf(values) => values.into_iter().flat_map(Self::into_elements).collect(),
            Self::Opaque(_) => Vec::new(),
        }
    }

    /// What stands under `key`; of a list, any element.
    pub(super) fn into_member(self, key: &str) -> Self {
        match self {
            Self::Object(members) => {
                let is_it = |member: &Member| member.key.as_deref().is_none_or(|written| written == key);
                Self::AnyOf(members.into_iter().filter(is_it).map(|member| member.value).collect())
            }
            Self::AnyOf(values) => Self::AnyOf(values.into_iter().map(|value| value.into_member(key)).collect()),
            other => Self::AnyOf(other.into_elements()),
        }
    }

    /// A collection of what `self`, lists of lists to any depth, holds at the bottom.
    pub(super) fn flattened(self) -> Self {
        fn leaves(value: Literal, found: &mut Vec<Literal>) {
            match value {
                Literal::Tuple(_) | Literal::Each(_) => {
                    value.into_elements().into_iter().for_each(|element| leaves(element, found));
                }
                Literal::AnyOf(values) => values.into_iter().for_each(|value| leaves(value, found)),
                leaf => found.push(leaf),
            }
        }
        let mut found = Vec::new();
        leaves(self, &mut found);
        Self::each(found)
    }

    /// A collection whose elements are any of `elements`.
    pub(super) fn each(elements: Vec<Self>) -> Self {
        Self::Each(Box::new(Self::AnyOf(elements)))
    }
}
