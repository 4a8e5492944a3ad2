//! Rust types as attributes: what `#[derive(Object)]` asks of a struct and of the type of each of its fields.
//!
//! [`Object`] is a struct, [`AttributeValue`] the type of a field, `element` the machinery under it; the
//! types themselves are a file each. It joins `value` and `schema`, which know nothing of it.

mod attribute_value;
pub(crate) mod block;
mod collection;
pub(crate) mod default;
pub(crate) mod element;
mod nested;
mod object;
mod primitive;
pub(crate) mod scalar;

pub use attribute_value::AttributeValue;
pub use element::{Known, Member};
pub use object::Object;
