//! The syntax of `#[tf(..)]`: words, `word = value` and `word(..)`, kept with their spans and not yet judged.

use proc_macro2::{Ident, Span};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, LitInt, LitStr, Token, parenthesized};

use crate::errors::{Errors, did_you_mean};

/// Where a `#[tf(..)]` stands: each place knows its own words.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// For messages.
    pub(crate) name: &'static str,
    /// The words it takes, in the order in which messages list them.
    pub(crate) words: &'static [&'static str],
}

/// On a struct that derives `Object`.
pub(crate) const STRUCT: Place = Place { name: "an Object struct", words: &["deprecated", "nested"] };
/// On one of its fields.
pub(crate) const FIELD: Place = Place {
    name: "a field",
    words: &[
        "required",
        "optional",
        "computed",
        "default",
        "sensitive",
        "write_only",
        "requires_replace",
        "deprecated",
        "name",
        "ext",
        "block",
    ],
};
/// On an enum that derives `Choice`.
pub(crate) const ENUM: Place = Place { name: "a Choice enum", words: &["rename", "ignore_case"] };
/// On one of its variants.
pub(crate) const VARIANT: Place = Place { name: "a variant", words: &["name"] };

/// One word with what belongs to it.
pub(crate) struct Setting {
    pub(crate) word: Ident,
    pub(crate) argument: Argument,
}

/// What follows a word.
pub(crate) enum Argument {
    None,
    Text(LitStr),
    Expr(Expr),
    Exprs(Vec<Expr>),
    Block(Vec<BlockArgument>),
}

/// One word in `block(..)`.
pub(crate) enum BlockArgument {
    Word(Ident),
    Limit(Ident, LitInt),
}

/// All settings in the `#[tf(..)]`s among `attributes`, without those that are unknown, misplaced or given twice.
pub(crate) fn settings(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tf")) {
        let parser = |input: ParseStream<'_>| parse_all(input, place);
        let parsed = match attribute.parse_args_with(parser) {
            Ok(parsed) => parsed,
            Err(error) => {
                errors.add(error);
                continue;
            }
        };
        for setting in parsed {
            if settings.iter().any(|earlier| earlier.word == setting.word && setting.word != "ext") {
                errors.at(&setting.word, format!("`{}` is given twice; keep one", setting.word));
            } else {
                settings.push(setting);
            }
        }
    }
    settings
}

/// The span of the whole declaration when a field has no place of its own.
pub(crate) fn span_of(settings: &[Setting], word: &str) -> Option<Span> {
    settings.iter().find(|setting| setting.word == word).map(|setting| setting.word.span())
}

fn parse_all(input: ParseStream<'_>, place: Place) -> syn::Result<Vec<Setting>> {
    let mut settings = Vec::new();
    let mut mistakes: Option<syn::Error> = None;
    while !input.is_empty() {
        let before = input.cursor();
        if let Err(mistake) = parse_one(input, place).map(|setting| settings.push(setting)) {
            match &mut mistakes {
                Some(mistakes) => mistakes.combine(mistake),
                None => mistakes = Some(mistake),
            }
            skip_to_comma(input)?;
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        debug_assert!(input.cursor() != before, "each round takes at least one token");
    }
    mistakes.map_or(Ok(settings), Err)
}

fn parse_one(input: ParseStream<'_>, place: Place) -> syn::Result<Setting> {
    let word: Ident = input.call(syn::ext::IdentExt::parse_any)?;
    let name = word.to_string();
    if !place.words.contains(&name.as_str()) {
        return Err(syn::Error::new(word.span(), unknown_word(&name, place)));
    }
    let argument = match name.as_str() {
        "deprecated" | "name" | "rename" => {
            input.parse::<Token![=]>().map_err(|_| syn::Error::new(word.span(), needs(&name, "= \"...\"")))?;
            Argument::Text(input.parse()?)
        }
        "default" => {
            input.parse::<Token![=]>().map_err(|_| syn::Error::new(word.span(), needs(&name, "= EXPR")))?;
            Argument::Expr(input.parse()?)
        }
        "ext" => {
            if !input.peek(syn::token::Paren) {
                return Err(syn::Error::new(word.span(), needs(&name, "(EXPR, ..)")));
            }
            let content;
            parenthesized!(content in input);
            Argument::Exprs(Punctuated::<Expr, Token![,]>::parse_terminated(&content)?.into_iter().collect())
        }
        "block" if input.peek(syn::token::Paren) => {
            let content;
            parenthesized!(content in input);
            let arguments = Punctuated::<BlockArgument, Token![,]>::parse_terminated(&content)?;
            Argument::Block(arguments.into_iter().collect())
        }
        "block" => Argument::Block(Vec::new()),
        _ if input.is_empty() || input.peek(Token![,]) => Argument::None,
        _ => return Err(input.error(format!("`{name}` takes no value; write it alone"))),
    };
    Ok(Setting { word, argument })
}

impl Parse for BlockArgument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const WORDS: &[&str] = &["set", "map", "single", "group", "min", "max"];
        let word: Ident = input.parse()?;
        let name = word.to_string();
        match name.as_str() {
            "set" | "map" | "single" | "group" => Ok(Self::Word(word)),
            "min" | "max" => {
                input.parse::<Token![=]>()?;
                Ok(Self::Limit(word, input.parse()?))
            }
            _ => Err(syn::Error::new(
                word.span(),
                format!(
                    "`{name}` says nothing about a block; known are {}{}",
                    WORDS.join(", "),
                    did_you_mean(&name, WORDS)
                ),
            )),
        }
    }
}

/// A mistake in one setting must not hide those in the next.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

fn unknown_word(name: &str, place: Place) -> String {
    let elsewhere = [STRUCT, FIELD, ENUM, VARIANT].into_iter().find(|other| other.words.contains(&name));
    match elsewhere {
        Some(other) => format!("`{name}` belongs on {}, not on {}", other.name, place.name),
        None => format!(
            "`{name}` is not known on {}; known are {}{}",
            place.name,
            place.words.join(", "),
            did_you_mean(name, place.words)
        ),
    }
}

fn needs(name: &str, what: &str) -> String {
    format!("`{name}` needs a value: write `{name}{}{what}`", if what.starts_with('=') { " " } else { "" })
}
