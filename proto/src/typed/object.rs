//! A struct as a Terraform object.

use crate::schema::ObjectSchema;
use crate::value::Dynamic;
use crate::{Diagnostics, Path};

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
