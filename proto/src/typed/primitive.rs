//! Terraform's primitive types, and `dynamic`, as attribute types.

use super::element::{Known, mismatch};
use crate::schema::Shape;
use crate::value::{Dynamic, Number, ScalarRules, Value};
use crate::{Diagnostic, Diagnostics, Path, Type};

impl Known for String {
    fn shape() -> Shape {
        Shape::Plain(Type::String)
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let known = value.as_str().map(str::to_owned);
        or_report(known, diagnostics, || mismatch("A string", value, path)).map(Value::Known)
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::string(self.as_str())
    }
}

impl Known for bool {
    fn shape() -> Shape {
        Shape::Plain(Type::Bool)
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        or_report(value.as_bool(), diagnostics, || mismatch("A bool", value, path)).map(Value::Known)
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::Bool(*self)
    }
}

impl Known for Number {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        or_report(value.as_number().cloned(), diagnostics, || mismatch("A number", value, path)).map(Value::Known)
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::Number(self.clone())
    }
}

/// A whole number in the range of 64 bits. A fraction is refused when the configuration is validated.
impl Known for i64 {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }
    fn rules() -> ScalarRules {
        ScalarRules { check: |value| whole(value).map(drop), ..ScalarRules::PLAIN }
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        if value.as_number().is_none() {
            return or_report(None, diagnostics, || mismatch("A number", value, path));
        }
        match whole(value) {
            Ok(number) => Some(Value::Known(number)),
            Err(reason) => or_report(None, diagnostics, || invalid(reason, path)),
        }
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::Number(Number::from(*self))
    }
}

/// The nearest double. Two numbers with the same nearest double mean the same.
impl Known for f64 {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }
    fn rules() -> ScalarRules {
        ScalarRules {
            equal: |a, b| {
                a == b || matches!((a.as_number(), b.as_number()), (Some(a), Some(b)) if a.to_f64() == b.to_f64())
            },
            canonical: |value| {
                let nearest = value.as_number().and_then(|number| Number::try_from(number.to_f64()).ok());
                nearest.map_or_else(|| value.clone(), Dynamic::Number)
            },
            ..ScalarRules::PLAIN
        }
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let number = value.as_number().map(Number::to_f64);
        or_report(number, diagnostics, || mismatch("A number", value, path)).map(Value::Known)
    }
    fn encode_known(&self) -> Dynamic {
        // Terraform has neither infinities nor NaN: such a result of a computation is no value.
        Number::try_from(*self).map_or(Dynamic::Null, Dynamic::Number)
    }
}

/// A value that brings its own type. Written without one, it gets the type that the same expression in HCL has.
impl Known for Dynamic {
    fn shape() -> Shape {
        Shape::Plain(Type::Dynamic)
    }
    fn decode_known(value: &Dynamic, _: &Path, _: &mut Diagnostics) -> Option<Value<Self>> {
        Some(Value::Known(value.clone()))
    }
    fn encode_known(&self) -> Dynamic {
        match self {
            Self::Null | Self::Unknown | Self::Typed(..) => self.clone(),
            bare => Self::Typed(Box::new(type_of(bare)), Box::new(bare.clone())),
        }
    }
}

/// The diagnostic of a value that its type refuses.
pub(super) fn invalid(reason: String, path: &Path) -> Diagnostic {
    Diagnostic::error("Invalid value", reason).at(path.clone())
}

pub(super) fn or_report<T>(
    known: Option<T>,
    diagnostics: &mut Diagnostics,
    problem: impl FnOnce() -> Diagnostic,
) -> Option<T> {
    if known.is_none() {
        diagnostics.push(problem());
    }
    known
}

fn whole(value: &Dynamic) -> Result<i64, String> {
    value
        .as_number()
        .and_then(Number::to_i64)
        .ok_or_else(|| format!("It must be a whole number between {} and {}.", i64::MIN, i64::MAX))
}

fn type_of(value: &Dynamic) -> Type {
    match value {
        Dynamic::Null | Dynamic::Unknown => Type::Dynamic,
        Dynamic::Bool(_) => Type::Bool,
        Dynamic::Number(_) => Type::Number,
        Dynamic::String(_) => Type::String,
        Dynamic::List(items) => Type::Tuple(items.iter().map(type_of).collect()),
        Dynamic::Set(items) => Type::Set(Box::new(items.first().map_or(Type::Dynamic, type_of))),
        Dynamic::Map(entries) => Type::Map(Box::new(entries.values().next().map_or(Type::Dynamic, type_of))),
        Dynamic::Object(entries) => {
            Type::Object(entries.iter().map(|(name, value)| (name.clone(), type_of(value))).collect())
        }
        Dynamic::Typed(own, _) => (**own).clone(),
    }
}
