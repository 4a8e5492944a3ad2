//! Relative names of Google's objects: `projects/P/.../NAME`, where P is the project's id or its number.

use crate::engine::place::Place;

/// The object's own name: what stands behind the last slash; the whole text if there is none.
pub fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The name with the project's id, whichever name of the project it has; `None` for a name in another project.
pub fn own_name(name: &str, place: &Place) -> Option<String> {
    let (project, rest) = name.strip_prefix("projects/")?.split_once('/')?;
    place.is_account(project).then(|| format!("projects/{}/{rest}", place.account))
}

/// The name with the project's number in place of its id, where it has one and the number is known.
pub fn with_number(name: &str, place: &Place) -> Option<String> {
    let number = place.number.as_ref()?;
    let rest = name.strip_prefix("projects/")?.strip_prefix(place.account.as_str())?.strip_prefix('/')?;
    Some(format!("projects/{number}/{rest}"))
}
