//! Code from the model: a file per product, joined here in an anonymous const.
//!
//! Every path goes through `::tfplugin`, even `Option`; a user's own types of those names do not get in the way.

mod choice;
mod decode;
mod encode;
mod hollow;
mod names;
mod schema;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use crate::model::Object;

pub(crate) use choice::choice;
pub(crate) use hollow::{hollow_choice, hollow_object};

/// The place of a user's tokens, for code of ours: the compiler points there, and names mean what they mean here. A struct that
/// a macro makes has tokens to which our names are strangers.
fn place_of(tokens: &impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}

/// Everything that `derive(Object)` gives.
pub(crate) fn object(object: &Object) -> TokenStream {
    let ident = &object.ident;
    let schema = schema::schema(object);
    let decode = decode::decode(object);
    let encode = encode::encode(object);
    let names = names::names(object);
    anonymous(quote! {
        #[automatically_derived]
        impl ::tfplugin::Object for #ident {
            #schema
            #decode
            #encode
        }
        #names
    })
}

/// Keeps helper items out of the user's namespace.
pub(crate) fn anonymous(items: TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            #items
        };
    }
}
