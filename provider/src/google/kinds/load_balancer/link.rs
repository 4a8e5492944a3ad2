//! How the objects of a load balancer name each other.

use crate::google::api::relative;

/// The part of a link that follows the project.
pub(super) fn key(link: &str) -> Option<String> {
    let (_, rest) = relative(link)?.strip_prefix("projects/")?.split_once('/')?;
    Some(rest.to_owned())
}

/// What a backend is called in the JSON of a load balancer: the last two segments of its link.
pub(super) fn reference(link: &str) -> Option<String> {
    key(link)?.strip_prefix("global/").map(str::to_owned)
}

/// The relative name that a reference stands for.
pub(super) fn link(project: &str, reference: &str) -> String {
    format!("projects/{project}/global/{reference}")
}

/// The relative name of a network endpoint group.
pub(super) fn group_link(project: &str, region: &str, name: &str) -> String {
    format!("projects/{project}/regions/{region}/networkEndpointGroups/{name}")
}
