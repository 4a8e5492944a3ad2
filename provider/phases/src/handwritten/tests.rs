//! What is read from hand-written texts.

mod any_text;
mod habits;
mod round_trip;
mod seeds;
