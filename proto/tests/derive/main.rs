//! What the derives make of a declaration, one behaviour per module.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

mod choices;
mod conversions;
mod everything;
mod hygiene;
mod mistakes;
mod reference;
mod schema_text;
mod totality;
