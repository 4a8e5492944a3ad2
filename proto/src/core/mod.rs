//! Terraform's rules in the SDK's own types.
//!
//! Everything here is synchronous and total over values and schemas; no protobuf comes this far, and no handler is
//! called from here. `rpc` translates, calls a rule, calls a handler, calls a rule, and translates back.

pub(crate) mod apply;
pub(crate) mod conform;
pub(crate) mod consistency;
pub(crate) mod fault;
pub(crate) mod import;
pub(crate) mod locate;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod spelling;
pub(crate) mod validate;
pub(crate) mod walk;

#[cfg(test)]
mod tests;
