//! Values as Terraform sends them: msgpack, read and written by type.
//!
//! Decoding is total: any bytes give a value or an error, in memory proportional to the bytes. Unknown values are
//! extensions of any number (Terraform sends refinements as number 12); they are written as the plain one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rmp::Marker;

use super::codec::{CodecError, CodecProblem, MAX_DEPTH, normalised};
use super::{Dynamic, Entries, Name, Number};
use crate::{Path, Step, Type};

/// Reads the value of type `ty` that `bytes` hold. No bytes at all are null.
///
/// # Errors
/// When the bytes are not such a value; the error says where.
pub fn decode(ty: &Type, bytes: &[u8]) -> Result<Dynamic, CodecError> {
    if bytes.is_empty() {
        return Ok(Dynamic::Null);
    }
    let mut decoder = Decoder { rest: bytes, steps: Vec::new(), depth: 0 };
    let value = decoder.value(ty)?;
    if decoder.rest.is_empty() { Ok(value) } else { Err(decoder.error(CodecProblem::Trailing)) }
}

struct Decoder<'b> {
    rest: &'b [u8],
    steps: Vec<Step>,
    depth: usize,
}

/// What stands at the front of the bytes, before the type is asked.
enum Token<'b> {
    Nil,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    /// Text or bytes.
    Text(&'b [u8]),
    Array(usize),
    Map(usize),
    Extension,
}

impl Token<'_> {
    fn describe(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a bool",
            Self::Integer(_) | Self::Unsigned(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "a list",
            Self::Map(_) => "a map",
            Self::Extension => "an unknown value",
        }
    }
}

