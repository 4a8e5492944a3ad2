//! Names of other objects as the APIs hold them: short or full, with the project's id or number.

use super::scalars::any_text;
use crate::google::names::last_segment;

/// The name of an object, short or as a path. Equal are those that can be the same object: of one last segment, and of
/// projects that do not contradict each other (an id and a number may be one project, and a short name has none).
#[derive(Clone, Debug)]
pub(super) struct CloudName(String);

impl CloudName {
    fn last(&self) -> &str {
        last_segment(&self.0)
    }

    fn after(&self, collection: &str) -> Option<&str> {
        let mut segments = self.0.split('/').skip_while(|segment| *segment != collection);
        segments.next()?;
        segments.next()
    }
}

impl PartialEq for CloudName {
    fn eq(&self, other: &Self) -> bool {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let agree = |a: Option<&str>, b: Option<&str>, loosely: bool| match (a, b) {
            (Some(a), Some(b)) => a == b || (loosely && is_number(a) != is_number(b)),
            _ => true,
        };
        self.last() == other.last()
            && agree(self.after("projects"), other.after("projects"), true)
            && agree(self.after("locations"), other.after("locations"), false)
            && agree(self.after("regions"), other.after("regions"), false)
    }
}

any_text!(CloudName);

/// Whether two names, short or full, can be of one object.
pub(super) fn is_same_name(a: &str, b: &str) -> bool {
    CloudName(a.to_owned()) == CloudName(b.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> CloudName {
        CloudName(text.to_owned())
    }

    #[test]
    fn short_and_full_names_are_equal_unless_they_contradict_each_other() {
        assert!(name("c") == name("projects/p/locations/l/connectors/c"));
        assert!(name("projects/p/locations/l/connectors/c") == name("projects/1/locations/l/connectors/c"));
        assert!(name("projects/p/secrets/s") != name("projects/q/secrets/s"));
        assert!(name("projects/1/secrets/s") != name("projects/2/secrets/s"));
        assert!(name("a") != name("b"));
    }
}
