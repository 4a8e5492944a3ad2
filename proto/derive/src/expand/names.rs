//! The table behind `tfplugin::name!(Struct.field)`: an attribute's name, held by the compiler to the declaration.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Object;

pub(super) fn names(object: &Object) -> TokenStream {
    let ident = &object.ident;
    let fields: Vec<_> = object.fields.iter().map(|field| &field.ident).collect();
    let names = object.fields.iter().map(|field| &field.name);
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, missing_docs, unreachable_pub, non_snake_case)]
        pub struct __Names { #(pub #fields: &'static str),* }
        #[automatically_derived]
        #[allow(dead_code, unreachable_pub)]
        impl #ident {
            #[doc(hidden)]
            pub const __NAMES: __Names = __Names { #(#fields: #names),* };
        }
    }
}
