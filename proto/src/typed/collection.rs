//! Lists, sets and maps as attribute types.
//!
//! A collection of objects has nested attributes; any other is a plain type, all or nothing in plans.

use std::collections::{BTreeMap, BTreeSet};

use super::element::{Known, Member, mismatch};
use super::primitive::or_report;
use crate::schema::{Nesting, Shape};
use crate::value::{Dynamic, ScalarRules, Value};
use crate::{Diagnostics, Name, Path, Type};

impl<E: Member> Known for Vec<E> {
    fn shape() -> Shape {
        collection(E::shape(), Nesting::List, Type::List)
    }
    fn rules() -> ScalarRules {
        E::rules()
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let items = or_report(value.as_elements(), diagnostics, || mismatch("A list", value, path))?;
        let elements = items.iter().enumerate();
        whole(elements.map(|(index, item)| E::decode_member(item, &path.index(index), diagnostics)).collect())
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::List(self.iter().map(Member::encode_member).collect())
    }
}

impl<E: Member + Ord> Known for BTreeSet<E> {
    fn shape() -> Shape {
        collection(E::shape(), Nesting::Set, Type::Set)
    }
    fn rules() -> ScalarRules {
        E::rules()
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let items = or_report(value.as_elements(), diagnostics, || mismatch("A set", value, path))?;
        // Elements of sets have no key: the path of a problem stops at the set.
        whole(items.iter().map(|item| E::decode_member(item, path, diagnostics)).collect())
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::set(self.iter().map(Member::encode_member))
    }
}

impl<E: Member> Known for BTreeMap<String, E> {
    fn shape() -> Shape {
        collection(E::shape(), Nesting::Map, Type::Map)
    }
    fn rules() -> ScalarRules {
        E::rules()
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let entries = or_report(value.as_entries(), diagnostics, || mismatch("A map", value, path))?;
        let elements = entries.iter();
        let named = |key: &Name, item: Value<E>| item.map(|item| (key.to_string(), item));
        whole(
            elements
                .map(|(key, item)| Some(named(key, E::decode_member(item, &path.key(key), diagnostics)?)))
                .collect(),
        )
    }
    fn encode_known(&self) -> Dynamic {
        Dynamic::Map(self.iter().map(|(key, item)| (key, item.encode_member())).collect())
    }
}

/// The collection of `elements`, all of which were read, so that all problems are told: none if one was refused, unknown
/// if one is unknown and has no room for that.
fn whole<E, C: FromIterator<E>>(elements: Vec<Option<Value<E>>>) -> Option<Value<C>> {
    let elements: Vec<Value<E>> = elements.into_iter().collect::<Option<_>>()?;
    let known: Option<C> = elements.into_iter().map(Value::into_known).collect();
    Some(known.map_or(Value::Unknown, Value::Known))
}

fn collection(element: Shape, nesting: Nesting, plain: fn(Box<Type>) -> Type) -> Shape {
    match element {
        Shape::Nested(Nesting::Single, object) => Shape::Nested(nesting, object),
        // Terraform has no nested attributes two collections deep: the whole is then one type expression.
        deeper => Shape::Plain(plain(Box::new(deeper.type_expression()))),
    }
}
