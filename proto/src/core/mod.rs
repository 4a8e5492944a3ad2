//! Terraform's rules in the SDK's own types.
//!
//! Everything here is synchronous and total over values and schemas; no protobuf comes this far, and no handler is
//! called from here. `rpc` translates, calls a rule, calls a handler, calls a rule, and translates back.

pub(crate) mod plan;
pub(crate) mod validate;
pub(crate) mod walk;
