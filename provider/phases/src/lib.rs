//! Phases of a rollout: what a checkpoint holds, in which order phases come, how they are told to people, and how
//! checkpoints that people wrote by hand are read. Pure: no clock, no network, no files.
//!
//! [`document`] is the stored form of one phase, [`rollout`] all phases of a store together. [`report`] renders them,
//! [`handwritten`] reads markdown.

pub mod document;
pub mod handwritten;
pub mod moment;
pub mod order;
pub mod phase_id;
pub mod report;
pub mod rollout;
pub mod status;

pub use document::Document;
pub use moment::Moment;
pub use phase_id::PhaseId;
pub use rollout::Rollout;
pub use status::Status;
