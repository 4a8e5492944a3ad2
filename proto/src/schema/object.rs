//! Objects: attributes and blocks under one description.

mod attribute;

use std::borrow::Cow;

pub use self::attribute::{Attribute, Nesting, Presence, Shape};
use super::LeftOut;
use crate::{Name, Type};

/// The schema of an object: a resource's body, or the object in a nested attribute or block.
#[derive(Clone, Debug, Default)]
pub struct ObjectSchema {
    /// Markdown, from the struct's doc comment.
    pub description: Cow<'static, str>,
    /// Sorted by name.
    pub attributes: Vec<Attribute>,
    /// Sorted by name.
    pub blocks: Vec<Block>,
    /// Why and what to use instead, when the whole is deprecated.
    pub deprecated: Option<Cow<'static, str>>,
}

impl ObjectSchema {
    /// The attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The block type `name`.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The same with [`LeftOut`] on every attribute, nested ones included: a generated configuration then shows what is
    /// set, and nothing else. What is in a set has no place by which it could be told what was left out, and stays.
    #[must_use]
    pub fn unset_left_out(mut self) -> Self {
        for attribute in &mut self.attributes {
            attribute.extensions.insert(LeftOut);
            if let Shape::Nested(Nesting::Single | Nesting::List | Nesting::Map, inner) = &mut attribute.shape {
                **inner = std::mem::take(&mut **inner).unset_left_out();
            }
        }
        self
    }

    /// The type of the object's values: every attribute and block is a member.
    pub fn type_expression(&self) -> Type {
        let attributes =
            self.attributes.iter().map(|attribute| (Name::from(&attribute.name), attribute.shape.type_expression()));
        let blocks = self.blocks.iter().map(|block| {
            let object = Box::new(block.object.type_expression());
            let nested = match block.nesting {
                BlockNesting::Single | BlockNesting::Group => *object,
                BlockNesting::List { .. } => Type::List(object),
                BlockNesting::Set { .. } => Type::Set(object),
                BlockNesting::Map => Type::Map(object),
            };
            (Name::from(&block.name), nested)
        });
        Type::Object(attributes.chain(blocks).collect())
    }
}

/// How many objects a block type may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one.
    Single,
    /// One, which is there even when it is not written.
    Group,
    /// Between `min` and `max` (0: no limit), in order.
    List {
        /// The least.
        min: i64,
        /// The most; 0 for no limit.
        max: i64,
    },
    /// Between `min` and `max` (0: no limit), without order.
    Set {
        /// The least.
        min: i64,
        /// The most; 0 for no limit.
        max: i64,
    },
    /// By label.
    Map,
}

/// A nested block type. New providers prefer nested attributes; blocks are for those who keep an old syntax.
#[derive(Clone, Debug)]
pub struct Block {
    /// In snake case.
    pub name: Cow<'static, str>,
    /// How many.
    pub nesting: BlockNesting,
    /// Their content.
    pub object: ObjectSchema,
}
