//! stub
use crate::Rollout;
/// t
pub fn timeline_svg(_rollout: &Rollout) -> String { String::new() }
