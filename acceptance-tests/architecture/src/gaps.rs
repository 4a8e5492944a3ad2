//! Texts with a gap in them: a sentence over several lines of code whose line ends lost their backslash.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use crate::source::{Module, Tree};

/// As many blanks between two words are a gap.
const GAP: &str = "   ";

/// Each text with a gap in the code of a crate, that of tests left out: where it is, and the text.
pub fn of(tree: &Tree) -> Vec<String> {
    tree.modules.iter().flat_map(of_module).collect()
}

fn of_module(module: &Module) -> Vec<String> {
    let mut found = Vec::new();
    for item in &module.items {
        collect(item.to_token_stream(), &mut |text, line| {
            if has_gap(text) {
                found.push(format!("{}:{line}: {text}", module.file.display()));
            }
        });
    }
    found
}

/// Whether a line of the text has a gap after its indent.
fn has_gap(text: &str) -> bool {
    text.lines().any(|line| line.trim().contains(GAP))
}

fn collect(tokens: TokenStream, visit: &mut impl FnMut(&str, usize)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), visit),
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Ok(text) = syn::parse2::<LitStr>(TokenTree::from(literal).into()) {
                    visit(&text.value(), line);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}
