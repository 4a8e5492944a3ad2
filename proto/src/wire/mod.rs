//! The translation between the SDK's types and the generated protobuf, and nothing else.

pub(crate) mod from_wire;
pub(crate) mod to_wire;
