//! Rules that need more than one setting at once: one small function each, the reason above it.

use proc_macro2::Span;
use syn::Error;

use crate::errors::Errors;
use crate::model::{Block, Choice, Field, Nesting, Object};
use crate::types;

/// Checks a whole `Object` declaration.
pub(crate) fn object(object: &Object, errors: &mut Errors) {
    if object.description.is_none() {
        errors.at(&object.ident, "every object needs a description: write a doc comment on the struct");
    }
    not_empty(object.deprecated.as_ref(), errors);
    for field in &object.fields {
        described(field, errors);
        name(field, object.nested, errors);
        not_empty(field.deprecated.as_ref(), errors);
        match &field.block {
            _ if field.garbled => {}
            Some(block) => block_alone(field, block, errors),
            None => attribute(field, errors),
        }
    }
    unique_names(&object.fields, errors);
}

/// Checks a whole `Choice` declaration.
pub(crate) fn choice(choice: &Choice, errors: &mut Errors) {
    if choice.variants.is_empty() {
        errors.at(&choice.ident, "a choice needs something to choose from: add a variant");
    }
    let key = |spelling: &str| if choice.ignore_case { spelling.to_lowercase() } else { spelling.to_owned() };
    for (index, variant) in choice.variants.iter().enumerate() {
        if let Some(twin) = choice.variants[..index].iter().find(|twin| key(&twin.spelling) == key(&variant.spelling)) {
            errors.at(
                &variant.ident,
                format!(
                    "`{}` and `{}` are both spelt {:?}; give one of them a `#[tf(name = \"...\")]`",
                    twin.ident, variant.ident, variant.spelling
                ),
            );
        }
    }
}

fn attribute(field: &Field, errors: &mut Errors) {
    presence(field, errors);
    write_only(field, errors);
    replacement(field, errors);
    field_type(field, errors);
}

/// The reference page is made of descriptions.
fn described(field: &Field, errors: &mut Errors) {
    if field.description.is_none() {
        let kind = if field.block.is_some() { "block" } else { "attribute" };
        errors.at(&field.ident, format!("every {kind} needs a description: write a doc comment on the field"));
    }
}

/// Terraform loads no provider in which an attribute is required and optional, or neither.
fn presence(field: &Field, errors: &mut Errors) {
    let mut report = |span: Span, message: &str| errors.add(Error::new(span, message));
    match (field.required, field.optional, field.computed, &field.default) {
        (None, None, None, None) => report(
            field.ident.span(),
            "who sets this attribute? write one of `#[tf(required)]`, `#[tf(optional)]`, `#[tf(computed)]`, `#[tf(optional, \
             computed)]` or `#[tf(default = ..)]`",
        ),
        (Some(_), Some(span), _, _) => {
            report(span, "an attribute is required or optional, not both; remove one of them");
        }
        (Some(_), _, Some(span), _) => report(
            span,
            "a required attribute is always set by the configuration; remove `computed`, or write `optional, computed`",
        ),
        (Some(_), _, _, Some((span, _))) => {
            report(*span, "a required attribute never uses its default; remove `required` or the default");
        }
        (_, _, Some(span), Some(_)) => {
            report(span, "a default makes the attribute optional and computed already; remove `computed`");
        }
        (_, Some(span), _, Some(_)) => {
            report(span, "a default makes the attribute optional already; remove `optional`")
        }
        _ => {}
    }
}

/// Terraform never stores what is write-only, so nothing may be computed, compared or kept for it.
fn write_only(field: &Field, errors: &mut Errors) {
    let Some(write_only) = field.write_only else { return };
    let mut report = |span: Span, message: &str| errors.add(Error::new(span, message));
    if let Some(computed) = field.computed {
        report(computed, "a write-only attribute is never stored, so it cannot be computed; remove one of them");
    }
    if let Some((default, _)) = &field.default {
        report(*default, "a write-only attribute is never stored, so it has no default; write `optional, write_only`");
    }
    if let Some(replace) = field.requires_replace {
        report(
            replace,
            "a change of a write-only attribute cannot be seen; put `requires_replace` on a version attribute beside it",
        );
    }
    if types::in_value(&field.ty).is_some_and(|inner| types::is(inner, "BTreeSet")) {
        report(write_only, "Terraform has no write-only sets; use a `Vec` or a `BTreeMap`");
    }
}

