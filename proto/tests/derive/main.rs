//! What the derives make of a declaration, one behaviour per module.

mod choices;
mod conversions;
mod everything;
mod hygiene;
mod mistakes;
mod reference;
mod schema_text;
