//! Lists in pages.
//!
//! A page token names the last object of the page before, so that objects which come or go between two pages neither shift nor
//! repeat the rest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::error::ApiError;

/// How large the pages of a list are.
#[derive(Debug, Clone, Copy)]
pub struct PageRule {
    /// Objects in a page when the caller does not say.
    pub default: usize,
    /// More than this is silently cut down.
    pub max: usize,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// The objects, in order.
    pub items: Vec<Value>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

impl Page {
    /// The answer of a list: `answer` with the objects as `items`, which an empty page leaves out, and the next page's token.
    pub fn answer(self, mut answer: Value, items: &str) -> Value {
        if !self.items.is_empty() {
            answer[items] = Value::Array(self.items);
        }
        if let Some(next) = self.next {
            answer["nextPageToken"] = Value::String(next);
        }
        answer
    }
}

/// Cuts the page that `size` and `token` ask for out of `items`, which are pairs of sort key and object, sorted by key.
///
/// # Errors
/// 400 for a size that is no number or negative, and for a token that this module did not make.
pub fn page(
    items: Vec<(String, Value)>,
    rule: PageRule,
    size: Option<&str>,
    token: Option<&str>,
) -> Result<Page, ApiError> {
    let size = match size.filter(|text| !text.is_empty()) {
        None => rule.default,
        Some(text) => match text.parse::<i64>() {
            Ok(0) => rule.default,
            Ok(n) if n > 0 => usize::try_from(n).unwrap_or(rule.max).min(rule.max),
            _ => return Err(ApiError::invalid(format!("Invalid page size: {text}"))),
        },
    };
    let after = match token.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(decode(text).ok_or_else(|| ApiError::invalid("Invalid page token"))?),
    };
    let mut rest =
        items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key.as_str() > after.as_str()));
    let mut kept = Vec::new();
    let mut last = String::new();
    for (key, item) in rest.by_ref().take(size) {
        kept.push(item);
        last = key;
    }
    let next = rest.next().map(|_| encode(&last));
    Ok(Page { items: kept, next })
}

fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("p1:{key}"))
}

fn decode(token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("p1:").map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<(String, Value)> {
        ["a", "b", "c"].iter().map(|k| ((*k).to_owned(), Value::from(*k))).collect()
    }

    const RULE: PageRule = PageRule { default: 2, max: 2 };

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let first = page(items(), RULE, Some("99"), None).expect("a page");
        assert_eq!(first.items, ["a", "b"]);
        let second = page(items(), RULE, None, first.next.as_deref()).expect("a page");
        assert_eq!(second.items, ["c"]);
        assert_eq!(second.next, None);
    }

    #[test]
    fn foreign_tokens_are_refused() {
        assert!(page(items(), RULE, None, Some("zzz")).is_err());
    }
}
