//! The words of policies that can be spelt in several ways: each keeps its spelling and is equal by meaning.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An action of a service, with `*` and `?` for any text and any letter; equal in any case.
#[derive(Clone, Debug)]
pub struct Action(String);

/// Who calls: an account, by its number or as the ARN of its root, a role, a user, a service, or `*`.
#[derive(Clone, Debug)]
pub struct Principal(String);

/// Why a text is no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an action is written as SERVICE:ACTION, such as sqs:SendMessage or s3:Get*, or * for all of them")]
pub struct ActionError;

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?-_".contains(&byte))
        };
        let is_action =
            text == "*" || text.split_once(':').is_some_and(|(service, name)| is_word(service) && is_word(name));
        if is_action { Ok(Self(text.to_owned())) } else { Err(ActionError) }
    }
}

impl Action {
    fn to_canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Principal {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Principal {
    fn to_canonical(&self) -> String {
        principal(&self.0)
    }
}

/// A principal in one spelling: an account is its number, however it is written.
pub(super) fn principal(text: &str) -> String {
    let root = text.strip_suffix(":root").and_then(|arn| arn.rsplit_once("::"));
    match root {
        Some((service, account)) if service.starts_with("arn:") && service.ends_with(":iam") => account.to_owned(),
        _ => text.to_owned(),
    }
}

/// Makes a text what its canonical form is.
macro_rules! by_meaning {
    ($($word:ident),*) => {$(
        impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq for $word {
            fn eq(&self, other: &Self) -> bool {
                self.to_canonical() == other.to_canonical()
            }
        }

        impl Eq for $word {}

        impl Ord for $word {
            fn cmp(&self, other: &Self) -> Ordering {
                self.to_canonical().cmp(&other.to_canonical())
            }
        }

        impl PartialOrd for $word {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Hash for $word {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.to_canonical().hash(state);
            }
        }

        crate::types::text_scalar!($word, canonical: $word::to_canonical);
    )*};
}

by_meaning!(Action, Principal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_equal_in_any_case() {
        let action = |text: &str| text.parse::<Action>();
        assert_eq!(action("SQS:SendMessage"), action("sqs:sendmessage"));
        for text in ["", "sqs", "sqs:", ":x", "sqs:Send Message"] {
            assert_eq!(action(text), Err(ActionError), "{text}");
        }
    }

    #[test]
    fn an_account_is_its_number_or_its_root() {
        assert_eq!(principal("arn:aws:iam::123456789012:root"), "123456789012");
        assert_eq!(principal("arn:aws:iam::123456789012:role/a"), "arn:aws:iam::123456789012:role/a");
    }
}
