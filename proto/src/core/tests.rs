//! Arbitrary states and configurations, planned and applied, and what Terraform demands of the result.

use std::borrow::Cow;

use proptest::prelude::*;

use super::walk::same_element;
use super::{apply, plan};
use crate::schema::{Attribute, Block, BlockNesting, Extensions, Nesting, ObjectSchema, Presence, Shape, Stable};
use crate::testing::proposed::proposed;
use crate::value::{Dynamic, ScalarRules};
use crate::{Diagnostics, Type};

/// Spellings in different case are one value.
const ANY_CASE: ScalarRules = ScalarRules {
    equal: |a, b| a == b || matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b)),
    ..ScalarRules::PLAIN
};

fn attribute(name: &'static str, shape: Shape, presence: Presence) -> Attribute {
    Attribute {
        name: Cow::Borrowed(name),
        description: Cow::Borrowed(""),
        shape,
        presence,
        sensitive: false,
        write_only: false,
        deprecated: None,
        default: None,
        requires_replace: false,
        rules: ANY_CASE,
        extensions: Extensions::default(),
    }
}

fn text(name: &'static str, presence: Presence) -> Attribute {
    attribute(name, Shape::Plain(Type::String), presence)
}

/// Attributes of every kind, and inside of them again to the given depth.
fn schema(depth: usize) -> ObjectSchema {
    let mut attributes = vec![
        text("required", Presence::Required),
        text("optional", Presence::Optional),
        text("either", Presence::OptionalComputed),
        text("computed", Presence::Computed),
        Attribute { default: Some(Dynamic::string("d")), ..text("default", Presence::OptionalComputed) },
        attribute("list", Shape::Plain(Type::List(Box::new(Type::String))), Presence::Optional),
        attribute("set", Shape::Plain(Type::Set(Box::new(Type::String))), Presence::OptionalComputed),
    ];
    let mut stable = text("stable", Presence::Computed);
    stable.extensions.insert(Stable);
    attributes.push(stable);
    let mut blocks = Vec::new();
    if depth > 0 {
        attributes.push(Attribute { write_only: true, ..text("secret", Presence::Optional) });
        for (name, nesting, presence) in [
            ("single", Nesting::Single, Presence::Optional),
            ("single_either", Nesting::Single, Presence::OptionalComputed),
            ("nested_list", Nesting::List, Presence::Optional),
            ("nested_map", Nesting::Map, Presence::OptionalComputed),
            ("nested_set", Nesting::Set, Presence::Optional),
        ] {
            let mut inner = schema(depth - 1);
            if nesting == Nesting::Set {
                inner.attributes.retain(|attribute| !attribute.write_only);
            }
            inner.blocks.clear();
            attributes.push(attribute(name, Shape::Nested(nesting, Box::new(inner)), presence));
        }
        let nesting = BlockNesting::List { min: 0, max: 0 };
        blocks.push(Block { name: Cow::Borrowed("block"), nesting, object: schema(depth - 1) });
        blocks.push(Block { name: Cow::Borrowed("group"), nesting: BlockNesting::Group, object: schema(0) });
    }
    ObjectSchema { attributes, blocks, ..ObjectSchema::default() }
}

/// A text out of few, in either case, or null or unknown.
fn texts(nulls: bool, unknowns: bool) -> BoxedStrategy<Dynamic> {
    let known = "[abAB]".prop_map(Dynamic::String);
    prop_oneof![
        6 => known.clone(),
        2 => if nulls { Just(Dynamic::Null).boxed() } else { known.clone().boxed() },
        1 => if unknowns { Just(Dynamic::Unknown).boxed() } else { known.boxed() },
    ]
    .boxed()
}

/// A configuration that Terraform would let pass.
fn config(object: &ObjectSchema, unknowns: bool) -> BoxedStrategy<Dynamic> {
    let mut members: Vec<BoxedStrategy<(String, Dynamic)>> = Vec::new();
    for attribute in &object.attributes {
        let name = attribute.name.to_string();
        let value = match (&attribute.shape, attribute.presence) {
            (_, Presence::Computed) => Just(Dynamic::Null).boxed(),
            (Shape::Plain(Type::String), presence) => texts(presence != Presence::Required, unknowns),
            (Shape::Plain(Type::List(_)), _) => {
                nullable(proptest::collection::vec(texts(false, unknowns), 0..3).prop_map(Dynamic::List).boxed())
            }
            (Shape::Plain(_), _) => {
                let elements = proptest::collection::vec(texts(false, unknowns), 0..3);
                nullable(elements.prop_map(|items| Dynamic::set(distinct(items, ANY_CASE.equal))).boxed())
            }
            (Shape::Nested(nesting, inner), _) => nullable(nested(*nesting, inner, unknowns)),
        };
        members.push(value.prop_map(move |value| (name.clone(), value)).boxed());
    }
    for block in &object.blocks {
        let name = block.name.to_string();
        let nesting = if block.nesting == BlockNesting::Group { Nesting::Single } else { Nesting::List };
        members.push(nested(nesting, &block.object, unknowns).prop_map(move |value| (name.clone(), value)).boxed());
    }
    members.prop_map(|members| Dynamic::Object(members.into_iter().collect())).boxed()
}

