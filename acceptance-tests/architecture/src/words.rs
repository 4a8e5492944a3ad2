//! The words that only one cloud uses, taken from the code that declares them: the names and nouns of its kinds, the names
//! and hosts of its APIs.
//!
//! A cloud is a folder beside the engine that has `kinds` in it.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, ImplItem, Item, ItemConst, Lit, Meta, Type};

use crate::source::{Id, Module, Tree};

/// The folder of a cloud that holds its kinds.
const KINDS: &str = "kinds";
/// What a kind calls itself: the stack's attribute, and one component.
const KIND_NAMES: [&str; 2] = ["NAME", "NOUN"];
/// The type of a constant that names an API.
const HOST: &str = "Host";
/// Names that are plain words of every cloud and every program, too. A secret is also any value that nobody may see, a role
/// is what is granted, and a policy has the grants of an object or says what becomes of it.
const COMMON: [&str; 9] = ["iam", "policies", "policy", "role", "roles", "run", "secret", "secrets", "storage"];

/// The words of the clouds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Words in sequence, in lower case: `["alert", "policy"]`.
    pub phrases: BTreeSet<Vec<String>>,
}

/// The clouds of a crate: the modules at its root that have kinds.
pub(crate) fn clouds(tree: &Tree) -> Vec<Id> {
    let kinds = tree.ids().filter(|id| matches!(tree.module(*id).path.as_slice(), [_, last] if last == KINDS));
    kinds.filter_map(|id| tree.module(id).parent).collect()
}

/// Whether a module is, or is in, the module `around`.
pub(crate) fn within(tree: &Tree, id: Id, around: Id) -> bool {
    tree.module(id).path.starts_with(&tree.module(around).path)
}

impl Vocabulary {
    /// The words of these clouds.
    pub(crate) fn of(tree: &Tree, clouds: &[Id]) -> Self {
        let mut vocabulary = Self::default();
        for cloud in clouds {
            vocabulary.add(tree.module(*cloud).path.first().map_or("", String::as_str));
            for id in tree.ids().filter(|id| within(tree, *id, *cloud)) {
                let module = tree.module(id);
                if module.path.get(1).is_some_and(|folder| folder == KINDS) {
                    vocabulary.add_kinds(module);
                } else {
                    vocabulary.add_apis(module);
                }
            }
        }
        for word in COMMON {
            vocabulary.phrases.remove(&words(word));
        }
        vocabulary
    }

    /// Each phrase that occurs in a text, an identifier or a sentence.
    pub fn found_in(&self, text: &str) -> BTreeSet<String> {
        let words = words(text);
        let starts_here = |start: usize| {
            let rest = words.get(start..).unwrap_or_default();
            self.phrases.iter().filter(|phrase| rest.starts_with(phrase)).max_by_key(|phrase| phrase.len())
        };
        (0..words.len()).filter_map(starts_here).map(|phrase| phrase.join(" ")).collect()
    }

    fn add(&mut self, text: &str) {
        let phrase = words(text);
        if !phrase.is_empty() {
            self.phrases.insert(phrase);
        }
    }

    fn add_kinds(&mut self, module: &Module) {
        let members = module.items.iter().filter_map(|item| match item {
            Item::Impl(item) if item.trait_.is_some() => Some(&item.items),
            _ => None,
        });
        for member in members.flatten() {
            if let ImplItem::Const(constant) = member
                && KIND_NAMES.iter().any(|name| constant.ident == name)
                && let Some(text) = literal(&constant.expr)
            {
                self.add(&text);
            }
        }
    }

    fn add_apis(&mut self, module: &Module) {
        for item in &module.items {
            let tokens = item.to_token_stream();
            self.add_hosts(tokens);
            let constants: Vec<(&syn::Ident, &Type, &[Attribute])> = match item {
                Item::Const(ItemConst { ident, ty, attrs, .. }) => vec![(ident, ty, attrs)],
                Item::Impl(item) => {
                    let constants = item.items.iter().filter_map(|member| match member {
                        ImplItem::Const(constant) => Some((&constant.ident, &constant.ty, constant.attrs.as_slice())),
                        _ => None,
                    });
                    constants.collect()
                }
                _ => Vec::new(),
            };
            for (name, _, attributes) in constants.into_iter().filter(|(_, of, _)| is_host(of)) {
                self.add(&name.to_string());
                // A doc comment that is only the API's name: `/// Pub/Sub.`
                if let Some(title) = documentation(attributes)
                    && let title = title.trim().trim_end_matches('.')
                    && title.split([' ', '/']).all(|word| word.starts_with(char::is_uppercase))
                {
                    self.add(title);
                }
            }
        }
    }

    /// `run.googleapis.com` names an API and the domain that all of them share.
    fn add_hosts(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add_hosts(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse2::<syn::LitStr>(TokenTree::Literal(literal).into()) {
                        let text = text.value();
                        if let [api, domain, "com"] = text.split('.').collect::<Vec<_>>().as_slice()
                            && ["googleapis", "amazonaws"].contains(domain)
                        {
                            self.add(api);
                            self.add(domain);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_host(of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == HOST))
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn documentation(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => literal(&pair.value),
        _ => None,
    })
}

/// The words of an identifier in any case, or of a sentence, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    let mut after_lower = false;
    for character in text.chars() {
        if !character.is_alphanumeric() {
            inside = false;
            continue;
        }
        let begins = !inside || (after_lower && character.is_uppercase());
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
        inside = true;
        after_lower = character.is_lowercase() || character.is_numeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_a_case_a_sign_or_a_space_says_so() {
        assert_eq!(
            words("serviceAccounts, ALERT_POLICY; Pub/Sub"),
            ["service", "accounts", "alert", "policy", "pub", "sub"]
        );
    }

    #[test]
    fn the_longest_phrase_is_the_one_that_is_found() {
        let phrases = ["service", "service account"].map(words).into();
        let found = Vocabulary { phrases }.found_in("the service_account of a service");
        assert_eq!(found, ["service".to_owned(), "service account".to_owned()].into());
    }
}
