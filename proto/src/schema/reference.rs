//! The reference page of a schema, as data and as markdown in the registry's style.
//!
//! [`Reference::of`] walks a schema once; what a page shows is plain strings from then on. A provider adds what its own
//! extensions say with [`Reference::with_notes`].

use std::collections::BTreeMap;

use super::literal::{code, literal};
use super::{Attribute, Block, BlockNesting, Nesting, ObjectSchema, Presence, Shape};
use crate::{Dynamic, Name, Type};

/// The argument reference of one object: the body first, then its nested objects, each once, in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The body and the nested schemas.
    pub sections: Vec<Section>,
}

/// One object on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Dotted names from the body; empty for the body itself.
    pub path: String,
    /// The target of links to this section; empty for the body.
    pub anchor: String,
    /// What the configuration must set, sorted by name.
    pub required: Vec<Entry>,
    /// What the configuration may set, sorted by name.
    pub optional: Vec<Entry>,
    /// What only the provider sets, sorted by name.
    pub read_only: Vec<Entry>,
}

/// One attribute or block on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// As in HCL.
    pub name: String,
    /// The type and the marks, as the registry words them: `String, Sensitive`.
    pub kind: String,
    /// Markdown.
    pub description: String,
    /// Sentences after the description: the default, what a change does, the provider's own.
    pub notes: Vec<String>,
    /// The legal spellings with what each means (may be empty).
    pub choices: Vec<(String, String)>,
    /// The anchor of the section with its attributes, if it has some.
    pub nested: Option<String>,
}

impl Reference {
    /// The page of `schema`.
    pub fn of(schema: &ObjectSchema) -> Self {
        Self::with_notes(schema, |_, _| Vec::new())
    }

    /// The page of `schema`, with more sentences on each attribute: `notes` gets its dotted path.
    pub fn with_notes(schema: &ObjectSchema, notes: impl Fn(&str, &Attribute) -> Vec<String>) -> Self {
        let mut walk = Walk { notes: &notes, sections: Vec::new() };
        walk.section(String::new(), String::new(), schema);
        Self { sections: walk.sections }
    }

    /// The page's text, from `## Schema` on; ends with one newline.
    pub fn to_markdown(&self) -> String {
        let sections: Vec<String> = self.sections.iter().map(Section::to_markdown).collect();
        format!("## Schema\n\n{}", sections.join("\n"))
    }
}

impl Section {
    fn to_markdown(&self) -> String {
        let mut text = String::new();
        let nested = !self.anchor.is_empty();
        if nested {
            text += &format!("<a id=\"{}\"></a>\n### Nested Schema for `{}`\n\n", self.anchor, self.path);
        }
        let groups = [("Required", &self.required), ("Optional", &self.optional), ("Read-Only", &self.read_only)];
        let groups = groups.into_iter().filter(|(_, entries)| !entries.is_empty()).map(|(title, entries)| {
            let title = if nested { format!("{title}:") } else { format!("### {title}") };
            let entries: Vec<String> = entries.iter().map(Entry::to_markdown).collect();
            format!("{title}\n\n{}\n", entries.join("\n"))
        });
        text + &groups.collect::<Vec<_>>().join("\n")
    }
}