impl<'b> Decoder<'b> {
    fn error(&self, problem: CodecProblem) -> CodecError {
        let path = self.steps.iter().fold(Path::root(), |path, step| path.with(step.clone()));
        problem.at(&path)
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], CodecError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.error(CodecProblem::Truncated));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn length(&mut self, width: usize) -> Result<usize, CodecError> {
        let bytes = self.take(width)?;
        // At most four bytes.
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn token(&mut self) -> Result<Token<'b>, CodecError> {
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Nil,
            Marker::False => Token::Bool(false),
            Marker::True => Token::Bool(true),
            Marker::FixPos(value) => Token::Unsigned(value.into()),
            Marker::FixNeg(value) => Token::Integer(value.into()),
            Marker::U8 => Token::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Token::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Token::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Token::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Token::Integer(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Integer(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Integer(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Integer(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Text(self.take(length.into())?),
            Marker::Str8 | Marker::Bin8 => self.text(1)?,
            Marker::Str16 | Marker::Bin16 => self.text(2)?,
            Marker::Str32 | Marker::Bin32 => self.text(4)?,
            Marker::FixArray(length) => Token::Array(length.into()),
            Marker::Array16 => Token::Array(self.length(2)?),
            Marker::Array32 => Token::Array(self.length(4)?),
            Marker::FixMap(length) => Token::Map(length.into()),
            Marker::Map16 => Token::Map(self.length(2)?),
            Marker::Map32 => Token::Map(self.length(4)?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension(1)?,
            Marker::Ext16 => self.sized_extension(2)?,
            Marker::Ext32 => self.sized_extension(4)?,
            Marker::Reserved => return Err(self.error(CodecProblem::Syntax("reserved marker".to_owned()))),
        })
    }

    fn text(&mut self, width: usize) -> Result<Token<'b>, CodecError> {
        let length = self.length(width)?;
        Ok(Token::Text(self.take(length)?))
    }

    fn sized_extension(&mut self, width: usize) -> Result<Token<'b>, CodecError> {
        let length = self.length(width)?;
        self.extension(length)
    }

    /// Every extension is an unknown value; what is known about it is of no use here.
    fn extension(&mut self, length: usize) -> Result<Token<'b>, CodecError> {
        self.take(1)?;
        self.take(length)?;
        Ok(Token::Extension)
    }

    fn value(&mut self, ty: &Type) -> Result<Dynamic, CodecError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(CodecProblem::TooDeep));
        }
        self.depth += 1;
        let value = self.value_inside(ty);
        self.depth -= 1;
        value
    }

    fn value_inside(&mut self, ty: &Type) -> Result<Dynamic, CodecError> {
        let token = self.token()?;
        Ok(match (ty, token) {
            (_, Token::Nil) => Dynamic::Null,
            (_, Token::Extension) => Dynamic::Unknown,
            (Type::Bool, Token::Bool(value)) => Dynamic::Bool(value),
            (Type::Number, Token::Integer(value)) => Dynamic::Number(value.into()),
            (Type::Number, Token::Unsigned(value)) => Dynamic::Number(value.into()),
            (Type::Number, Token::Float(value)) => Dynamic::Number(self.number(Number::try_from(value))?),
            (Type::Number, Token::Text(bytes)) => {
                let number = self.utf8(bytes)?.parse();
                Dynamic::Number(self.number(number)?)
            }
            (Type::String, Token::Text(bytes)) => Dynamic::String(normalised(self.utf8(bytes)?).into_owned()),
            (Type::List(element), Token::Array(length)) => Dynamic::List(self.elements(length, element, true)?),
            (Type::Set(element), Token::Array(length)) => Dynamic::set(self.elements(length, element, false)?),
            (Type::Map(element), Token::Map(length)) => self.map(length, element)?,
            (Type::Object(attributes), Token::Map(length)) => self.object(length, attributes)?,
            (Type::Tuple(types), Token::Array(length)) => self.tuple(length, types)?,
            (Type::Dynamic, Token::Array(2)) => self.typed()?,
            (_, token) => {
                return Err(self.error(CodecProblem::Mismatch { expected: ty.to_string(), found: token.describe() }));
            }
        })
    }

    fn utf8(&self, bytes: &'b [u8]) -> Result<&'b str, CodecError> {
        std::str::from_utf8(bytes).map_err(|_| self.error(CodecProblem::NotUtf8))
    }

    fn number(&self, number: Result<Number, super::NumberError>) -> Result<Number, CodecError> {
        number.map_err(|error| self.error(error.into()))
    }

    fn at(&mut self, step: Step, ty: &Type) -> Result<Dynamic, CodecError> {
        self.steps.push(step);
        let value = self.value(ty)?;
        self.steps.pop();
        Ok(value)
    }

    /// Lengths are claims: nothing is allocated before an element was read.
    fn elements(&mut self, length: usize, element: &Type, indexed: bool) -> Result<Vec<Dynamic>, CodecError> {
        let mut items = Vec::new();
        for index in 0..length {
            items.push(if indexed { self.at(Step::Index(index), element)? } else { self.value(element)? });
        }
        Ok(items)
    }

    fn key(&mut self) -> Result<Cow<'b, str>, CodecError> {
        match self.token()? {
            Token::Text(bytes) => Ok(normalised(self.utf8(bytes)?)),
            other => {
                Err(self.error(CodecProblem::Mismatch { expected: Type::String.to_string(), found: other.describe() }))
            }
        }
    }

    fn map(&mut self, length: usize, element: &Type) -> Result<Dynamic, CodecError> {
        let mut entries = Vec::new();
        for _ in 0..length {
            let key = Name::from(self.key()?.as_ref());
            let value = self.at(Step::Key(key.clone()), element)?;
            entries.push((key, value));
        }
        Ok(Dynamic::Map(entries.into_iter().collect()))
    }

    fn object(&mut self, length: usize, attributes: &BTreeMap<Name, Type>) -> Result<Dynamic, CodecError> {
        let mut entries = Vec::new();
        for _ in 0..length {
            let name = self.key()?;
            let Some((name, ty)) = attributes.get_key_value(name.as_ref()) else {
                return Err(self.error(CodecProblem::UnknownAttribute(name.into_owned())));
            };
            let value = self.at(Step::Attribute(name.clone()), ty)?;
            entries.push((name.clone(), value));
        }
        let entries: Entries = entries.into_iter().collect();
        if entries.len() < attributes.len()
            && let Some(missing) = attributes.keys().find(|name| !entries.contains_key(name))
        {
            return Err(self.error(CodecProblem::MissingAttribute(missing.to_string())));
        }
        Ok(Dynamic::Object(entries))
    }

    fn tuple(&mut self, length: usize, types: &[Type]) -> Result<Dynamic, CodecError> {
        if length != types.len() {
            return Err(self.error(CodecProblem::Length { expected: types.len(), found: length }));
        }
        let items = types.iter().enumerate().map(|(index, ty)| self.at(Step::Index(index), ty));
        Ok(Dynamic::List(items.collect::<Result<_, _>>()?))
    }

    fn typed(&mut self) -> Result<Dynamic, CodecError> {
        let ty = match self.token()? {
            Token::Text(bytes) => {
                Type::from_json_bytes(bytes).map_err(|error| self.error(CodecProblem::Type(error.to_string())))?
            }
            other => {
                return Err(self.error(CodecProblem::Mismatch { expected: "type".to_owned(), found: other.describe() }));
            }
        };
        let value = self.value(&ty)?;
        Ok(Dynamic::Typed(Box::new(ty), Box::new(value)))
    }
}

