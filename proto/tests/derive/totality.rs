//! Whatever tree comes in, decoding ends with a struct or a diagnostic, and what was decoded has the schema's type.

use proptest::prelude::*;
use tfplugin::{Diagnostics, Dynamic, Number, Object, Path, Type};

use crate::everything::{Everything, Rule};

fn tree() -> impl Strategy<Value = Dynamic> {
    let leaf = prop_oneof![
        Just(Dynamic::Null),
        Just(Dynamic::Unknown),
        any::<bool>().prop_map(Dynamic::Bool),
        any::<i64>().prop_map(|value| Dynamic::Number(Number::from(value))),
        prop_oneof!["STANDARD", "ARCHIVE", "[0-9]{1,3}[mh]", ".{0,6}"].prop_map(Dynamic::String),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        let name = prop_oneof![Just("age"), Just("count"), Just("classes"), Just("other")].prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Dynamic::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Dynamic::set),
            prop::collection::btree_map("[a-z]{1,3}", inner.clone(), 0..4)
                .prop_map(|entries| Dynamic::Map(entries.into())),
            prop::collection::btree_map(name, inner, 0..4).prop_map(|entries| Dynamic::Object(entries.into())),
        ]
    })
}

/// An object whose attributes have the right names and any values.
fn body() -> impl Strategy<Value = Dynamic> {
    let Type::Object(attributes) = Everything::schema().type_expression() else {
        unreachable!("a schema is an object")
    };
    let names: Vec<String> = attributes.into_keys().map(String::from).collect();
    let group = Just(Rule::default().encode());
    (prop::collection::btree_map(prop::sample::select(names), tree(), 0..6), group).prop_map(|(mut entries, group)| {
        entries.entry("always".to_owned()).or_insert(group);
        Dynamic::Object(entries.into())
    })
}

proptest! {
    #[test]
    fn a_tree_is_decoded_or_refused_with_a_reason(tree in prop_oneof![body(), tree()]) {
        let mut diagnostics = Diagnostics::new();
        let decoded = Everything::decode(&tree, &Path::root(), &mut diagnostics);
        prop_assert_eq!(decoded.is_none(), diagnostics.has_error());
    }

    #[test]
    fn what_was_decoded_is_kept_by_a_second_turn(tree in body()) {
        let mut diagnostics = Diagnostics::new();
        if let Some(decoded) = Everything::decode(&tree, &Path::root(), &mut diagnostics) {
            let again = Everything::decode(&decoded.encode(), &Path::root(), &mut diagnostics);
            prop_assert_eq!(again.map(|it| it.encode()), Some(decoded.encode()));
        }
    }
}
