//! Phases as people read them: pages of markdown and a timeline. The same text for the same rollout: there is no clock here.
//!
//! Texts of users pass through `inline` (markdown) or `timeline::draw` (SVG), where they lose the power to be anything but
//! text. What several pages tell in the same way is in `sections`.

mod checkpoint;
mod criterion;
#[cfg(test)]
mod hostile;
mod inline;
mod page;
mod phase;
mod resume;
#[cfg(test)]
pub(crate) mod sample;
mod sections;
mod summary;
mod timeline;
mod words;

pub use self::checkpoint::checkpoint_page;
pub use self::phase::phase_page;
pub use self::resume::resume_page;
pub use self::timeline::timeline_svg;
