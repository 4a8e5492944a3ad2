//! The filters of secret lists, as far as they tell secrets by name and labels.
//!
//! `labels.KEY=VALUE`, `labels.KEY:*` and `name:PART`, joined by `AND`; anything else is refused as not served.

use serde_json::Value;

use crate::error::ApiError;

/// All must hold.
pub(super) struct Filter(Vec<Term>);

enum Term {
    Name(String),
    Label(String, Option<String>),
}

/// Reads a filter; empty text is the filter that takes all.
///
/// # Errors
/// 501 for what is not served.
pub(super) fn parse(text: &str) -> Result<Filter, ApiError> {
    let words = text.split_whitespace().filter(|word| *word != "AND");
    words.map(term).collect::<Result<_, _>>().map(Filter)
}

fn term(word: &str) -> Result<Term, ApiError> {
    let unserved = || ApiError::new(501, "UNIMPLEMENTED", format!("localcloud does not filter secrets by {word}"));
    let (field, value) = word.split_once(['=', ':']).ok_or_else(unserved)?;
    let value = value.trim_matches('"').to_owned();
    match field.strip_prefix("labels.") {
        Some(key) => Ok(Term::Label(key.trim_matches('"').to_owned(), Some(value).filter(|value| value != "*"))),
        None if field == "name" => Ok(Term::Name(value)),
        None => Err(unserved()),
    }
}

impl Filter {
    /// Does it take this secret?
    pub(super) fn matches(&self, secret: &Value) -> bool {
        self.0.iter().all(|term| match term {
            Term::Name(part) => secret["name"]
                .as_str()
                .is_some_and(|name| name.rsplit('/').next().unwrap_or(name).contains(part.as_str())),
            Term::Label(key, None) => secret["labels"].get(key).is_some(),
            Term::Label(key, Some(value)) => secret["labels"][key] == value.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn terms_must_hold_together() {
        let secret = json!({"name": "projects/1/secrets/wandb-key", "labels": {"env": "prod"}});
        let matches = |text: &str| parse(text).expect("a filter").matches(&secret);
        assert!(matches("") && matches("labels.env=prod AND name:wandb") && matches("labels.env:*"));
        assert!(!matches("labels.env=dev") && !matches("labels.env=prod name:other"));
        assert!(parse("create_time>2020").is_err());
    }
}
