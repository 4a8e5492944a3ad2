//! The engine is true of every cloud: it imports none, and names no kind and no API.
//!
//! Identifiers, texts and doc comments are looked at; plain comments are free, because they may give an example.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use crate::source::{Id, Module, Tree};
use crate::words::{self, Vocabulary, within};
use crate::{Violation, resolve};

/// The module that knows no cloud.
const ENGINE: &str = "engine";

/// Each import of a cloud and each word of one in the engine; nothing in a crate without an engine.
pub fn violations(tree: &Tree) -> Vec<Violation> {
    let Some(engine) = tree.ids().find(|id| matches!(tree.module(*id).path.as_slice(), [only] if only == ENGINE))
    else {
        return Vec::new();
    };
    let clouds = words::clouds(tree);
    let vocabulary = Vocabulary::of(tree, &clouds);
    let inside = || tree.ids().filter(|id| within(tree, *id, engine));
    let imports = inside().flat_map(|id| imports(tree, id, &clouds));
    imports.chain(inside().flat_map(|id| names(tree.module(id), &vocabulary))).collect()
}

fn imports(tree: &Tree, id: Id, clouds: &[Id]) -> Vec<Violation> {
    let module = tree.module(id);
    let mut found = BTreeMap::new();
    for (path, at) in &module.mentions {
        for target in resolve::definers(tree, id, path) {
            if clouds.iter().any(|cloud| within(tree, target, *cloud)) {
                let line = format!("cloud {} -> {}", module.display(), tree.module(target).display());
                found.entry(line).or_insert(format!("{}:{} {}", module.file.display(), at, path.join("::")));
            }
        }
    }
    let violation = |(line, place)| Violation { line, explanation: format!("the engine imports a cloud\n    {place}") };
    found.into_iter().map(violation).collect()
}

fn names(module: &Module, vocabulary: &Vocabulary) -> Vec<Violation> {
    let mut said = Vec::new();
    for attribute in &module.attributes {
        texts(attribute.to_token_stream(), &mut said);
    }
    for item in &module.items {
        texts(item.to_token_stream(), &mut said);
    }
    if let Some(name) = module.path.last() {
        said.push((name.clone(), 1));
    }
    let mut lines: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (text, line) in said {
        for word in vocabulary.found_in(&text) {
            lines.entry(word).or_default().insert(line);
        }
    }
    let violation = |(word, lines): (String, BTreeSet<usize>)| {
        let file = module.file.display();
        let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
        Violation {
            line: format!("word {}: {word}", module.display()),
            explanation: format!("the engine says {word:?}, a word of one cloud\n    {file}:{}", lines.join(",")),
        }
    };
    lines.into_iter().map(violation).collect()
}

/// The identifiers and texts of code, with their lines.
fn texts(tokens: TokenStream, said: &mut Vec<(String, usize)>) {
    for token in tokens {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => texts(group.stream(), said),
            TokenTree::Ident(ident) => said.push((ident.to_string(), line)),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('"') {
                    said.push((text, line));
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}
