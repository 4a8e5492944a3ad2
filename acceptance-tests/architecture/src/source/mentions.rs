//! The paths that an item imports or mentions: in types, expressions, patterns, bounds, attributes and macros.
//!
//! What a macro is given is read as tokens, because only the macro knows its grammar: `a::b` is a path wherever it stands.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemExternCrate, ItemUse, Macro, Meta, spanned::Spanned};

use super::leaves;

/// What stands before a path that names a crate: `::serde::Serialize`.
pub(crate) const EXTERN: &str = "::";

/// A path in the code.
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// What an item says of other modules.
#[derive(Default)]
pub(super) struct Found {
    pub(super) mentions: Vec<Mention>,
    pub(super) imports: Vec<(String, Vec<String>)>,
    pub(super) globs: Vec<Vec<String>>,
}

pub(super) fn of(item: &Item) -> Found {
    let mut found = Found::default();
    found.visit_item(item);
    found
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let prefix: &[String] = if item.leading_colon.is_some() { &[EXTERN.to_owned()] } else { &[] };
        let line = item.span().start().line;
        for (name, path) in leaves(&item.tree, prefix) {
            self.mentions.push(Mention { path: path.clone(), line });
            match name {
                Some(name) => self.imports.push((name, path)),
                None => self.globs.push(path),
            }
        }
    }

    /// `extern crate self as name`: the derives of a crate name it as others do.
    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        if let (true, Some((_, name))) = (item.ident == "self", &item.rename) {
            self.imports.push((name.to_string(), vec!["crate".to_owned()]));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let colon = path.leading_colon.iter().map(|_| EXTERN.to_owned());
        let segments = colon.chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect();
        self.mentions.push(Mention { path: segments, line: path.span().start().line });
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

impl Found {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = OpenPath::default();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => path.colon(),
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    if let Some(ended) = path.ident(ident.to_string(), line) {
                        self.mentions.push(ended);
                    }
                }
                other => {
                    self.mentions.extend(path.end());
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => self.literal(&literal),
                        _ => {}
                    }
                }
            }
        }
        self.mentions.extend(path.end());
    }

    /// `#[serde(with = "crate::a::b")]`: a text that can only be a path.
    fn literal(&mut self, literal: &proc_macro2::Literal) {
        let text = literal.to_string();
        let text = text.trim_matches('"');
        if ["crate::", "self::", "super::"].iter().any(|start| text.starts_with(start))
            && let Ok(path) = syn::parse_str::<syn::Path>(text)
        {
            let path = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.mentions.push(Mention { path, line: literal.span().start().line });
        }
    }
}

/// A path of which the tokens are still coming.
#[derive(Default)]
struct OpenPath {
    segments: Vec<String>,
    colons: usize,
    line: usize,
}

impl OpenPath {
    fn colon(&mut self) {
        self.colons += 1;
    }

    /// The next word. What it does not continue is ended.
    fn ident(&mut self, word: String, line: usize) -> Option<Mention> {
        let ended = if self.colons == 2 { None } else { self.end() };
        if self.segments.is_empty() {
            self.line = line;
            if self.colons == 2 {
                self.segments.push(EXTERN.to_owned());
            }
        }
        self.colons = 0;
        self.segments.push(word);
        ended
    }

    fn end(&mut self) -> Option<Mention> {
        self.colons = 0;
        let path = std::mem::take(&mut self.segments);
        (!path.is_empty()).then_some(Mention { path, line: self.line })
    }
}
