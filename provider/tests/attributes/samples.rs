//! Values for attributes: from their types, choices and rules, and from `samples.json` where no rule can guess them.
//!
//! An attribute gets a value A and another one, B. `configuration` puts them into the smallest stack in which they are valid.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tfplugin::schema::{Nesting, Presence, Shape};
use tfplugin::value::json as terraform_json;
use tfplugin::{Attribute, ObjectSchema, Type};

use crate::cloud;
use crate::schema::{KEY, Place, steps};

/// What is known of an attribute beyond its schema. Every field may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sample {
    /// A value, and another one.
    pub(crate) a: Option<Json>,
    pub(crate) b: Option<Json>,
    /// For nested attributes: the smallest object; required attributes need not be named.
    base: Option<Json>,
    /// What the object that holds the attribute needs beside it, whatever the value is.
    with: Option<Json>,
    /// What the stack needs beside it.
    beside: Option<Json>,
    /// What the holding object needs while the attribute is absent, is A, is B.
    silent: Option<Json>,
    with_a: Option<Json>,
    with_b: Option<Json>,
    /// What the stack needs meanwhile.
    beside_silent: Option<Json>,
    beside_a: Option<Json>,
    beside_b: Option<Json>,
    /// What is nested in this attribute has the samples of what is nested in that one, where it has none of its own.
    like: Option<String>,
    /// The drift is from A to what is there when nothing is said, and not from A to B.
    pub(crate) drift_to_nothing: bool,
    /// A change is an error of the plan. Holds for what is nested in it, too.
    pub(crate) immutable: bool,
    /// It is optional in the schema, but never absent where it is present at all.
    pub(crate) required: bool,
    /// The API masks the value: that something was written is all that can be seen.
    pub(crate) masked: bool,
    /// What follows the project, region and name of the stack in an import's id.
    pub(crate) import: Option<String>,
    /// Cells that do not exist for this attribute, and why: `{"drifted": "..."}`.
    pub(crate) except: BTreeMap<String, String>,
    /// Why no field of the cloud is behind it.
    pub(crate) terraform_only: Option<String>,
}

/// The samples by path; `*.NAME` holds for every kind.
pub(crate) static SAMPLES: LazyLock<BTreeMap<String, Sample>> =
    LazyLock::new(|| serde_json::from_str(cloud::SAMPLES).unwrap());

impl Sample {
    /// What it has in common with another attribute's.
    fn model(&self) -> &Self {
        self.like.as_deref().and_then(|like| SAMPLES.get(like)).unwrap_or(self)
    }
}

static NONE: LazyLock<Sample> = LazyLock::new(Sample::default);

/// What the table says of an attribute.
pub(crate) fn sample(path: &str) -> &'static Sample {
    if let Some(own) = SAMPLES.get(path) {
        return own;
    }
    let alike = SAMPLES.iter().filter_map(|(above, sample)| {
        let rest = path.strip_prefix(above.as_str()).filter(|rest| rest.starts_with('.'))?;
        Some(format!("{}{rest}", sample.like.as_ref()?))
    });
    if let Some(alike) = alike.max_by_key(String::len) {
        return self::sample(&alike);
    }
    let of_all_kinds = || path.split_once('.').and_then(|(_, rest)| SAMPLES.get(&format!("*.{rest}")));
    of_all_kinds().unwrap_or(&NONE)
}

/// Which configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// The attribute is absent.
    Nothing,
    /// It has its value A.
    A,
    /// It has its value B.
    B,
}

/// A stack that says A, B or nothing of an attribute, and is otherwise as small as can be.
pub(crate) fn configuration(place: &Place<'_>, says: Says) -> Json {
    let mut stack: Json = serde_json::from_str(cloud::STACK_ITSELF).unwrap();
    let mut holder: Vec<String> = Vec::new();
    let mut beside = Vec::new();
    for (path, parent) in &place.parents {
        let sample = sample(path);
        merge(at(&mut stack, &holder), sample.with.as_ref());
        beside.extend(sample.beside.as_ref());
        holder.extend(steps(parent));
        let nested = parent.nested().map(|(_, nested)| smallest(path, nested));
        merge(at(&mut stack, &holder), nested.as_ref());
    }
    let sample = sample(&place.path);
    beside.extend(sample.beside.as_ref());
    merge(at(&mut stack, &holder), sample.with.as_ref());
    let object = at(&mut stack, &holder);
    let name = place.attribute.name.as_ref();
    let (value, more, meanwhile) = match says {
        Says::Nothing => (None, &sample.silent, &sample.beside_silent),
        Says::A => (values(place).map(|(a, _)| a), &sample.with_a, &sample.beside_a),
        Says::B => (values(place).map(|(_, b)| b), &sample.with_b, &sample.beside_b),
    };
    beside.extend(meanwhile.as_ref());
    match value {
        Some(value) => object[name] = value,
        None => drop(object.as_object_mut().and_then(|object| object.remove(name))),
    }
    merge(object, more.as_ref());
    beside.into_iter().for_each(|more| merge(&mut stack, Some(more)));
    stack
}

