//! What an object has and the schema cannot say: named in a warning at import, and left alone by every update.

use serde_json::Value as Json;
use tfplugin::ObjectSchema;
use tfplugin::schema::Nesting;

use super::place::{Step, picked, steps};
use super::wire_of;
use crate::engine::marks::{Labels, Place};

/// One step of a pattern of covered paths.
#[derive(Clone, Debug)]
enum Match {
    Field(String),
    Pick(String),
    Any,
}

/// Paths of the JSON that neither the schema nor `unmanaged` covers, as far up as nothing below is covered. Zero values
/// say nothing and are not named.
pub fn unexpressed(object: &ObjectSchema, body: &Json, unmanaged: &[&str]) -> Vec<String> {
    let mut patterns = Vec::new();
    cover(object, &[], &mut patterns);
    patterns.extend(unmanaged.iter().map(|path| pattern(&[], path)));
    let patterns: Vec<&[Match]> = patterns.iter().map(Vec::as_slice).collect();
    let mut found = Vec::new();
    walk(body, &patterns, "", &mut found);
    found.extend(left_out(object, body));
    found.sort();
    found.dedup();
    found
}

/// What the codecs of the object itself say that they leave out.
fn left_out(object: &ObjectSchema, body: &Json) -> Vec<String> {
    let codecs = object.attributes.iter().filter_map(|attribute| match wire_of(attribute)?.place {
        Place::With(codec) => Some(codec),
        Place::At(_) => None,
    });
    codecs.flat_map(|codec| codec.leaves_out(body)).collect()
}

fn pattern(prefix: &[Match], path: &str) -> Vec<Match> {
    let step = |step| match step {
        Step::Field("*") => Match::Any,
        Step::Field(name) => Match::Field(name.to_owned()),
        Step::Pick(field) => Match::Pick(field.to_owned()),
    };
    prefix.iter().cloned().chain(steps(path).map(step)).collect()
}

fn cover(object: &ObjectSchema, prefix: &[Match], patterns: &mut Vec<Vec<Match>>) {
    for attribute in &object.attributes {
        if let Some(labels) = attribute.extensions.get::<Labels>() {
            patterns.push(pattern(prefix, labels.wire));
        }
        let Some(wire) = wire_of(attribute) else { continue };
        let path = match wire.place {
            Place::With(codec) => {
                patterns.extend(codec.expresses().iter().map(|path| pattern(prefix, path)));
                continue;
            }
            Place::At(path) => path,
        };
        let mut here = pattern(prefix, path);
        match attribute.nested() {
            None => patterns.push(here),
            Some((nesting, object)) => {
                if nesting != Nesting::Single {
                    here.push(Match::Any);
                }
                if let Some(field) = wire.keyed_by {
                    patterns.push(pattern(&here, field));
                }
                cover(object, &here, patterns);
            }
        }
    }
}

fn walk(json: &Json, patterns: &[&[Match]], path: &str, found: &mut Vec<String>) {
    if patterns.iter().any(|pattern| pattern.is_empty()) || is_zero(json) {
        return;
    }
    if patterns.is_empty() {
        return found.push(path.to_owned());
    }
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                let next = advance(patterns, |step| match step {
                    Match::Field(field) => field == name,
                    Match::Any => true,
                    Match::Pick(_) => false,
                });
                let dot = if path.is_empty() { "" } else { "." };
                walk(value, &next, &format!("{path}{dot}{name}"), found);
            }
        }
        Json::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                let next = advance(patterns, |step| match step {
                    Match::Pick(field) => picked(elements, field) == Some(index),
                    Match::Any => true,
                    Match::Field(_) => false,
                });
                walk(value, &next, &format!("{path}[{index}]"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

fn advance<'p>(patterns: &[&'p [Match]], fits: impl Fn(&Match) -> bool) -> Vec<&'p [Match]> {
    patterns.iter().filter(|pattern| pattern.first().is_some_and(&fits)).map(|pattern| &pattern[1..]).collect()
}

fn is_zero(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Bool(true) => false,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(elements) => elements.iter().all(is_zero),
        Json::Object(fields) => fields.values().all(is_zero),
    }
}
