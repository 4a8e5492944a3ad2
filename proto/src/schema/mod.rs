//! Schemas as data: what the derive writes, what the wire sends, what plans and reference pages walk.

mod extensions;
mod literal;
mod object;
mod reference;
pub(crate) mod validate;

pub use extensions::{Extensions, LeftOut, Stable};
pub use literal::literal;
pub use object::{Attribute, Block, BlockNesting, Nesting, ObjectSchema, Presence, Shape};
pub use reference::{Entry, Reference, Section};
pub use validate::{SchemaRole, problems};
