//! Schemas as data: what the derive writes, what the wire sends, what plans and reference pages walk.

mod attribute;
mod extensions;
mod literal;
mod object;
mod reference;
pub(crate) mod validate;

pub use attribute::{Attribute, Nesting, Presence, Shape};
pub use extensions::{Extensions, LeftOut, Stable};
pub use literal::literal;
pub use object::{Block, BlockNesting, Object, ObjectSchema};
pub use reference::{Entry, Reference, Section};
pub use validate::{SchemaRole, problems};
