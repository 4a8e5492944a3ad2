//! Doc comments are data: the descriptions of the schema and the text of the reference page.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment among `attributes` as an expression of type `&'static str`; `None` when there is no text.
pub(crate) fn description(attributes: &[Attribute]) -> Option<TokenStream> {
    let mut lines = Vec::new();
    let mut computed = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else { continue };
        if !meta.path.is_ident("doc") {
            continue;
        }
        match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => lines.push(text.value()),
            // `#[doc = include_str!("..")]`: only the compiler knows the text.
            other => computed.push(other.to_token_stream()),
        }
    }
    let text = unwrap(&dedent(&lines.join("\n")));
    if computed.is_empty() {
        return (!text.is_empty()).then(|| quote!(#text));
    }
    let gap = if text.is_empty() { "" } else { "\n" };
    Some(quote!(::core::concat!(#text, #gap, #(#computed),*)))
}

/// Removes the space that `///` leaves on every line, as rustdoc does, and blank lines around.
fn dedent(text: &str) -> String {
    let filled = || text.lines().filter(|line| !line.trim().is_empty());
    let indent = filled().map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let lines: Vec<&str> = text.lines().map(|line| line.get(indent..).unwrap_or("").trim_end()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// Puts each paragraph and list item on one line: where the source was wrapped is no part of the text.
fn unwrap(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        let fence = is_fence(line);
        let joins = !in_code && !fence && !starts_anew(line);
        match lines.last_mut() {
            Some(last) if joins && !ends_here(last) => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => lines.push(line.to_owned()),
        }
        in_code ^= fence;
    }
    lines.join("\n")
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~")
}

/// Whether markdown begins something new with this line.
fn starts_anew(line: &str) -> bool {
    let text = line.trim_start();
    let numbered = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let bullet = ["- ", "* ", "+ ", "#", "|", ">"].iter().any(|mark| text.starts_with(mark));
    text.is_empty() || bullet || (numbered.len() < text.len() && numbered.starts_with(". ")) || line.starts_with("    ")
}

/// Whether nothing can be joined to this line.
fn ends_here(line: &str) -> bool {
    let text = line.trim_start();
    text.is_empty() || text.starts_with('#') || text.starts_with('|') || is_fence(line) || line.starts_with("    ")
}

#[cfg(test)]
mod tests {
    use super::{dedent, unwrap};

    #[test]
    fn a_wrapped_paragraph_is_one_line() {
        assert_eq!(unwrap("One\ntwo.\n\nThree\nfour."), "One two.\n\nThree four.");
    }

    #[test]
    fn lists_tables_and_code_keep_their_lines() {
        let text = "List:\n- a\n  b\n1. c\n\n| d |\n|---|\n\n```\ne\nf\n```\nend\nof it";
        let unwrapped = "List:\n- a b\n1. c\n\n| d |\n|---|\n\n```\ne\nf\n```\nend of it";
        assert_eq!(unwrap(text), unwrapped);
    }

    #[test]
    fn relative_indentation_survives() {
        assert_eq!(dedent("\n A list:\n\n  - one\n    more\n"), "A list:\n\n - one\n   more");
    }
}
