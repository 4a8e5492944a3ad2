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
    let text = dedent(&lines.join("\n"));
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

#[cfg(test)]
mod tests {
    use super::dedent;

    #[test]
    fn relative_indentation_survives() {
        assert_eq!(dedent("\n A list:\n\n  - one\n    more\n"), "A list:\n\n - one\n   more");
    }
}
