//! Checkpoints that people wrote by hand, in markdown.
