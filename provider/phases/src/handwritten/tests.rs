//! What is read from hand-written texts.

mod any_text;
mod habits;
mod real;
mod round_trip;
