//! `Object::schema`.

use super::place_of;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::model::{Field, Nesting, Object};

pub(super) fn schema(object: &Object) -> TokenStream {
    let mut fields: Vec<&Field> = object.fields.iter().collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let attributes = fields.iter().filter(|field| field.block.is_none()).map(|field| attribute(field));
    let blocks = fields.iter().filter_map(|field| block(field));
    let description = text(object.description.as_ref());
    let deprecated = optional_text(object.deprecated.as_ref());
    quote! {
        fn schema() -> ::tfplugin::ObjectSchema {
            ::tfplugin::ObjectSchema {
                description: #description,
                attributes: ::std::vec![#(#attributes),*],
                blocks: ::std::vec![#(#blocks),*],
                deprecated: #deprecated,
            }
        }
    }
}

fn attribute(field: &Field) -> TokenStream {
    let Field { name, ty, .. } = field;
    let description = field.description.iter();
    let presence = presence(field);
    let sensitive = field.sensitive.map(|_| quote!(__attribute.sensitive = true;));
    let write_only = field.write_only.map(|_| quote!(__attribute.write_only = true;));
    let requires_replace = field.requires_replace.map(|_| quote!(__attribute.requires_replace = true;));
    let deprecated = field.deprecated.as_ref().map(|text| {
        let text = optional_text(Some(text));
        quote!(__attribute.deprecated = #text;)
    });
    let default = field.default.as_ref().map(|(_, default)| {
        quote_spanned! {place_of(default)=>
            let __attribute = ::tfplugin::__private::with_default::<#ty, _>(__attribute, #default);
        }
    });
    let extensions = field.extensions.iter().map(|extension| quote!(__attribute.extensions.insert(#extension);));
    // The type's span makes the compiler point at the field when the type does not fit.
    let of = quote_spanned! {place_of(ty)=> ::tfplugin::Attribute::of::<#ty> };
    quote! {{
        #[allow(unused_mut)]
        let mut __attribute = #of(#name, #(#description)*, #presence);
        #sensitive
        #write_only
        #requires_replace
        #deprecated
        #(#extensions)*
        #default
        __attribute
    }}
}

fn presence(field: &Field) -> TokenStream {
    let variant = match (field.required, field.optional, field.computed, &field.default) {
        (Some(_), ..) => quote!(Required),
        (_, Some(_), None, None) => quote!(Optional),
        (_, None, Some(_), None) => quote!(Computed),
        _ => quote!(OptionalComputed),
    };
    quote!(::tfplugin::schema::Presence::#variant)
}

fn block(field: &Field) -> Option<TokenStream> {
    let block = field.block.as_ref()?;
    let Field { name, ty, .. } = field;
    let mark = nesting_mark(block.nesting);
    let min = block.min.map_or(0, |(_, limit)| limit);
    let max = block.max.map_or(0, |(_, limit)| limit);
    let nesting = match block.nesting {
        Nesting::Single => quote!(Single),
        Nesting::Group => quote!(Group),
        Nesting::Map => quote!(Map),
        Nesting::List => quote!(List { min: #min, max: #max }),
        Nesting::Set => quote!(Set { min: #min, max: #max }),
    };
    let description = text(field.description.as_ref());
    let deprecated = optional_text(field.deprecated.as_ref());
    let object = quote_spanned! {place_of(ty)=> <#ty as ::tfplugin::__private::BlockValue<#mark>>::object() };
    Some(quote! {
        ::tfplugin::schema::Block {
            name: ::tfplugin::__private::Cow::Borrowed(#name),
            nesting: ::tfplugin::schema::BlockNesting::#nesting,
            object: ::tfplugin::ObjectSchema { description: #description, deprecated: #deprecated, ..#object },
        }
    })
}

/// The type that chooses the conversion of a block.
pub(super) fn nesting_mark(nesting: Nesting) -> TokenStream {
    let mark = match nesting {
        Nesting::Single => quote!(Single),
        Nesting::Group => quote!(Group),
        Nesting::List => quote!(List),
        Nesting::Set => quote!(Set),
        Nesting::Map => quote!(Map),
    };
    quote!(::tfplugin::__private::nesting::#mark)
}

fn text(description: Option<&TokenStream>) -> TokenStream {
    let description = description.into_iter();
    quote!(::tfplugin::__private::Cow::Borrowed(#(#description)*))
}

fn optional_text(text: Option<&syn::LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(::tfplugin::__private::Cow::Borrowed(#text))),
        None => quote!(::core::option::Option::None),
    }
}
