//! Arbitrary types, and values of them.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{Dynamic, Name, Number};
use crate::Type;

/// Any type, a few levels deep.
pub(crate) fn type_of_any() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Set(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            btree_map("[a-c]".prop_map(Name::from), inner.clone(), 0..3).prop_map(Type::Object),
            vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

/// A type and a value of it, with nulls and unknowns anywhere.
pub(crate) fn typed_value() -> impl Strategy<Value = (Type, Dynamic)> {
    type_of_any().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty, true)))
}

/// A type and a value of it, without unknowns.
pub(crate) fn typed_known_value() -> impl Strategy<Value = (Type, Dynamic)> {
    type_of_any().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty, false)))
}

fn value_of(ty: &Type, unknowns: bool) -> BoxedStrategy<Dynamic> {
    let known = match ty {
        Type::String => "[a-z\u{e9}\u{1F600}]{0,40}".prop_map(Dynamic::String).boxed(),
        Type::Bool => any::<bool>().prop_map(Dynamic::Bool).boxed(),
        Type::Number => prop_oneof![
            any::<i64>().prop_map(Number::from),
            any::<u64>().prop_map(Number::from),
            "-?[0-9]{1,30}\\.[0-9]{1,30}".prop_map(|text| text.parse().unwrap()),
        ]
        .prop_map(Dynamic::Number)
        .boxed(),
        Type::Dynamic => type_of_any()
            .prop_flat_map(move |inner| (Just(inner.clone()), shallow(&inner, unknowns)))
            .prop_map(|(ty, value)| Dynamic::Typed(Box::new(ty), Box::new(value)))
            .boxed(),
        Type::List(element) => vec(value_of(element, unknowns), 0..20).prop_map(Dynamic::List).boxed(),
        Type::Set(element) => vec(value_of(element, unknowns), 0..4).prop_map(Dynamic::set).boxed(),
        Type::Map(element) => btree_map("[a-z ]{0,4}", value_of(element, unknowns), 0..4)
            .prop_map(|entries| Dynamic::Map(entries.into()))
            .boxed(),
        Type::Object(attributes) => {
            let members: Vec<_> =
                attributes.iter().map(|(name, ty)| (Just(name.clone()), value_of(ty, unknowns))).collect();
            members.prop_map(|members| Dynamic::Object(members.into_iter().collect())).boxed()
        }
        Type::Tuple(types) => {
            let members: Vec<_> = types.iter().map(|ty| value_of(ty, unknowns)).collect();
            members.prop_map(Dynamic::List).boxed()
        }
    };
    prop_oneof![
        8 => known,
        1 => Just(Dynamic::Null),
        1 => Just(if unknowns { Dynamic::Unknown } else { Dynamic::Null }),
    ]
    .boxed()
}

/// A value inside a value of type `dynamic`: with no further ones inside, so that the size stays bounded.
fn shallow(ty: &Type, unknowns: bool) -> BoxedStrategy<Dynamic> {
    match ty {
        Type::String | Type::Number | Type::Bool => value_of(ty, unknowns),
        _ => Just(Dynamic::Null).boxed(),
    }
}
