//! Texts with repeated keys, for a parser that refuses them.
//!
//! Terraform takes `{ a = 1, a = 2 }` and keeps the last; the parser stops at the second `a`. It then gets the text with a
//! number added to that key (`1+a`), which no other key equals, and is asked again. A text that does not parse for
//! any other reason stops at the same place once more, and is given up.

use hcl_edit::Span;
use hcl_edit::expr::{BinaryOp, Expression};
use hcl_edit::structure::Body;

/// Bytes that are parsed in all, since a text is parsed once more for each repeated key: then it is given up.
const WORK: usize = 16 << 20;

/// A text that parses.
pub(super) struct Repaired {
    /// The text that the body's spans mean: with as many lines as the one that was given.
    pub(super) text: String,
    pub(super) body: Body,
    /// Where a key got its number.
    keys: Vec<usize>,
}

/// Parses `text`; `None` when it is no HCL.
pub(super) fn parse(text: &str) -> Option<Repaired> {
    let mut text = text.to_owned();
    let mut keys: Vec<usize> = Vec::new();
    // Where a repair must have led beyond.
    let mut passed = 0;
    loop {
        let at = match hcl_edit::parser::parse_body(&text) {
            Ok(body) => return Some(Repaired { text, body, keys }),
            Err(error) => error.location().offset(),
        };
        if keys.len() * text.len() > WORK || at < passed || !text.is_char_boundary(at) {
            return None;
        }
        let number = format!("{}+", keys.len());
        text.insert_str(at, &number);
        passed = at + number.len() + 1;
        keys.push(at);
    }
}

impl Repaired {
    /// The key as it was written, if `key` is one that got a number.
    pub(super) fn written<'k>(&self, key: &'k BinaryOp) -> Option<&'k Expression> {
        let start = key.lhs_expr.span()?.start;
        self.keys.binary_search(&start).ok().map(|_| &key.rhs_expr)
    }
}