/// The object at a place, which is made if need be.
fn at<'j>(json: &'j mut Json, steps: &[String]) -> &'j mut Json {
    steps.iter().fold(json, |json, step| match step.as_str() {
        "0" => {
            if !json.is_array() {
                *json = json!([{}]);
            }
            &mut json[0]
        }
        name => {
            if !json.is_object() {
                *json = json!({});
            }
            json.as_object_mut().unwrap().entry(name).or_insert_with(|| Json::Null)
        }
    })
}

/// A JSON merge patch. Names that are numbers are elements of a list.
pub(crate) fn merge(into: &mut Json, patch: Option<&Json>) {
    match patch {
        None => {}
        Some(Json::Object(entries)) => {
            if let Json::Array(items) = into {
                for (at, value) in entries.iter().filter_map(|(name, value)| Some((name.parse::<usize>().ok()?, value)))
                {
                    match (items.get_mut(at), value) {
                        (Some(_), Json::Null) => drop(items.remove(at)),
                        (Some(item), value) => merge(item, Some(value)),
                        (None, Json::Null) => {}
                        (None, value) => items.push(value.clone()),
                    }
                }
                return;
            }
            if !into.is_object() {
                *into = Json::Object(Map::new());
            }
            let object = into.as_object_mut().unwrap();
            for (name, value) in entries {
                if value.is_null() {
                    object.remove(name);
                } else {
                    merge(object.entry(name).or_insert(Json::Null), Some(value));
                }
            }
        }
        Some(other) => *into = other.clone(),
    }
}

/// The smallest valid object under a path: its required attributes, and what its sample says.
fn smallest(path: &str, object: &ObjectSchema) -> Json {
    let mut smallest = json!({});
    for attribute in object.attributes.iter().filter(|attribute| attribute.presence == Presence::Required) {
        if let Some((a, _)) = values_of(&format!("{path}.{}", attribute.name), attribute) {
            smallest[attribute.name.as_ref()] = a;
        }
    }
    merge(&mut smallest, sample(path).model().base.as_ref());
    smallest
}

/// The values A and B of an attribute; none if neither a rule nor a sample has them.
pub(crate) fn values(place: &Place<'_>) -> Option<(Json, Json)> {
    values_of(&place.path, place.attribute)
}

fn values_of(path: &str, attribute: &Attribute) -> Option<(Json, Json)> {
    let sample = sample(path).model();
    let (a, b) = match (&sample.a, &sample.b) {
        (Some(a), Some(b)) => return Some((a.clone(), b.clone())),
        (a, b) => (a.clone(), b.clone()),
    };
    let guessed = match &attribute.shape {
        Shape::Plain(plain) => guess(plain, attribute),
        Shape::Nested(nesting, object) => {
            let one = smallest(path, object);
            match nesting {
                Nesting::Map => Some((json!({ KEY: one }), json!({"another": one}))),
                Nesting::Single => another(path, object, &one).map(|other| (one, other)),
                Nesting::List | Nesting::Set => another(path, object, &one).map(|other| (json!([one]), json!([other]))),
            }
        }
    };
    let (first, second) = guessed?;
    Some((a.unwrap_or(first), b.unwrap_or(second)))
}

/// The object with another value in the first attribute that allows it.
fn another(path: &str, object: &ObjectSchema, one: &Json) -> Option<Json> {
    let configurable = object.attributes.iter().filter(|attribute| attribute.presence.is_configurable());
    configurable
        .filter_map(|attribute| {
            let name = attribute.name.as_ref();
            let (a, b) = values_of(&format!("{path}.{name}"), attribute)?;
            let mut other = one.clone();
            other[name] = if one[name] == a { b } else { a };
            Some(other)
        })
        .next()
}

fn guess(plain: &Type, attribute: &Attribute) -> Option<(Json, Json)> {
    let default = attribute.default.as_ref().and_then(|default| terraform_json::to_json(default).ok());
    let allowed = |value: &Json| {
        Some(value) != default.as_ref()
            && terraform_json::from_json(plain, value).is_ok_and(|value| (attribute.rules.check)(&value).is_ok())
    };
    let mut candidates: Vec<Json> = match plain {
        Type::Bool => vec![json!(true), json!(false)],
        Type::Number => (2..6).map(|number| json!(number)).collect(),
        Type::String if !attribute.rules.choices.is_empty() => {
            attribute.rules.choices.iter().map(|choice| json!(choice)).collect()
        }
        Type::String => ["alpha", "beta", "60s", "120s", "1Gi", "2Gi"].iter().map(|text| json!(text)).collect(),
        Type::List(element) | Type::Set(element) => {
            let element = Attribute { shape: Shape::Plain((**element).clone()), default: None, ..attribute.clone() };
            let (a, b) = guess(&element_type(plain)?, &element)?;
            return Some((json!([a]), json!([b])));
        }
        Type::Map(_) => {
            let element = Attribute { default: None, ..attribute.clone() };
            let (a, b) = guess(&element_type(plain)?, &element)?;
            return Some((json!({"key": a}), json!({"key": b})));
        }
        _ => return None,
    };
    candidates.retain(allowed);
    // With two choices the default is the other one.
    candidates.extend(default.clone());
    let mut candidates = candidates.into_iter();
    candidates.next().zip(candidates.next())
}

fn element_type(collection: &Type) -> Option<Type> {
    match collection {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some((**element).clone()),
        _ => None,
    }
}
