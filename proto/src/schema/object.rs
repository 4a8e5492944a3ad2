//! Objects: attributes and blocks under one description.

use std::borrow::Cow;

use super::{Attribute, LeftOut, Nesting, Shape};
use crate::value::{Dynamic, Name};
use crate::{Diagnostics, Path, Type};

/// The schema of an object: a resource's body, or the object in a nested attribute or block.
#[derive(Clone, Debug, Default)]
pub struct ObjectSchema {
    /// Markdown, from the struct's doc comment.
    pub description: Cow<'static, str>,
    /// Sorted by name.
    pub attributes: Vec<Attribute>,
    /// Sorted by name.
    pub blocks: Vec<Block>,
    /// Why and what to use instead, when the whole is deprecated.
    pub deprecated: Option<Cow<'static, str>>,
}

impl ObjectSchema {
    /// The attribute `name`.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The block type `name`.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The same with [`LeftOut`] on every attribute, nested ones included: a generated configuration then shows what is
    /// set, and nothing else. What is in a set has no place by which it could be told what was left out, and stays.
    #[must_use]
    pub fn unset_left_out(mut self) -> Self {
        for attribute in &mut self.attributes {
            attribute.extensions.insert(LeftOut);
            if let Shape::Nested(Nesting::Single | Nesting::List | Nesting::Map, inner) = &mut attribute.shape {
                **inner = std::mem::take(&mut **inner).unset_left_out();
            }
        }
        self
    }

    /// The type of the object's values: every attribute and block is a member.
    pub fn type_expression(&self) -> Type {
        let attributes =
            self.attributes.iter().map(|attribute| (Name::from(&attribute.name), attribute.shape.type_expression()));
        let blocks = self.blocks.iter().map(|block| {
            let object = Box::new(block.object.type_expression());
            let nested = match block.nesting {
                BlockNesting::Single | BlockNesting::Group => *object,
                BlockNesting::List { .. } => Type::List(object),
                BlockNesting::Set { .. } => Type::Set(object),
                BlockNesting::Map => Type::Map(object),
            };
            (Name::from(&block.name), nested)
        });
        Type::Object(attributes.chain(blocks).collect())
    }
}

/// How many objects a block type may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one.
    Single,
    /// One, which is there even when it is not written.
    Group,
    /// Between `min` and `max` (0: no limit), in order.
    List {
        /// The least.
        min: i64,
        /// The most; 0 for no limit.
        max: i64,
    },
    /// Between `min` and `max` (0: no limit), without order.
    Set {
        /// The least.
        min: i64,
        /// The most; 0 for no limit.
        max: i64,
    },
    /// By label.
    Map,
}

/// A nested block type. New providers prefer nested attributes; blocks are for those who keep an old syntax.
#[derive(Clone, Debug)]
pub struct Block {
    /// In snake case.
    pub name: Cow<'static, str>,
    /// How many.
    pub nesting: BlockNesting,
    /// Their content.
    pub object: ObjectSchema,
}

/// A struct that is a Terraform object. Derive it: `#[derive(tfplugin::Object)]`.
///
/// ```
/// use tfplugin::{Choice, Object, Value};
///
/// /// How often the data is read.
/// #[derive(Clone, Copy, Debug, PartialEq, Choice)]
/// enum StorageClass {
///     /// Daily.
///     Standard,
///     /// Once a year.
///     Archive,
/// }
///
/// /// A place for objects.
/// #[derive(Debug, Object)]
/// struct Bucket {
///     /// The name, unique in the world.
///     #[tf(required, requires_replace)]
///     name: Value<String>,
///     /// What new objects cost.
///     #[tf(default = StorageClass::Standard)]
///     storage_class: Value<StorageClass>,
///     /// Where it is.
///     #[tf(computed)]
///     url: Value<String>,
/// }
///
/// let schema = Bucket::schema();
/// assert_eq!(schema.description, "A place for objects.");
/// assert_eq!(schema.attribute("storage_class").map(|it| it.rules.choices), Some(&["STANDARD", "ARCHIVE"][..]));
///
/// let bucket = Bucket { name: "models".to_owned().into(), storage_class: Value::Null, url: Value::Unknown };
/// assert_eq!(bucket.encode().get("name").as_str(), Some("models"));
/// ```
///
/// An engine whose schema is composed at run time implements it by hand over a [`Dynamic`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an object nor the type of an attribute",
    note = "an object is a struct with `#[derive(Object)]`; an attribute is a `Value<T>` where `T` is `String`, `bool`, `i64`, `f64`, `Number`, `Dynamic`, a `Vec`, `BTreeSet` or `BTreeMap<String, _>` of them, an enum with `#[derive(Choice)]`, an object, or a type registered with `tfplugin::scalar!`"
)]
pub trait Object: Sized + Send + Sync + 'static {
    /// The schema. It must be the same at each call.
    fn schema() -> ObjectSchema;
    /// Reads a known object. Every problem is added to `diagnostics` with its path under `path`; `None` when there was
    /// one.
    fn decode(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self>;
    /// Writes the object with all its attributes.
    fn encode(&self) -> Dynamic;
}

/// The name of an attribute of a struct that derives `Object`: `name!(Bucket.location)` is `"location"`.
///
/// The compiler holds it to the declaration: no attribute name is written twice.
#[macro_export]
macro_rules! name {
    ($object:ident.$field:ident) => {
        $object::__NAMES.$field
    };
}
