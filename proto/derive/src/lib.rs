//! Derive macros of `tfplugin`: one declaration gives a schema, conversions, rules and a reference page.
//!
//! The stages are modules: `attrs` parses `#[tf(..)]`, `model` resolves a struct or an enum, `check` holds the rules
//! that need more than one attribute, `expand` writes code and never looks at an attribute again.

mod attrs;
mod case;
mod check;
mod doc_comments;
mod errors;
mod expand;
mod model;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use errors::Errors;

/// Makes a struct a Terraform object: schema, conversion both ways, and reference page.
///
/// ```ignore
/// /// A bucket.
/// #[derive(tfplugin::Object)]
/// struct Bucket {
///     /// The bucket's name, unique in the world.
///     #[tf(required, requires_replace)]
///     name: Value<String>,
///     /// Where the data is stored.
///     #[tf(default = "US")]
///     location: Value<Location>,
///     /// What happens to old objects.
///     #[tf(optional)]
///     lifecycle_rules: Value<Vec<LifecycleRule>>,
///     /// The address of the bucket.
///     #[tf(computed)]
///     url: Value<String>,
/// }
/// ```
///
/// # Fields
///
/// The doc comment is the description: an attribute without one does not compile. The attribute is called as the field
/// is (`r#type` is `type`). The field's type is a `Value<T>`; see `tfplugin::AttributeValue` for what `T` can be.
/// Elements of a collection are bare (`Vec<String>`: a null element is then an error, and one that is unknown during plan
/// makes the whole list unknown) or a `Value<..>` (`Vec<Value<String>>`).
///
/// One of these says who sets the attribute:
///
/// | | |
/// |---|---|
/// | `required` | the configuration must |
/// | `optional` | the configuration may |
/// | `computed` | only the provider does |
/// | `optional, computed` | the configuration may, else the provider does |
/// | `default = EXPR` | the configuration may, else it is this: a value of the type, its spelling, an array of them |
///
/// These may follow:
///
/// | | |
/// |---|---|
/// | `sensitive` | masked in Terraform's output; messages about it do not repeat it |
/// | `write_only` | read from the configuration, never stored (Terraform 1.11) |
/// | `requires_replace` | a change replaces the resource |
/// | `deprecated = "..."` | what to use instead |
/// | `name = "..."` | another name than the field's |
/// | `ext(EXPR, ..)` | values of any type for the provider's own layers, kept in `Attribute::extensions` |
///
/// # Blocks
///
/// `block` instead of all of the above makes a nested block type of a field, for those who keep an old syntax:
/// `block`, `block(min = 1, max = 3)` and `block(set)` on a `Vec<T>`, `block(map)` on a `BTreeMap<String, T>`,
/// `block(single)` on an `Option<T>`, `block(group)` on a `T`. A `Value<Vec<Value<T>>>` and its like also hold what a
/// `dynamic` block leaves unknown.
///
/// # Struct
///
/// The doc comment is the object's description. `#[tf(deprecated = "...")]` deprecates the whole. `#[tf(nested)]` says
/// that the struct is never the body of a resource, so that names which Terraform reserves there (`count`, `provider`,
/// ..) are allowed.
///
/// # What is generated
///
/// `impl tfplugin::Object`, through which `Value<Struct>`, `Value<Vec<Struct>>` and so on are attributes too, and the
/// table behind `tfplugin::name!(Struct.field)`.
#[proc_macro_derive(Object, attributes(tf))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = Errors::default();
    let object = model::Object::from_ast(&input, &mut errors);
    if let Some(object) = &object {
        check::object(object, &mut errors);
    }
    match (object, errors.finish()) {
        (Some(object), None) => expand::object(&object),
        (_, errors) => expand::hollow_object(&input, errors),
    }
    .into()
}

/// Makes an enum of unit variants an attribute type: one of a few words.
///
/// ```ignore
/// /// How often data is read.
/// #[derive(Clone, Copy, PartialEq, tfplugin::Choice)]
/// enum StorageClass {
///     /// Daily.
///     Standard,
///     /// Once a year.
///     #[tf(name = "ARCHIVE")]
///     Archived,
/// }
/// ```
///
/// A variant is spelt in SCREAMING_SNAKE_CASE, or as `#[tf(rename = "..")]` on the enum says (`snake_case`, `kebab-case`,
/// `lowercase`, `UPPERCASE`, `camelCase`, `PascalCase`), or as its own `#[tf(name = "..")]`. `#[tf(ignore_case)]` on the
/// enum takes any case, and two cases of one word are equal. Doc comments of the variants go into the reference page.
///
/// Generates `tfplugin::Choice` (with `spelling`), `tfplugin::Scalar`, `Display`, `FromStr`, and what makes `Value<Enum>` an
/// attribute.
#[proc_macro_derive(Choice, attributes(tf))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut errors = Errors::default();
    let choice = model::Choice::from_ast(&input, &mut errors);
    if let Some(choice) = &choice {
        check::choice(choice, &mut errors);
    }
    match (choice, errors.finish()) {
        (Some(choice), None) => expand::choice(&choice),
        (_, errors) => expand::hollow_choice(&input, errors),
    }
    .into()
}
