//! Google Cloud: how its APIs are called (`api`), what a REST collection looks like (`rest`), and the component kinds
//! (`kinds`, a file each).

pub mod api;
pub mod kinds;
pub mod rest;
