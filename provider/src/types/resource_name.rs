//! Names of objects as paths: `projects/P/locations/R/services/S`.
//! Some APIs answer with the project's number for its id, some people write the last part alone: one object all the same.

use std::fmt;
use std::str::FromStr;

use super::project::ProjectRef;

/// The name of an object: pairs of collection and id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceName {
    text: String,
    /// Where the path begins in `text`, behind a host if there is one.
    start: usize,
}

/// Why a text is no object's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceNameError {
    /// No text.
    #[error("a resource name cannot be empty")]
    Empty,
    /// Not in pairs.
    #[error("a resource name is made of pairs, such as projects/PROJECT/secrets/NAME")]
    Pairs,
    /// An empty part, or characters that no name has.
    #[error("a part of the resource name is empty or has spaces")]
    Part,
}

impl ResourceName {
    /// The path without a host.
    pub fn path(&self) -> &str {
        &self.text[self.start..]
    }

    /// The host of a full resource name: of `//run.googleapis.com/projects/…`.
    pub fn host(&self) -> Option<&str> {
        self.text[..self.start].strip_prefix("//").map(|host| host.trim_end_matches('/'))
    }

    /// The id of a collection: `get("services")`.
    pub fn get(&self, collection: &str) -> Option<&str> {
        self.pairs().find(|(name, _)| *name == collection).map(|(_, id)| id)
    }

    /// The project, by id or number.
    pub fn project(&self) -> Option<&str> {
        self.get("projects")
    }

    /// The location.
    pub fn location(&self) -> Option<&str> {
        self.get("locations")
    }

    /// The object's own id.
    pub fn last(&self) -> &str {
        last_segment(self.path())
    }

    /// As it is sent: without a host.
    pub fn to_wire(&self) -> String {
        self.path().to_owned()
    }

    /// The path with `project`'s number, if that is what stands there, replaced by its id.
    pub fn canonical(&self, project: &ProjectRef) -> String {
        let pairs = self.pairs().map(|(collection, id)| {
            let id = if collection == "projects" { project.canonical(id) } else { id };
            format!("{collection}/{id}")
        });
        pairs.collect::<Vec<_>>().join("/")
    }

    /// Whether both name the same object, be the project given by id or by number.
    pub fn is_same(&self, other: &ResourceName, project: &ProjectRef) -> bool {
        self.canonical(project) == other.canonical(project)
    }

    /// Whether `written` names this object: in full, or by its own id alone when it is in `project`.
    pub fn answers_to(&self, written: &str, project: &ProjectRef) -> bool {
        match written.parse::<ResourceName>() {
            Ok(other) => self.is_same(&other, project),
            Err(_) => written == self.last() && self.project().is_none_or(|own| project.is(own)),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self.path().split('/');
        std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
    }
}

/// What stands behind the last slash; the whole text if there is none.
pub fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

impl FromStr for ResourceName {
    type Err = ResourceNameError;

    fn from_str(text: &str) -> Result<ResourceName, ResourceNameError> {
        if text.is_empty() {
            return Err(ResourceNameError::Empty);
        }
        let start = match text.strip_prefix("//") {
            Some(rest) => 2 + rest.find('/').ok_or(ResourceNameError::Pairs)? + 1,
            None => 0,
        };
        let parts: Vec<&str> = text[start..].split('/').collect();
        if parts.iter().any(|part| part.is_empty() || part.contains(char::is_whitespace)) {
            return Err(ResourceNameError::Part);
        }
        if !parts.len().is_multiple_of(2) {
            return Err(ResourceNameError::Pairs);
        }
        Ok(ResourceName { text: text.to_owned(), start })
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

super::text_scalar!(ResourceName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> ResourceName {
        text.parse().unwrap()
    }

    fn project() -> ProjectRef {
        ProjectRef { id: "my-project".parse().unwrap(), number: Some(42) }
    }

    #[test]
    fn parts_are_found_by_collection() {
        let service = name("//run.googleapis.com/projects/my-project/locations/europe-west1/services/api");
        assert_eq!(
            (service.host(), service.project(), service.location()),
            (Some("run.googleapis.com"), Some("my-project"), Some("europe-west1"))
        );
        assert_eq!((service.get("services"), service.last(), service.get("jobs")), (Some("api"), "api", None));
        assert_eq!(service.to_wire(), "projects/my-project/locations/europe-west1/services/api");
    }

    #[test]
    fn a_number_and_its_id_name_the_same_object() {
        let (by_id, by_number) = (name("projects/my-project/secrets/s"), name("projects/42/secrets/s"));
        assert!(by_id.is_same(&by_number, &project()) && by_id != by_number);
        assert!(!by_id.is_same(&name("projects/43/secrets/s"), &project()));
        assert!(!by_id.is_same(&name("projects/42/secrets/t"), &project()));
    }

    #[test]
    fn a_short_name_means_the_own_project() {
        assert!(name("projects/42/secrets/s").answers_to("s", &project()));
        assert!(name("projects/42/secrets/s").answers_to("projects/my-project/secrets/s", &project()));
        assert!(!name("projects/other-one/secrets/s").answers_to("s", &project()));
    }

    #[test]
    fn refusals_have_reasons() {
        for (text, expected) in [
            ("", ResourceNameError::Empty),
            ("secret", ResourceNameError::Pairs),
            ("projects/p/secrets", ResourceNameError::Pairs),
            ("//host", ResourceNameError::Pairs),
            ("projects//secrets/s", ResourceNameError::Part),
            ("projects/p/secrets/a b", ResourceNameError::Part),
        ] {
            assert_eq!(text.parse::<ResourceName>(), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_name_is_its_own_canonical_name(id in "[a-z0-9-]{1,20}", item in "[A-Za-z0-9_.()-]{1,20}") {
            let once = name(&format!("projects/{id}/secrets/{item}")).canonical(&project());
            prop_assert_eq!(name(&once).canonical(&project()), once.clone());
            let again = name(&once);
            prop_assert_eq!(again.last(), item);
        }
    }
}