fn nullable(value: BoxedStrategy<Dynamic>) -> BoxedStrategy<Dynamic> {
    prop_oneof![2 => value, 1 => Just(Dynamic::Null)].boxed()
}

fn nested(nesting: Nesting, inner: &ObjectSchema, unknowns: bool) -> BoxedStrategy<Dynamic> {
    let object = inner.clone();
    let inner = config(inner, unknowns);
    let distinct = move |items| Dynamic::set(distinct(items, |a, b| same_element(&object, a, b)));
    match nesting {
        Nesting::Single => inner,
        Nesting::List => proptest::collection::vec(inner, 0..3).prop_map(Dynamic::List).boxed(),
        Nesting::Set => proptest::collection::vec(inner, 0..3).prop_map(distinct).boxed(),
        Nesting::Map => proptest::collection::btree_map("[xy]", inner, 0..3)
            .prop_map(|entries| Dynamic::Map(entries.into()))
            .boxed(),
    }
}

/// The items without those that mean the same as an earlier one: servers keep only one of them.
fn distinct(items: Vec<Dynamic>, same: impl Fn(&Dynamic, &Dynamic) -> bool) -> Vec<Dynamic> {
    items.into_iter().fold(Vec::new(), |mut kept: Vec<Dynamic>, item| {
        if !kept.iter().any(|earlier| same(earlier, &item)) {
            kept.push(item);
        }
        kept
    })
}

/// What the usual handler plans.
fn planned(object: &ObjectSchema, prior: &Dynamic, config: &Dynamic) -> Result<plan::Plan, Diagnostics> {
    let mut tree = plan::propose(object, prior, proposed(object, prior, config), config);
    if tree != *prior {
        plan::mark_computed(object, &mut tree, config);
    }
    plan::finish(&plan::Inputs { object, prior, config }, tree, Vec::new())
}

/// What the usual server makes of a plan: unknown values become something, spellings change.
fn made(value: Dynamic, ty: &Type) -> Dynamic {
    match (value, ty) {
        (Dynamic::Unknown, Type::String) => Dynamic::string("made"),
        (Dynamic::Unknown, _) => Dynamic::Null,
        (Dynamic::String(text), _) => Dynamic::String(text.to_ascii_uppercase()),
        (Dynamic::List(items), Type::List(ty)) => Dynamic::List(items.into_iter().map(|item| made(item, ty)).collect()),
        (Dynamic::Set(items), Type::Set(ty)) => Dynamic::set(items.into_iter().map(|item| made(item, ty))),
        (Dynamic::Map(entries), Type::Map(ty)) => {
            Dynamic::Map(entries.into_iter().map(|(key, item)| (key, made(item, ty))).collect())
        }
        (Dynamic::Object(entries), Type::Object(types)) => {
            Dynamic::Object(entries.into_iter().map(|(name, item)| (name.clone(), made(item, &types[&name]))).collect())
        }
        (value, _) => value,
    }
}

fn applied(object: &ObjectSchema, prior: &Dynamic, planned: &Dynamic) -> (Dynamic, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let answer = made(planned.clone(), &object.type_expression());
    let inputs = apply::Inputs { object, prior, planned };
    let state = apply::finish(&inputs, Some(answer), &mut diagnostics);
    (state, diagnostics)
}

/// Terraform's own check of plans; the path of what it would refuse.
fn refused(object: &ObjectSchema, prior: &Dynamic, config: &Dynamic, planned: &Dynamic, path: &str) -> Option<String> {
    if !prior.is_null() && planned == prior {
        return None;
    }
    let attributes = object.attributes.iter().find_map(|attribute| {
        let name = attribute.name.as_ref();
        let path = format!("{path}.{name}");
        let (prior, config, planned) = (prior.get(name), config.get(name), planned.get(name));
        if attribute.write_only {
            return (!planned.is_null()).then_some(path);
        }
        let kept = planned == prior && !prior.is_null() && !config.is_null();
        if planned == config || kept || (config.is_null() && attribute.presence.is_computed()) {
            return None;
        }
        match &attribute.shape {
            Shape::Nested(nesting, inner) => refused_nested(*nesting, inner, prior, config, planned, &path),
            Shape::Plain(_) => Some(path),
        }
    });
    attributes.or_else(|| {
        object.blocks.iter().find_map(|block| {
            let name = block.name.as_ref();
            let nesting = if block.nesting == BlockNesting::Group { Nesting::Single } else { Nesting::List };
            let path = format!("{path}.{name}");
            refused_nested(nesting, &block.object, prior.get(name), config.get(name), planned.get(name), &path)
        })
    })
}

