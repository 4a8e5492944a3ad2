//! Everything that `derive(Choice)` gives.

use proc_macro2::TokenStream;
use quote::quote;

use super::anonymous;
use crate::model::Choice;

pub(crate) fn choice(choice: &Choice) -> TokenStream {
    let ident = &choice.ident;
    let variants: Vec<_> = choice.variants.iter().map(|variant| &variant.ident).collect();
    let spellings: Vec<_> = choice.variants.iter().map(|variant| &variant.spelling).collect();
    let parse = parse(choice);
    let descriptions = descriptions(choice);
    anonymous(quote! {
        const __SPELLINGS: &[&str] = &[#(#spellings),*];

        #[automatically_derived]
        impl ::tfplugin::Choice for #ident {
            fn spelling(&self) -> &'static str {
                match self { #(Self::#variants => #spellings),* }
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = ::tfplugin::value::ChoiceError;
            fn from_str(__word: &str) -> ::core::result::Result<Self, Self::Err> {
                #parse
                ::core::result::Result::Err(::tfplugin::value::ChoiceError::new(__word, __SPELLINGS))
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.write_str(::tfplugin::Choice::spelling(self))
            }
        }

        #[automatically_derived]
        impl ::tfplugin::Scalar for #ident {
            type Repr = ::std::string::String;
            type Error = ::tfplugin::value::ChoiceError;
            fn parse(__word: ::std::string::String) -> ::core::result::Result<Self, <Self as ::tfplugin::Scalar>::Error> {
                __word.parse()
            }
            fn repr(&self) -> ::std::string::String {
                ::std::string::String::from(::tfplugin::Choice::spelling(self))
            }
            fn choices() -> &'static [&'static str] {
                __SPELLINGS
            }
            #descriptions
        }

        ::tfplugin::scalar!(#ident);
    })
}

fn parse(choice: &Choice) -> TokenStream {
    let tries = choice.variants.iter().map(|variant| {
        let (ident, spelling) = (&variant.ident, &variant.spelling);
        let same = if choice.ignore_case {
            quote!(str::eq_ignore_ascii_case(__word, #spelling))
        } else {
            quote!(__word == #spelling)
        };
        quote! {
            if #same {
                return ::core::result::Result::Ok(Self::#ident);
            }
        }
    });
    quote!(#(#tries)*)
}

/// All or none: a list with gaps helps nobody, so a variant without a doc comment has an empty one.
fn descriptions(choice: &Choice) -> Option<TokenStream> {
    if choice.variants.iter().all(|variant| variant.description.is_none()) {
        return None;
    }
    let texts = choice.variants.iter().map(|variant| variant.description.clone().unwrap_or_else(|| quote!("")));
    Some(quote! {
        fn choice_descriptions() -> &'static [&'static str] {
            &[#(#texts),*]
        }
    })
}
