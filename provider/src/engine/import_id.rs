//! The id of an import: `PROJECT/REGION/NAME[?selectors]`, or with an account in place of the project.

use std::collections::BTreeMap;

use super::cloud::Cloud;
use super::model::Layout;
use super::{account_iam, validate};

/// What to import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImportName {
    /// The account, or the project's id or number.
    pub account: String,
    /// The region.
    pub region: String,
    /// The stack's name.
    pub stack: String,
    /// By kind, the patterns of names that are wanted; empty: everything.
    pub selectors: BTreeMap<&'static str, Vec<Pattern>>,
    /// The patterns of roles whose grants on the account or project are wanted.
    pub grants: Vec<Pattern>,
    /// Whether what the selected components use comes along.
    pub follow: bool,
}

/// A name with `*` for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Whether the name fits.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut rest = name;
        let mut parts = self.0.split('*');
        let Some(first) = parts.next() else { return false };
        let Some(after) = rest.strip_prefix(first) else { return false };
        rest = after;
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an id is refused: the end of a sentence that begins with the id. The text says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImportIdError {
    /// Not three parts.
    #[error(
        "it is not of the form {account}/REGION/NAME or {account}/REGION/NAME?selectors, for example {example} or \
         {example}?KIND=NAME&KIND=NAME-*"
    )]
    Form {
        /// What stands for the account or project.
        account: String,
        /// The id of some stack.
        example: &'static str,
    },
    /// The place is not one.
    #[error("{0}")]
    Place(String),
    /// The name cannot be a stack's.
    #[error(
        "{0:?} cannot be a stack's name: write lower-case letters, digits, \"-\" and \"_\", starting with a letter, at most 63"
    )]
    Name(String),
    /// No such selector.
    #[error(
        "{name:?} is not a selector: there are {known}, each with a name (or a role) in which * stands for any text, and \
         follow"
    )]
    Selector {
        /// What was written.
        name: String,
        /// What there is.
        known: String,
    },
    /// A selector without a value.
    #[error("the selector {0:?} needs a name, such as {0}=my-name or {0}=my-*")]
    Empty(String),
    /// Follow is true or false.
    #[error("follow is true or false, not {0:?}")]
    Follow(String),
}

impl ImportIdError {
    fn form(cloud: &dyn Cloud) -> Self {
        let terms = cloud.terms();
        Self::Form { account: terms.account_noun().to_uppercase(), example: terms.import_example() }
    }
}

impl ImportName {
    /// Reads the id of an import of a stack of `cloud`.
    ///
    /// # Errors
    /// When the id is not of the form, or names what the cloud does not have.
    pub(crate) fn parse(id: &str, cloud: &dyn Cloud) -> Result<Self, ImportIdError> {
        let (name, query) = id.split_once('?').unwrap_or((id, ""));
        let [account, region, stack] = name.split('/').collect::<Vec<_>>()[..] else {
            return Err(ImportIdError::form(cloud));
        };
        if [account, region, stack].iter().any(|part| part.is_empty()) {
            return Err(ImportIdError::form(cloud));
        }
        if let Some(reason) = cloud.refuse_place(account, region) {
            return Err(ImportIdError::Place(reason));
        }
        if !validate::is_stack_name(stack) {
            return Err(ImportIdError::Name(stack.to_owned()));
        }
        let mut import = Self {
            account: account.to_owned(),
            region: region.to_owned(),
            stack: stack.to_owned(),
            follow: true,
            ..Self::default()
        };
        for selector in query.split('&').filter(|selector| !selector.is_empty()) {
            import.select(selector, cloud.layout())?;
        }
        Ok(import)
    }

    fn select(&mut self, selector: &str, layout: &'static Layout) -> Result<(), ImportIdError> {
        let (name, value) = selector.split_once('=').unwrap_or((selector, ""));
        if name == "follow" {
            self.follow = match value {
                "true" => true,
                "false" => false,
                _ => return Err(ImportIdError::Follow(value.to_owned())),
            };
            return Ok(());
        }
        let of_grants = account_iam::name(layout);
        let kind = layout.kind(name);
        if kind.is_none() && of_grants != Some(name) {
            let known = layout.kinds().iter().map(|kind| kind.name()).chain(of_grants).collect::<Vec<_>>().join(", ");
            return Err(ImportIdError::Selector { name: name.to_owned(), known });
        }
        let patterns: Vec<Pattern> =
            value.split(',').filter(|name| !name.is_empty()).map(|name| Pattern(name.to_owned())).collect();
        if patterns.is_empty() {
            return Err(ImportIdError::Empty(name.to_owned()));
        }
        match kind {
            Some(kind) => self.selectors.entry(kind.name()).or_default().extend(patterns),
            None => self.grants.extend(patterns),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::stack::GOOGLE;

    fn parse(id: &str) -> Result<ImportName, ImportIdError> {
        ImportName::parse(id, &GOOGLE)
    }

    #[test]
    fn a_bare_id_selects_everything_and_follows() {
        let import: ImportName = parse("my-project/europe-west1/ct-scan").unwrap();
        assert_eq!((import.selectors.len(), import.follow), (0, true));
        assert_eq!(import.stack, "ct-scan");
    }

    #[test]
    fn selectors_name_kinds_and_patterns() {
        let import: ImportName = parse("my-project/europe-west1/s?services=a,b&buckets=dtu-*&follow=false").unwrap();
        assert_eq!(import.selectors["services"].len(), 2);
        assert!(import.selectors["buckets"][0].matches("dtu-data"));
        assert!(!import.follow);
        let import = parse("my-project/europe-west1/s?project_iam=roles/aiplatform.*").unwrap();
        assert!(import.selectors.is_empty() && import.grants[0].matches("roles/aiplatform.user"));
    }

    #[test]
    fn a_star_stands_for_any_text_anywhere() {
        for (pattern, name, fits) in [
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*-logs", "ct-logs", true),
            ("*", "", true),
            ("a", "ab", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(Pattern(pattern.to_owned()).matches(name), fits, "{pattern} on {name}");
        }
    }

    #[test]
    fn every_malformed_part_is_told_by_itself() {
        for (id, said) in [
            ("my-project/europe-west1", "PROJECT/REGION/NAME"),
            ("my-project//x", "PROJECT/REGION/NAME"),
            ("a/europe-west1/x", "not a project"),
            ("my-project/europe/x", "not a region"),
            ("my-project/europe-west1/Über", "cannot be a stack's name"),
            ("my-project/europe-west1/x?servers=a", "\"servers\" is not a selector"),
            ("my-project/europe-west1/x?services=", "needs a name"),
            ("my-project/europe-west1/x?follow=maybe", "true or false"),
        ] {
            let error = parse(id).unwrap_err().to_string();
            assert!(error.contains(said), "{id}: {error}");
        }
    }
}
