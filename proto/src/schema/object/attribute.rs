//! One attribute of an object.

use std::borrow::Cow;

use super::ObjectSchema;
use crate::Type;
use crate::schema::Extensions;
use crate::value::{Dynamic, ScalarRules};

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The configuration must.
    Required,
    /// The configuration may.
    Optional,
    /// The configuration may; else the provider does.
    OptionalComputed,
    /// Only the provider.
    Computed,
}

impl Presence {
    /// Whether the provider may set it.
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }

    /// Whether the configuration may set it.
    pub fn is_configurable(self) -> bool {
        !matches!(self, Self::Computed)
    }
}

/// How many nested objects an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// A list.
    List,
    /// A set.
    Set,
    /// A map.
    Map,
}

/// An attribute's type.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A type expression; all or nothing in plans.
    Plain(Type),
    /// Nested attributes, each with rules of its own.
    Nested(Nesting, Box<ObjectSchema>),
}

/// One attribute: name, type, rules, documentation.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// In snake case.
    pub name: Cow<'static, str>,
    /// Markdown, from the field's doc comment.
    pub description: Cow<'static, str>,
    /// Its type.
    pub shape: Shape,
    /// Who sets it.
    pub presence: Presence,
    /// Masked in Terraform's output.
    pub sensitive: bool,
    /// Read from the configuration, never stored.
    pub write_only: bool,
    /// Why and what to use instead, when it is deprecated.
    pub deprecated: Option<Cow<'static, str>>,
    /// What the provider plans when the configuration is silent (the presence is then `OptionalComputed`).
    pub default: Option<Dynamic>,
    /// A change replaces the resource.
    pub requires_replace: bool,
    /// What can be asked of the scalars in it.
    pub rules: ScalarRules,
    /// What the provider's own layers want to know of it.
    pub extensions: Extensions,
}

impl Shape {
    /// The type expression of its values, nested attributes included.
    pub fn type_expression(&self) -> Type {
        match self {
            Self::Plain(plain) => plain.clone(),
            Self::Nested(nesting, object) => {
                let object = Box::new(object.type_expression());
                match nesting {
                    Nesting::Single => *object,
                    Nesting::List => Type::List(object),
                    Nesting::Set => Type::Set(object),
                    Nesting::Map => Type::Map(object),
                }
            }
        }
    }
}

impl Attribute {
    /// The nested attributes, if it has some.
    pub fn nested(&self) -> Option<(Nesting, &ObjectSchema)> {
        match &self.shape {
            Shape::Plain(_) => None,
            Shape::Nested(nesting, object) => Some((*nesting, object)),
        }
    }
}
