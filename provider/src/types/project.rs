//! Ids of projects. Some APIs answer with the project's number instead: see `engine::place`.

use std::fmt;
use std::str::FromStr;

/// A project's id, such as `dtu-mlops-482907`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectId(String);

/// Why a text is no project id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectIdError {
    /// No text.
    #[error("a project id cannot be empty")]
    Empty,
    /// Digits only.
    #[error(
        "this is a project number; give the project's id, such as my-project-123456 (gcloud projects list shows both)"
    )]
    Number,
    /// Begins with `projects/`.
    #[error("give the id alone, without projects/ in front")]
    Path,
    /// Wrong length.
    #[error("a project id has 6 to 30 characters")]
    Length,
    /// Wrong characters.
    #[error(
        "a project id has lower-case letters, digits and hyphens, begins with a letter and does not end with a hyphen"
    )]
    Characters,
}

impl ProjectId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is sent.
    pub fn to_wire(&self) -> String {
        self.0.clone()
    }
}

impl FromStr for ProjectId {
    type Err = ProjectIdError;

    fn from_str(text: &str) -> Result<ProjectId, ProjectIdError> {
        if text.is_empty() {
            return Err(ProjectIdError::Empty);
        }
        if text.starts_with("projects/") {
            return Err(ProjectIdError::Path);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ProjectIdError::Number);
        }
        // Projects of old Workspace domains are written `example.com:name`.
        let name = match text.split_once(':') {
            Some((domain, name)) if domain.contains('.') => name,
            _ => text,
        };
        let legal = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !legal || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.ends_with('-') {
            return Err(ProjectIdError::Characters);
        }
        if !(6..=30).contains(&name.len()) {
            return Err(ProjectIdError::Length);
        }
        Ok(ProjectId(text.to_owned()))
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::text_scalar!(ProjectId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refusals_have_reasons() {
        for (text, expected) in [
            ("", ProjectIdError::Empty),
            ("123456789012", ProjectIdError::Number),
            ("projects/my-project", ProjectIdError::Path),
            ("short", ProjectIdError::Length),
            ("a-name-that-is-longer-than-30-characters", ProjectIdError::Length),
            ("My-Project", ProjectIdError::Characters),
            ("my_project", ProjectIdError::Characters),
            ("my-project-", ProjectIdError::Characters),
            ("1-project", ProjectIdError::Characters),
        ] {
            assert_eq!(text.parse::<ProjectId>(), Err(expected), "{text:?}");
        }
        assert!("example.com:my-project".parse::<ProjectId>().is_ok());
    }

    proptest! {
        #[test]
        fn legal_ids_are_kept(text in "[a-z][a-z0-9-]{4,28}[a-z0-9]") {
            prop_assert_eq!(text.parse::<ProjectId>().unwrap().to_string(), text);
        }
    }
}
