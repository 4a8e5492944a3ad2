//! Schemas as data: what the derive writes, what the wire sends, what plans and reference pages walk.

mod attribute;
mod extensions;
mod object;

pub use attribute::{Attribute, Nesting, Presence, Shape};
pub use extensions::Extensions;
pub use object::{Block, BlockNesting, Object, ObjectSchema};