impl Entry {
    fn to_markdown(&self) -> String {
        let mut notes = self.notes.clone();
        let described = self.choices.iter().any(|(_, meaning)| !meaning.is_empty());
        let choices: Vec<String> = self.choices.iter().map(|(word, _)| code(word)).collect();
        if !choices.is_empty() && !described {
            notes.push(format!("One of {}.", choices.join(", ")));
        }
        if let Some(anchor) = &self.nested {
            notes.push(format!("(see [below for nested schema](#{anchor}))"));
        }
        if described {
            notes.push("One of:".to_owned());
        }
        // A description of several paragraphs stays one item of the list: the rest is indented, the notes follow it.
        let several = self.description.contains('\n');
        let gap = if several { "\n\n" } else { " " };
        let body = [self.description.as_str(), &notes.join(" ")];
        let body = body.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(gap);
        let mut text = format!("- `{}` ({}) {}", self.name, self.kind, indented(&body));
        if described {
            for (word, meaning) in &self.choices {
                let colon = if meaning.is_empty() { "" } else { ": " };
                text += &format!("\n  - {}{colon}{}", code(word), indented(&indented(meaning)));
            }
        }
        text.trim_end().to_owned()
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .enumerate()
        .map(|(index, line)| if index == 0 || line.is_empty() { line.to_owned() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

struct Walk<'a> {
    notes: &'a dyn Fn(&str, &Attribute) -> Vec<String>,
    sections: Vec<Section>,
}

impl Walk<'_> {
    fn section(&mut self, path: String, anchor: String, schema: &ObjectSchema) {
        let position = self.sections.len();
        self.sections.push(Section { path: path.clone(), anchor, ..Section::default() });
        let mut section = Section::default();
        for attribute in &schema.attributes {
            let entry = self.attribute(&join(&path, &attribute.name), attribute);
            section.group(attribute.presence).push(entry);
        }
        for block in &schema.blocks {
            let entry = self.block(&join(&path, &block.name), block);
            let required =
                matches!(block.nesting, BlockNesting::List { min: 1.., .. } | BlockNesting::Set { min: 1.., .. });
            section.group(if required { Presence::Required } else { Presence::Optional }).push(entry);
        }
        let Section { required, optional, read_only, .. } = section;
        let sorted = |mut entries: Vec<Entry>| {
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            entries
        };
        let written = &mut self.sections[position];
        written.required = sorted(required);
        written.optional = sorted(optional);
        written.read_only = sorted(read_only);
    }

    fn attribute(&mut self, path: &str, attribute: &Attribute) -> Entry {
        let mut marks = vec![match &attribute.shape {
            Shape::Plain(plain) => type_name(plain),
            Shape::Nested(Nesting::Single, _) => "Attributes".to_owned(),
            Shape::Nested(nesting, _) => format!("Attributes {nesting:?}"),
        }];
        for (mark, set) in [
            ("Sensitive", attribute.sensitive),
            ("Write-only", attribute.write_only),
            ("Deprecated", attribute.deprecated.is_some()),
        ] {
            if set {
                marks.push(mark.to_owned());
            }
        }
        let nested = self.nested(path, &attribute.shape, attribute.presence);
        let mut notes = Vec::new();
        if let Some(text) = &attribute.deprecated {
            notes.push(format!("**Deprecated:** {text}"));
        }
        if let Some(default) = &attribute.default {
            notes.push(format!("Default: {}.", default_code(default)));
        }
        if attribute.requires_replace {
            notes.push("A change replaces the resource.".to_owned());
        }
        notes.extend((self.notes)(path, attribute));
        let meaning = |index: usize| attribute.rules.choice_descriptions.get(index).copied().unwrap_or("").to_owned();
        let choices = attribute.rules.choices.iter().enumerate();
        Entry {
            name: attribute.name.to_string(),
            kind: marks.join(", "),
            description: attribute.description.to_string(),
            notes,
            choices: choices.map(|(index, word)| ((*word).to_owned(), meaning(index))).collect(),
            nested,
        }
    }

    fn block(&mut self, path: &str, block: &Block) -> Entry {
        let mut marks = vec![match block.nesting {
            BlockNesting::Single | BlockNesting::Group => "Block".to_owned(),
            BlockNesting::List { .. } => "Block List".to_owned(),
            BlockNesting::Set { .. } => "Block Set".to_owned(),
            BlockNesting::Map => "Block Map".to_owned(),
        }];
        if let BlockNesting::List { min, max } | BlockNesting::Set { min, max } = block.nesting {
            marks.extend(
                [("Min", min), ("Max", max)].iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{word}: {n}")),
            );
        }
        if block.object.deprecated.is_some() {
            marks.push("Deprecated".to_owned());
        }
        let anchor = anchor("nestedblock", path);
        self.section(path.to_owned(), anchor.clone(), &block.object);
        Entry {
            name: block.name.to_string(),
            kind: marks.join(", "),
            description: block.object.description.to_string(),
            notes: block.object.deprecated.iter().map(|text| format!("**Deprecated:** {text}")).collect(),
            choices: Vec::new(),
            nested: Some(anchor),
        }
    }

    /// The section of the objects in a shape, if there are some.
    fn nested(&mut self, path: &str, shape: &Shape, presence: Presence) -> Option<String> {
        match shape {
            Shape::Nested(_, object) => {
                let anchor = anchor("nestedatt", path);
                self.section(path.to_owned(), anchor.clone(), object);
                Some(anchor)
            }
            Shape::Plain(plain) => {
                let members = members(plain)?;
                let anchor = anchor("nestedobjatt", path);
                let position = self.sections.len();
                self.sections.push(Section::default());
                let mut section = Section { path: path.to_owned(), anchor: anchor.clone(), ..Section::default() };
                for (name, member) in members {
                    let nested = self.nested(&join(path, name), &Shape::Plain(member.clone()), presence);
                    let entry = Entry { name: name.to_string(), kind: type_name(member), nested, ..Entry::default() };
                    section.group(presence).push(entry);
                }
                self.sections[position] = section;
                Some(anchor)
            }
        }
    }
}

impl Section {
    fn group(&mut self, presence: Presence) -> &mut Vec<Entry> {
        match presence {
            Presence::Required => &mut self.required,
            Presence::Optional | Presence::OptionalComputed => &mut self.optional,
            Presence::Computed => &mut self.read_only,
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn anchor(kind: &str, path: &str) -> String {
    format!("{kind}--{}", path.replace('.', "--"))
}

/// The members of the objects in a type, however many collections around them.
fn members(plain: &Type) -> Option<&BTreeMap<Name, Type>> {
    match plain {
        Type::Object(members) => Some(members),
        Type::List(element) | Type::Set(element) | Type::Map(element) => members(element),
        Type::String | Type::Number | Type::Bool | Type::Dynamic | Type::Tuple(_) => None,
    }
}

/// As the registry words types.
fn type_name(plain: &Type) -> String {
    match plain {
        Type::String => "String".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

/// A word needs no quotes on the page; everything else is shown as it would be written.
fn default_code(default: &Dynamic) -> String {
    match default {
        Dynamic::String(text) if !text.trim().is_empty() => code(text),
        other => code(&literal(other)),
    }
}
