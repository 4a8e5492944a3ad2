//! The rules, on small crates made for the purpose.

mod circles;
mod gaps;
mod made;
mod neutral;
mod proofs;
mod titles;
mod whole;