/// Writes a value of type `ty`. Attributes that an object lacks are null.
///
/// # Errors
/// When the value is not of that type.
pub fn encode(ty: &Type, value: &Dynamic) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::new();
    write(&mut bytes, ty, value, &Path::root())?;
    Ok(bytes)
}

/// An unknown value without refinements.
const UNKNOWN: [u8; 3] = [0xd4, 0, 0];

fn write(out: &mut Vec<u8>, ty: &Type, value: &Dynamic, path: &Path) -> Result<(), CodecError> {
    match (ty, value) {
        (_, Dynamic::Null) => out.push(Marker::Null.to_u8()),
        (_, Dynamic::Unknown) => out.extend(UNKNOWN),
        (Type::Bool, Dynamic::Bool(value)) => out.push(if *value { Marker::True } else { Marker::False }.to_u8()),
        (Type::Number, Dynamic::Number(number)) => write_number(out, number),
        (Type::String, Dynamic::String(text)) => write_text(out, &normalised(text)),
        (Type::List(element), Dynamic::List(items)) => {
            write_length(out, items.len(), Marker::FixArray, Marker::Array16, Marker::Array32);
            for (index, item) in items.iter().enumerate() {
                write(out, element, item, &path.index(index))?;
            }
        }
        (Type::Set(element), Dynamic::Set(items)) => {
            write_length(out, items.len(), Marker::FixArray, Marker::Array16, Marker::Array32);
            for item in items {
                write(out, element, item, path)?;
            }
        }
        (Type::Map(element), Dynamic::Map(entries)) => {
            write_length(out, entries.len(), Marker::FixMap, Marker::Map16, Marker::Map32);
            for (key, item) in entries {
                write_text(out, &normalised(key));
                write(out, element, item, &path.key(key))?;
            }
        }
        (Type::Object(attributes), Dynamic::Object(entries)) => {
            if let Some(extra) = entries.keys().find(|name| !attributes.contains_key(name.as_str())) {
                return Err(CodecProblem::UnknownAttribute(extra.to_string()).at(path));
            }
            write_length(out, attributes.len(), Marker::FixMap, Marker::Map16, Marker::Map32);
            for (name, ty) in attributes {
                write_text(out, name);
                write(out, ty, value.get(name), &path.attribute(name))?;
            }
        }
        (Type::Tuple(types), Dynamic::List(items)) => {
            if types.len() != items.len() {
                return Err(CodecProblem::Length { expected: types.len(), found: items.len() }.at(path));
            }
            write_length(out, items.len(), Marker::FixArray, Marker::Array16, Marker::Array32);
            for (index, (ty, item)) in types.iter().zip(items).enumerate() {
                write(out, ty, item, &path.index(index))?;
            }
        }
        (Type::Dynamic, Dynamic::Typed(own, inner)) => {
            write_length(out, 2, Marker::FixArray, Marker::Array16, Marker::Array32);
            let json = own.to_json().to_string();
            // The type travels as bytes.
            if let Ok(length) = u8::try_from(json.len()) {
                out.extend([Marker::Bin8.to_u8(), length]);
            } else {
                out.push(Marker::Bin32.to_u8());
                out.extend(wire_length(json.len()));
            }
            out.extend(json.as_bytes());
            write(out, own, inner, path)?;
        }
        (ty, value) => {
            return Err(CodecProblem::Mismatch { expected: ty.to_string(), found: value.kind() }.at(path));
        }
    }
    Ok(())
}

/// Whole numbers of 64 bits as such; all others as decimal text, which no reader rounds.
fn write_number(out: &mut Vec<u8>, number: &Number) {
    match number.to_i64() {
        // Writing to a vector cannot fail.
        Some(value) => drop(rmp::encode::write_sint(out, value)),
        None => write_text(out, &number.to_string()),
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    match text.len() {
        length @ 0..=31 => out.push(Marker::FixStr(length as u8).to_u8()),
        length @ 32..=0xff => out.extend([Marker::Str8.to_u8(), length as u8]),
        length => {
            out.push(Marker::Str32.to_u8());
            out.extend(wire_length(length));
        }
    }
    out.extend(text.as_bytes());
}

fn write_length(out: &mut Vec<u8>, length: usize, fix: fn(u8) -> Marker, two: Marker, four: Marker) {
    if length < 16 {
        out.push(fix(length as u8).to_u8());
    } else if let Ok(length) = u16::try_from(length) {
        out.push(two.to_u8());
        out.extend(length.to_be_bytes());
    } else {
        out.push(four.to_u8());
        out.extend(wire_length(length));
    }
}

/// Lengths have four bytes; messages are limited to far less.
fn wire_length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests;