/// A computed value is unknown in every plan that changes something: each would be a replacement.
fn replacement(field: &Field, errors: &mut Errors) {
    if let (Some(span), None, Some(_)) = (field.requires_replace, field.optional, field.computed) {
        errors.add(Error::new(
            span,
            "only what the configuration sets can require replacement; remove `requires_replace`, or return the path in \
             `PlanResponse::requires_replace`",
        ));
    }
}

/// Names what to write for the types that people try first; all others are left to the compiler.
fn field_type(field: &Field, errors: &mut Errors) {
    if let Some(cure) = types::cure(&field.ty) {
        errors.at(&field.ty, cure);
    } else if let Some(cure) = types::in_value(&field.ty).and_then(types::cure).filter(|cure| !cure.contains("wrap")) {
        errors.at(&field.ty, cure);
    }
}

/// A block has counts and an object, and nothing else.
fn block_alone(field: &Field, block: &Block, errors: &mut Errors) {
    let mut refuse = |span: Option<Span>, word: &str| {
        if let Some(span) = span {
            errors.add(Error::new(
                span,
                format!("a block cannot be `{word}`; use a nested attribute: remove `block` and wrap the type in `Value<..>`"),
            ));
        }
    };
    refuse(field.required, "required");
    refuse(field.optional, "optional");
    refuse(field.computed, "computed");
    refuse(field.default.as_ref().map(|(span, _)| *span), "default");
    refuse(field.sensitive, "sensitive");
    refuse(field.write_only, "write_only");
    refuse(field.requires_replace, "requires_replace");
    refuse(field.extensions.first().map(syn::spanned::Spanned::span), "ext");
    limits(block, errors);
}

/// Terraform counts blocks in lists and sets only, and crashes on some other limits.
fn limits(block: &Block, errors: &mut Errors) {
    for (span, limit) in [block.min, block.max].into_iter().flatten() {
        if !matches!(block.nesting, Nesting::List | Nesting::Set) {
            errors.add(Error::new(span, "only lists and sets of blocks have limits; remove it"));
        } else if limit < 0 {
            errors.add(Error::new(span, "a number of blocks is not negative"));
        }
    }
    if let (Some((_, min)), Some((span, max))) = (block.min, block.max)
        && max < min
    {
        errors.add(Error::new(span, format!("`max` is below `min` ({min}); raise it, or remove it for no limit")));
    }
    if let Some((_, 0)) = block.max {
        errors.add(Error::new(block.span, "`max = 0` forbids the block; remove it for no limit"));
    }
}

/// Terraform keeps these for itself in every resource.
const RESERVED: &[&str] = &["count", "for_each", "depends_on", "provider", "lifecycle", "connection", "provisioner"];

fn name(field: &Field, nested: bool, errors: &mut Errors) {
    let name = field.name.as_str();
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if !starts || !rest {
        errors.add(Error::new(
            field.name_span,
            format!("`{name}` is not an attribute name: a lower-case letter, then lower-case letters, digits and underscores"),
        ));
    }
    if !nested && RESERVED.contains(&name) {
        errors.add(Error::new(
            field.name_span,
            format!(
                "Terraform reserves `{name}` in resources; rename the field, or mark a struct that is never a resource's \
                 body with `#[tf(nested)]`"
            ),
        ));
    }
}

fn unique_names(fields: &[Field], errors: &mut Errors) {
    for (index, field) in fields.iter().enumerate() {
        if let Some(twin) = fields[..index].iter().find(|twin| twin.name == field.name) {
            errors.add(Error::new(
                field.name_span,
                format!("`{}` is called `{}` already; give one of them another name", twin.ident, field.name),
            ));
        }
    }
}

/// A deprecation says what to do instead.
fn not_empty(deprecated: Option<&syn::LitStr>, errors: &mut Errors) {
    if let Some(text) = deprecated.filter(|text| text.value().trim().is_empty()) {
        errors.at(text, "say what to use instead: Terraform shows this text to the user");
    }
}