fn refused_nested(
    nesting: Nesting,
    inner: &ObjectSchema,
    prior: &Dynamic,
    config: &Dynamic,
    planned: &Dynamic,
    path: &str,
) -> Option<String> {
    match (nesting, config, planned) {
        (Nesting::Single, Dynamic::Object(_), Dynamic::Object(_)) => refused(inner, prior, config, planned, path),
        (Nesting::List, Dynamic::List(config), Dynamic::List(planned)) if config.len() == planned.len() => {
            let prior = prior.as_elements().unwrap_or_default();
            config.iter().zip(planned).enumerate().find_map(|(index, (config, planned))| {
                let prior = prior.get(index).cloned().unwrap_or_default();
                refused(inner, &prior, config, planned, &format!("{path}[{index}]"))
            })
        }
        (Nesting::Map, Dynamic::Map(config), Dynamic::Map(planned)) if config.keys().eq(planned.keys()) => {
            config.iter().find_map(|(key, config)| {
                refused(inner, prior.get(key), config, planned.get(key).unwrap(), &format!("{path}[{key}]"))
            })
        }
        (Nesting::Set, Dynamic::Set(config), Dynamic::Set(planned)) if config.len() == planned.len() => None,
        _ => Some(path.to_owned()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn terraform_accepts_every_plan(first in config(&schema(2), false), second in config(&schema(2), true)) {
        let object = schema(2);
        let created = planned(&object, &Dynamic::Null, &first).unwrap().planned;
        prop_assert_eq!(refused(&object, &Dynamic::Null, &first, &created, ""), None);
        let (state, diagnostics) = applied(&object, &Dynamic::Null, &created);
        prop_assert!(diagnostics.is_empty(), "{:#?}", diagnostics);
        prop_assert!(state.is_wholly_known());
        let updated = planned(&object, &state, &second).unwrap().planned;
        prop_assert_eq!(refused(&object, &state, &second, &updated, ""), None);
    }

    #[test]
    fn after_an_apply_there_is_nothing_to_do(first in config(&schema(2), false), second in config(&schema(2), false)) {
        let object = schema(2);
        let mut state = Dynamic::Null;
        for config in [&first, &second] {
            let planned_state = planned(&object, &state, config).unwrap().planned;
            let (next, diagnostics) = applied(&object, &state, &planned_state);
            prop_assert!(diagnostics.is_empty(), "{:#?}", diagnostics);
            let again = planned(&object, &next, config).unwrap().planned;
            prop_assert_eq!(&again, &next);
            state = next;
        }
    }

    #[test]
    fn unknown_values_become_known_without_contradiction(
        prior in config(&schema(1), false),
        (unknown, known) in config(&schema(1), true).prop_map(|config| {
            let ty = schema(1).type_expression();
            (config.clone(), made_known(config, &ty))
        }),
    ) {
        let object = schema(1);
        let created = planned(&object, &Dynamic::Null, &prior).unwrap().planned;
        let (state, _) = applied(&object, &Dynamic::Null, &created);
        for state in [Dynamic::Null, state] {
            let first = planned(&object, &state, &unknown).unwrap().planned;
            let second = planned(&object, &state, &known).unwrap().planned;
            // What was known in the first plan is the same in the second: Terraform compares them like plan and apply.
            let mut problems = Diagnostics::new();
            super::consistency::compare(&object, &first, &second, &crate::Path::root(), &mut problems);
            prop_assert!(problems.is_empty(), "{:#?}\n{:#?}\n{:#?}", problems, first, second);
        }
    }
}

/// The configuration when everything in it is known.
fn made_known(value: Dynamic, ty: &Type) -> Dynamic {
    match (value, ty) {
        (Dynamic::Unknown, Type::String) => Dynamic::string("k"),
        (Dynamic::List(items), Type::List(ty)) => {
            Dynamic::List(items.into_iter().map(|item| made_known(item, ty)).collect())
        }
        (Dynamic::Set(items), Type::Set(ty)) => Dynamic::set(items.into_iter().map(|item| made_known(item, ty))),
        (Dynamic::Map(entries), Type::Map(ty)) => {
            Dynamic::Map(entries.into_iter().map(|(key, item)| (key, made_known(item, ty))).collect())
        }
        (Dynamic::Object(entries), Type::Object(types)) => Dynamic::Object(
            entries.into_iter().map(|(name, item)| (name.clone(), made_known(item, &types[&name]))).collect(),
        ),
        (value, _) => value,
    }
}
