//! Round trips, what Terraform really sends, and bytes that mean nothing.

use proptest::prelude::*;

use super::*;
use crate::value::test_values::{type_of_any, typed_value};

fn number(text: &str) -> Dynamic {
    Dynamic::Number(text.parse().unwrap())
}

fn object(attributes: &[(&str, Type)]) -> Type {
    Type::Object(attributes.iter().map(|(name, ty)| ((*name).into(), ty.clone())).collect())
}

#[test]
fn nothing_is_null() {
    assert_eq!(decode(&Type::String, &[]).unwrap(), Dynamic::Null);
}

#[test]
fn numbers_arrive_as_integers_doubles_and_text() {
    let cases: [(&[u8], &str); 7] = [
        (&[0x05], "5"),
        (&[0xff], "-1"),
        (&[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615"),
        (&[0xcb, 0x40, 0x04, 0, 0, 0, 0, 0, 0], "2.5"),
        (&[0xca, 0x3f, 0x80, 0, 0], "1"),
        (b"\xa30.1", "0.1"),
        (b"\xb418446744073709551617", "18446744073709551617"),
    ];
    for (bytes, text) in cases {
        assert_eq!(decode(&Type::Number, bytes).unwrap(), number(text), "{text}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    for text in ["0.1", "9007199254740993", "0.12345678901234567890123", "1e30", "123456789.123456789123", "-7"] {
        let bytes = encode(&Type::Number, &number(text)).unwrap();
        assert_eq!(decode(&Type::Number, &bytes).unwrap(), number(text));
    }
}

#[test]
fn every_extension_is_unknown() {
    let plain: &[u8] = &[0xd4, 0, 0];
    let refined: &[u8] = b"\xc7\x0a\x0c\x82\x01\xc2\x02\xa4foo-\x00";
    let not_null: &[u8] = &[0xc7, 3, 12, 0x81, 1, 0xc2];
    for bytes in [plain, refined, not_null] {
        assert_eq!(decode(&Type::String, bytes).unwrap(), Dynamic::Unknown);
        assert_eq!(decode(&object(&[("a", Type::Bool)]), bytes).unwrap(), Dynamic::Unknown);
    }
    assert_eq!(encode(&Type::String, &Dynamic::Unknown).unwrap(), plain);
}

#[test]
fn strings_are_normalised() {
    let decomposed = "e\u{301}";
    assert_eq!(decode(&Type::String, b"\xa3e\xcc\x81").unwrap(), Dynamic::string("\u{e9}"));
    let bytes = encode(&Type::String, &Dynamic::string(decomposed)).unwrap();
    assert_eq!(decode(&Type::String, &bytes).unwrap(), Dynamic::string("\u{e9}"));
}

#[test]
fn sets_have_neither_order_nor_duplicates() {
    let set = Type::Set(Box::new(Type::String));
    let value = decode(&set, b"\x93\xa1b\xa1a\xa1b").unwrap();
    assert_eq!(value, Dynamic::Set(vec![Dynamic::string("a"), Dynamic::string("b")]));
    let unknowns = decode(&set, &[0x92, 0xd4, 0, 0, 0xd4, 0, 0]).unwrap();
    assert_eq!(unknowns.as_elements().unwrap().len(), 2, "two unknown elements may turn out different");
}

#[test]
fn objects_have_exactly_their_attributes() {
    let ty = object(&[("a", Type::Bool), ("b", Type::Bool)]);
    assert_eq!(decode(&ty, b"\x81\xa1a\xc3").unwrap_err().problem, CodecProblem::MissingAttribute("b".to_owned()));
    assert_eq!(decode(&ty, b"\x81\xa1c\xc3").unwrap_err().problem, CodecProblem::UnknownAttribute("c".to_owned()));
    let written = encode(&ty, &Dynamic::Object([("a".to_owned(), Dynamic::Bool(true))].into())).unwrap();
    assert_eq!(written, b"\x82\xa1a\xc3\xa1b\xc0");
}

#[test]
fn values_of_type_dynamic_bring_their_type() {
    let bytes = b"\x92\xc4\x1b[\"tuple\",[\"string\",\"number\"]]\x92\xa1a\x01";
    let mut bytes = bytes.to_vec();
    bytes[2] = bytes[3..].iter().position(|byte| *byte == 0x92).unwrap() as u8;
    let value = decode(&Type::Dynamic, &bytes).unwrap();
    let expected = Dynamic::Typed(
        Box::new(Type::Tuple(vec![Type::String, Type::Number])),
        Box::new(Dynamic::List(vec![Dynamic::string("a"), number("1")])),
    );
    assert_eq!(value, expected);
    assert_eq!(encode(&Type::Dynamic, &value).unwrap(), bytes);
    assert_eq!(decode(&Type::Dynamic, &[0xc0]).unwrap(), Dynamic::Null);
    assert_eq!(decode(&Type::Dynamic, &[0xd4, 0, 0]).unwrap(), Dynamic::Unknown);
}

#[test]
fn errors_say_where() {
    let ty = object(&[("list", Type::List(Box::new(Type::Map(Box::new(Type::Bool)))))]);
    let error = decode(&ty, b"\x81\xa4list\x91\x81\xa1k\xa1x").unwrap_err();
    assert_eq!(error.to_string(), "list[0][\"k\"]: a bool is needed, found a string");
}

#[test]
fn claims_of_length_allocate_nothing() {
    let list = Type::List(Box::new(Type::String));
    assert_eq!(decode(&list, &[0xdd, 0xff, 0xff, 0xff, 0xff]).unwrap_err().problem, CodecProblem::Truncated);
    assert_eq!(decode(&Type::String, &[0xdb, 0xff, 0xff, 0xff, 0xff]).unwrap_err().problem, CodecProblem::Truncated);
    assert_eq!(decode(&list, &[0xc9, 0xff, 0xff, 0xff, 0xff]).unwrap_err().problem, CodecProblem::Truncated);
}

#[test]
fn depth_is_limited() {
    let layer = b"\x92\xc4\x09\"dynamic\"";
    let bytes: Vec<u8> = layer.iter().copied().cycle().take(layer.len() * 5000).collect();
    assert_eq!(decode(&Type::Dynamic, &bytes).unwrap_err().problem, CodecProblem::TooDeep);
}

proptest! {
    #[test]
    fn values_come_back((ty, value) in typed_value()) {
        let bytes = encode(&ty, &value).unwrap();
        prop_assert_eq!(decode(&ty, &bytes).unwrap(), value);
    }

    #[test]
    fn any_bytes_are_answered(ty in type_of_any(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&ty, &bytes);
    }

    #[test]
    fn damaged_values_are_answered((ty, value) in typed_value(), position: prop::sample::Index, byte: u8) {
        let mut bytes = encode(&ty, &value).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        let _ = decode(&ty, &bytes);
        let _ = decode(&ty, &bytes[..position]);
    }
}
