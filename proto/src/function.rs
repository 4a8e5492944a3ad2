//! Provider functions: pure computations that a configuration calls as `provider::NAME::FUNCTION(..)`.
//!
//! Terraform calls them on a provider that is not configured, many times, and compares the results: they have no
//! client, no clock and no chance.

use std::borrow::Cow;

use crate::schema::Shape;
use crate::typed::Member;
use crate::value::{Dynamic, Value};
use crate::{Diagnostics, Path, Type};

/// A provider function.
pub trait Function: Send + Sync + 'static {
    /// A tuple of types that attributes can have (`String`, `Value<String>`, `Vec<i64>`, ..), the last of which can be
    /// [`Variadic`]. A bare type is neither null nor unknown.
    type Arguments: Arguments;
    /// The result.
    type Output: Member;

    /// An identifier, without the provider's name.
    fn name(&self) -> &'static str;

    /// What it is for: one line, then a page.
    fn signature(&self) -> Signature;

    /// Computes. Equal arguments give equal results.
    ///
    /// # Errors
    /// With the argument that is at fault, if it is one.
    fn call(&self, arguments: Self::Arguments) -> Result<Self::Output, FunctionError>;
}

/// The documentation of a function, and a parameter for each of its arguments. Types come from
/// [`Function::Arguments`].
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// One line.
    pub summary: Cow<'static, str>,
    /// Markdown.
    pub description: Cow<'static, str>,
    /// Why and what to use instead, when it is deprecated.
    pub deprecated: Option<Cow<'static, str>>,
    /// One for each member of the arguments' tuple, in order.
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// An identifier.
    pub name: Cow<'static, str>,
    /// Markdown.
    pub description: Cow<'static, str>,
    /// Whether null may be passed; otherwise Terraform refuses it before the call.
    pub nullable: bool,
    /// Whether the function is called with unknown arguments; otherwise Terraform answers unknown without a call.
    pub takes_unknown: bool,
}

impl Parameter {
    /// A parameter that is never null nor unknown.
    pub fn new(name: impl Into<Cow<'static, str>>, description: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), description: description.into(), nullable: false, takes_unknown: false }
    }

    /// The same, and null may be passed.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same, and unknown values are passed to the function.
    #[must_use]
    pub fn takes_unknown(mut self) -> Self {
        self.takes_unknown = true;
        self
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// What a user reads: which value, why, what to do.
    pub text: String,
    /// The argument at fault, counted from 0.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error of the whole call.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: None }
    }

    /// An error of the argument `index`, counted from 0.
    pub fn argument(index: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(index) }
    }
}

/// The last argument of a function that takes any number of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variadic<T>(pub Vec<T>);

/// A member of the arguments' tuple: a [`Member`], or [`Variadic`] of one.
pub trait Argument: Sized {
    /// Whether it swallows all arguments that are left.
    const VARIADIC: bool;
    /// The type of the argument, or of each one that it swallows.
    fn argument_type() -> Type;
    /// Takes what it needs from the front of `arguments`, which stand at `position` in the call.
    ///
    /// # Errors
    /// When an argument is missing or cannot be read.
    fn take(arguments: &mut std::vec::IntoIter<Dynamic>, position: usize) -> Result<Self, FunctionError>;
}

impl<T: Member> Argument for T {
    const VARIADIC: bool = false;

    fn argument_type() -> Type {
        plain_type(&T::shape())
    }

    fn take(arguments: &mut std::vec::IntoIter<Dynamic>, position: usize) -> Result<Self, FunctionError> {
        let value =
            arguments.next().ok_or_else(|| FunctionError::new(format!("argument {} is missing", position + 1)))?;
        decode(&value, position)
    }
}

impl<T: Member> Argument for Variadic<T> {
    const VARIADIC: bool = true;

    fn argument_type() -> Type {
        plain_type(&T::shape())
    }

    fn take(arguments: &mut std::vec::IntoIter<Dynamic>, position: usize) -> Result<Self, FunctionError> {
        arguments.enumerate().map(|(index, value)| decode(&value, position + index)).collect::<Result<_, _>>().map(Self)
    }
}

fn decode<T: Member>(value: &Dynamic, position: usize) -> Result<T, FunctionError> {
    let refuse = |text: String| FunctionError::argument(position, text);
    T::rules().check_all(value).map_err(refuse)?;
    let mut diagnostics = Diagnostics::new();
    match T::decode_member(value, &Path::root(), &mut diagnostics) {
        Some(Value::Known(argument)) => Ok(argument),
        Some(_) => Err(refuse("a part of the value is unknown".to_owned())),
        None => {
            let texts: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.detail.clone()).collect();
            Err(refuse(if texts.is_empty() { "the value cannot be used here".to_owned() } else { texts.join(" ") }))
        }
    }
}

/// The type expression of a shape: functions have no nested attributes, only objects.
pub(crate) fn plain_type(shape: &Shape) -> Type {
    shape.type_expression()
}

/// The arguments of a function: a tuple of up to eight [`Argument`]s.
pub trait Arguments: Sized + Send {
    /// Each member's type, and whether it is variadic.
    fn types() -> Vec<(Type, bool)>;
    /// Reads a call.
    ///
    /// # Errors
    /// When an argument is missing, left over, or cannot be read.
    fn decode(arguments: Vec<Dynamic>) -> Result<Self, FunctionError>;
}

macro_rules! tuples {
    ($(($($member:ident)*))*) => { $(
        impl<$($member: Argument + Send),*> Arguments for ($($member,)*) {
            fn types() -> Vec<(Type, bool)> {
                vec![$(($member::argument_type(), $member::VARIADIC)),*]
            }

            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn decode(arguments: Vec<Dynamic>) -> Result<Self, FunctionError> {
                let mut arguments = arguments.into_iter();
                let mut position = 0;
                let decoded = ($({
                    let argument = $member::take(&mut arguments, position)?;
                    position += 1;
                    argument
                },)*);
                if arguments.next().is_some() {
                    return Err(FunctionError::argument(position, "there are more arguments than parameters"));
                }
                Ok(decoded)
            }
        }
    )* };
}

tuples! { () (A) (A B) (A B D) (A B D E) (A B D E F) (A B D E F G) (A B D E F G H) (A B D E F G H I) }

/// A function without its Rust types: what a registry holds.
pub(crate) trait DynFunction: Send + Sync {
    fn name(&self) -> &'static str;
    fn signature(&self) -> Signature;
    fn types(&self) -> Vec<(Type, bool)>;
    fn result(&self) -> Type;
    fn call(&self, arguments: Vec<Dynamic>) -> Result<Dynamic, FunctionError>;
}

impl<F: Function> DynFunction for F {
    fn name(&self) -> &'static str {
        Function::name(self)
    }

    fn signature(&self) -> Signature {
        Function::signature(self)
    }

    fn types(&self) -> Vec<(Type, bool)> {
        F::Arguments::types()
    }

    fn result(&self) -> Type {
        plain_type(&F::Output::shape())
    }

    fn call(&self, arguments: Vec<Dynamic>) -> Result<Dynamic, FunctionError> {
        Ok(Function::call(self, F::Arguments::decode(arguments)?)?.encode_member())
    }
}
