//! What a declaration means, with every default resolved: the one thing that checks and expansions look at.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Expr, Fields, LitStr, Type};

use crate::attrs::{self, Argument, BlockArgument, Setting};
use crate::case::Case;
use crate::doc_comments;
use crate::errors::{Errors, did_you_mean};

/// A struct that derives `Object`.
pub(crate) struct Object {
    pub(crate) ident: Ident,
    pub(crate) description: Option<TokenStream>,
    pub(crate) deprecated: Option<LitStr>,
    /// Never the body of a resource.
    pub(crate) nested: bool,
    /// In the order of declaration.
    pub(crate) fields: Vec<Field>,
}

/// One field of it.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The attribute's name, and where it is written.
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) description: Option<TokenStream>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) sensitive: Option<Span>,
    pub(crate) write_only: Option<Span>,
    pub(crate) requires_replace: Option<Span>,
    pub(crate) required: Option<Span>,
    pub(crate) optional: Option<Span>,
    pub(crate) computed: Option<Span>,
    pub(crate) default: Option<(Span, Expr)>,
    pub(crate) extensions: Vec<Expr>,
    pub(crate) block: Option<Block>,
    /// Its settings could not all be read: what seems to be missing may be what was meant.
    pub(crate) garbled: bool,
}

/// What makes a field a nested block.
pub(crate) struct Block {
    pub(crate) span: Span,
    pub(crate) nesting: Nesting,
    pub(crate) min: Option<(Span, i64)>,
    pub(crate) max: Option<(Span, i64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nesting {
    Single,
    Group,
    List,
    Set,
    Map,
}

/// An enum that derives `Choice`.
pub(crate) struct Choice {
    pub(crate) ident: Ident,
    pub(crate) ignore_case: bool,
    pub(crate) variants: Vec<Variant>,
}

/// One variant of it.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) spelling: String,
    pub(crate) description: Option<TokenStream>,
}

impl Object {
    /// Reads a declaration; `None` when there is too little of it to go on.
    pub(crate) fn from_ast(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        const SHAPE: &str = "`Object` is derived for a struct with named fields: each field is an attribute";
        no_generics(input, "an Object struct", errors);
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                Fields::Unnamed(_) | Fields::Unit => {
                    errors.at(&input.ident, SHAPE);
                    return None;
                }
            },
            Data::Enum(_) => {
                errors.at(&input.ident, format!("{SHAPE}; for an enum of words derive `Choice`"));
                return None;
            }
            Data::Union(_) => {
                errors.at(&input.ident, SHAPE);
                return None;
            }
        };
        let settings = attrs::settings(&input.attrs, attrs::STRUCT, errors);
        Some(Self {
            ident: input.ident.clone(),
            description: doc_comments::description(&input.attrs),
            deprecated: text(&settings, "deprecated"),
            nested: attrs::span_of(&settings, "nested").is_some(),
            fields: fields.iter().filter_map(|field| Field::from_ast(field, errors)).collect(),
        })
    }
}

impl Field {
    fn from_ast(field: &syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let before = errors.count();
        let settings = attrs::settings(&field.attrs, attrs::FIELD, errors);
        let name = text(&settings, "name");
        let span = |word| attrs::span_of(&settings, word);
        let block = settings.iter().find_map(|setting| match &setting.argument {
            Argument::Block(arguments) => Some(Block::from_arguments(setting.word.span(), arguments, errors)),
            _ => None,
        });
        Some(Self {
            name: name.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value),
            name_span: name.as_ref().map_or_else(|| ident.span(), LitStr::span),
            ty: field.ty.clone(),
            description: doc_comments::description(&field.attrs),
            deprecated: text(&settings, "deprecated"),
            sensitive: span("sensitive"),
            write_only: span("write_only"),
            requires_replace: span("requires_replace"),
            required: span("required"),
            optional: span("optional"),
            computed: span("computed"),
            default: settings.iter().find_map(|setting| match &setting.argument {
                Argument::Expr(default) => Some((setting.word.span(), default.clone())),
                _ => None,
            }),
            extensions: settings
                .iter()
                .filter_map(|setting| match &setting.argument {
                    Argument::Exprs(extensions) => Some(extensions.clone()),
                    _ => None,
                })
                .flatten()
                .collect(),
            block,
            garbled: errors.count() > before,
            ident,
        })
    }
}

impl Block {
    fn from_arguments(span: Span, arguments: &[BlockArgument], errors: &mut Errors) -> Self {
        let mut block = Self { span, nesting: Nesting::List, min: None, max: None };
        let mut chosen: Option<&Ident> = None;
        for argument in arguments {
            match argument {
                BlockArgument::Word(word) => {
                    if let Some(earlier) = chosen.replace(word) {
                        errors.at(word, format!("a block is either `{earlier}` or `{word}`; keep one"));
                    }
                    block.nesting = match word.to_string().as_str() {
                        "set" => Nesting::Set,
                        "map" => Nesting::Map,
                        "single" => Nesting::Single,
                        _ => Nesting::Group,
                    };
                }
                BlockArgument::Limit(word, literal) => match literal.base10_parse::<i64>() {
                    Ok(limit) if word == "min" => block.min = Some((word.span(), limit)),
                    Ok(limit) => block.max = Some((word.span(), limit)),
                    Err(error) => errors.add(error),
                },
            }
        }
        block
    }
}

impl Choice {
    /// Reads a declaration; `None` when there is too little of it to go on.
    pub(crate) fn from_ast(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        no_generics(input, "a Choice enum", errors);
        let Data::Enum(data) = &input.data else {
            errors.at(&input.ident, "`Choice` is derived for an enum of unit variants: each variant is a word");
            return None;
        };
        let settings = attrs::settings(&input.attrs, attrs::ENUM, errors);
        let case = text(&settings, "rename").map_or(Case::ScreamingSnake, |name| case_named(&name, errors));
        let variants = data.variants.iter().map(|variant| {
            if !matches!(variant.fields, Fields::Unit) {
                errors.at(variant, "a choice is a word: a variant has no fields");
            }
            let settings = attrs::settings(&variant.attrs, attrs::VARIANT, errors);
            let ident = variant.ident.clone();
            let spelling = text(&settings, "name");
            Variant {
                spelling: spelling.map_or_else(|| case.apply(&ident.unraw().to_string()), |name| name.value()),
                description: doc_comments::description(&variant.attrs),
                ident,
            }
        });
        let variants = variants.collect();
        let ignore_case = attrs::span_of(&settings, "ignore_case").is_some();
        Some(Self { ident: input.ident.clone(), ignore_case, variants })
    }
}

fn case_named(name: &LitStr, errors: &mut Errors) -> Case {
    let word = name.value();
    if let Some((_, case)) = Case::NAMES.iter().find(|(known, _)| *known == word) {
        return *case;
    }
    let names = Case::NAMES.map(|(known, _)| known);
    errors
        .at(name, format!("`{word}` is not a case; the cases are {}{}", names.join(", "), did_you_mean(&word, &names)));
    Case::ScreamingSnake
}

fn text(settings: &[Setting], word: &str) -> Option<LitStr> {
    settings.iter().find(|setting| setting.word == word).and_then(|setting| match &setting.argument {
        Argument::Text(text) => Some(text.clone()),
        _ => None,
    })
}

fn no_generics(input: &DeriveInput, what: &str, errors: &mut Errors) {
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            format!("{what} has one schema, so it takes no parameters; write a struct for each type"),
        );
    }
}
