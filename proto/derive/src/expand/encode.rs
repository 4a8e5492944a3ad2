//! `Object::encode`.

use super::place_of;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::schema::nesting_mark;
use crate::model::{Field, Object};

pub(super) fn encode(object: &Object) -> TokenStream {
    let entries = object.fields.iter().map(entry);
    let count = object.fields.len();
    quote! {
        fn encode(&self) -> ::tfplugin::Dynamic {
            let entries: [(::tfplugin::Name, ::tfplugin::Dynamic); #count] = [#(#entries),*];
            ::tfplugin::Dynamic::Object(entries.into())
        }
    }
}

fn entry(field: &Field) -> TokenStream {
    let Field { ident, name, ty, .. } = field;
    let value = match &field.block {
        Some(block) => {
            let mark = nesting_mark(block.nesting);
            quote_spanned!(place_of(ty)=> <#ty as ::tfplugin::__private::BlockValue<#mark>>::encode_block(&self.#ident))
        }
        None => quote_spanned!(place_of(ty)=> <#ty as ::tfplugin::AttributeValue>::encode(&self.#ident)),
    };
    quote!((::tfplugin::Name::fixed(#name), #value))
}
