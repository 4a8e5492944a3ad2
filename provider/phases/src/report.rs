//! Phases as people read them.
