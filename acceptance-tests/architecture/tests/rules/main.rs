//! The rules, on small crates made for the purpose.

mod circles;
mod made;
mod neutral;
mod titles;
