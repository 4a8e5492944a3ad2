//! After mistakes: implementations without content, so that the user sees the mistakes and not what follows from them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::anonymous;

pub(crate) fn hollow_object(input: &DeriveInput, errors: Option<TokenStream>) -> TokenStream {
    let ident = &input.ident;
    // Parameters are a mistake, and their bounds are unknown.
    if !input.generics.params.is_empty() {
        return quote!(#errors);
    }
    let hollow = anonymous(quote! {
        impl ::tfplugin::Object for #ident {
            fn schema() -> ::tfplugin::ObjectSchema {
                ::core::unreachable!()
            }
            fn decode(
                _: &::tfplugin::Dynamic,
                _: &::tfplugin::Path,
                _: &mut ::tfplugin::Diagnostics,
            ) -> ::core::option::Option<Self> {
                ::core::unreachable!()
            }
            fn encode(&self) -> ::tfplugin::Dynamic {
                ::core::unreachable!()
            }
        }
    });
    quote!(#errors #hollow)
}

pub(crate) fn hollow_choice(input: &DeriveInput, errors: Option<TokenStream>) -> TokenStream {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return quote!(#errors);
    }
    let hollow = anonymous(quote! {
        impl ::tfplugin::Choice for #ident {
            fn spelling(&self) -> &'static str {
                ::core::unreachable!()
            }
        }
        impl ::tfplugin::Scalar for #ident {
            type Repr = ::std::string::String;
            type Error = ::tfplugin::value::ChoiceError;
            fn parse(_: ::std::string::String) -> ::core::result::Result<Self, <Self as ::tfplugin::Scalar>::Error> {
                ::core::unreachable!()
            }
            fn repr(&self) -> ::std::string::String {
                ::core::unreachable!()
            }
        }
        ::tfplugin::scalar!(#ident);
    });
    quote!(#errors #hollow)
}
