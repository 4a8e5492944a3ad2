//! Which items exist only for tests: those under `#[test]` and under a `#[cfg(..)]` that asks for `test`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, ImplItem, Item, Meta, TraitItem};

/// Whether an item with these attributes is compiled for tests only.
pub(crate) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => asks_for_test(list.tokens.clone()),
        _ => false,
    })
}

/// Whether a predicate mentions `test` outside `not(..)`.
fn asks_for_test(predicate: TokenStream) -> bool {
    let mut negated = false;
    predicate.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => {
            negated = ident == "not";
            ident == "test"
        }
        TokenTree::Group(group) => !std::mem::take(&mut negated) && asks_for_test(group.stream()),
        _ => false,
    })
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Takes out of an item the members that exist only for tests.
pub(crate) fn without_test_members(mut item: Item) -> Item {
    match &mut item {
        Item::Impl(item) => item.items.retain(|member| match member {
            ImplItem::Const(member) => !only_for_tests(&member.attrs),
            ImplItem::Fn(member) => !only_for_tests(&member.attrs),
            ImplItem::Type(member) => !only_for_tests(&member.attrs),
            _ => true,
        }),
        Item::Trait(item) => item.items.retain(|member| match member {
            TraitItem::Const(member) => !only_for_tests(&member.attrs),
            TraitItem::Fn(member) => !only_for_tests(&member.attrs),
            TraitItem::Type(member) => !only_for_tests(&member.attrs),
            _ => true,
        }),
        _ => {}
    }
    item
}
