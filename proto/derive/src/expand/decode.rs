//! `Object::decode`: every field is read before the first missing one ends it, so that all problems are told.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::schema::nesting_mark;
use crate::model::{Field, Object};

pub(super) fn decode(object: &Object) -> TokenStream {
    let locals: Vec<_> = (0..object.fields.len()).map(|index| format_ident!("__field_{index}")).collect();
    let reads = object.fields.iter().map(read);
    let idents = object.fields.iter().map(|field| &field.ident);
    quote! {
        fn decode(
            __value: &::tfplugin::Dynamic,
            __path: &::tfplugin::Path,
            __diagnostics: &mut ::tfplugin::Diagnostics,
        ) -> ::core::option::Option<Self> {
            #[allow(unused_variables)]
            let __object = ::tfplugin::__private::entries(__value, __path, __diagnostics)?;
            #(let #locals = #reads;)*
            ::core::option::Option::Some(Self { #(#idents: #locals?),* })
        }
    }
}

fn read(field: &Field) -> TokenStream {
    let Field { name, ty, .. } = field;
    let arguments = quote!((__object, #name, __path, __diagnostics));
    if let Some(block) = &field.block {
        let mark = nesting_mark(block.nesting);
        return quote_spanned!(ty.span()=> ::tfplugin::__private::decode_block::<#mark, #ty> #arguments);
    }
    if field.sensitive.is_some() || field.write_only.is_some() {
        return quote_spanned!(ty.span()=> ::tfplugin::__private::decode_secret::<#ty> #arguments);
    }
    quote_spanned!(ty.span()=> ::tfplugin::__private::decode::<#ty> #arguments)
}
