//! Terraform's JSON syntax (`.tf.json`) as a [`File`].
//!
//! serde_json keeps neither repeated keys nor places. Both are had by reading one level at a time, into slices of the
//! text: a slice knows where it lies.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::hcl;
use super::lines::Lines;
use super::tree::{Block, BlockKind, File, Literal, Member};

/// What is nested deeper is passed over: each level is read once for each level above it.
const DEPTH: usize = 64;

/// The property that Terraform ignores, so that it can be a comment.
const COMMENT: &str = "//";

/// Reads a file. `None` when it is no JSON.
pub(super) fn read(text: &str) -> Option<File> {
    let root: &RawValue = serde_json::from_str(text).ok()?;
    let reader = Reader { text, lines: Lines::of(text) };
    let mut file = File::default();
    reader.labelled(root, 1, &mut |labels, body| {
        let [word] = labels else { return };
        if let Some(kind) = BlockKind::of(word) {
            reader.labelled(body, kind.labels(), &mut |labels, body| {
                reader.bodies(body, &mut |attributes| {
                    file.blocks.push(Block { kind, labels: labels.to_vec(), attributes });
                });
            });
        } else if word == "module" {
            reader.labelled(body, 1, &mut |labels, _| file.calls.extend(labels.first().cloned()));
        }
    });
    Some(file)
}

/// The members of an object, in order, repeated ones too.
struct Pairs<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'t> Deserialize<'t> for Pairs<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'t> Visitor<'t> for Collect {
            type Value = Pairs<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines,
}

impl<'t> Reader<'t> {
    fn line(&self, slice: &RawValue) -> usize {
        self.lines.at((slice.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize))
    }

    fn pairs(&self, value: &'t RawValue) -> Vec<(String, usize, &'t RawValue)> {
        let pairs = serde_json::from_str::<Pairs<'t>>(value.get()).map(|Pairs(pairs)| pairs).unwrap_or_default();
        let named = pairs.into_iter().filter_map(|(key, value)| {
            let name: String = serde_json::from_str(key.get()).ok()?;
            (name != COMMENT).then(|| (name, self.line(key), value))
        });
        named.collect()
    }

    /// Blocks with `count` labels: objects in objects, each of which may be a list of such objects.
    fn labelled(&self, value: &'t RawValue, count: usize, found: &mut dyn FnMut(&[String], &'t RawValue)) {
        self.descend(value, count, &mut Vec::new(), found);
    }

    fn descend(
        &self,
        value: &'t RawValue,
        count: usize,
        labels: &mut Vec<String>,
        found: &mut dyn FnMut(&[String], &'t RawValue),
    ) {
        if labels.len() == count {
            return found(labels, value);
        }
        for object in list(value).unwrap_or_else(|| vec![value]) {
            for (name, _, inner) in self.pairs(object) {
                labels.push(name);
                self.descend(inner, count, labels, found);
                labels.pop();
            }
        }
    }

    /// The bodies of a block: an object, or a list of them.
    fn bodies(&self, value: &'t RawValue, found: &mut dyn FnMut(Vec<Member>)) {
        for body in list(value).unwrap_or_else(|| vec![value]) {
            found(self.members(body, 0));
        }
    }

    fn members(&self, object: &'t RawValue, depth: usize) -> Vec<Member> {
        let member = |(name, line, value): (String, usize, &'t RawValue)| Member {
            // A key with an interpolation is computed.
            key: (!name.contains("${") && !name.contains("%{")).then_some(name),
            line,
            value: self.value(value, depth + 1),
        };
        self.pairs(object).into_iter().map(member).collect()
    }

    fn value(&self, value: &'t RawValue, depth: usize) -> Literal {
        match value.get().as_bytes().first() {
            Some(b'{') if depth < DEPTH => Literal::Object(self.members(value, depth)),
            Some(b'[') if depth < DEPTH => {
                let elements = list(value).unwrap_or_default().into_iter();
                Literal::Tuple(elements.map(|element| self.value(element, depth + 1)).collect())
            }
            Some(b'"') => match serde_json::from_str::<String>(value.get()) {
                Ok(text) => hcl::template(&text, self.line(value)),
                Err(_) => Literal::unread(),
            },
            _ => Literal::unread(),
        }
    }
}

fn list(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}
