//! A schema as text, one line per attribute: what tests compare.

use std::fmt::Write;

use tfplugin::ObjectSchema;
use tfplugin::schema::{Nesting, Shape, literal};

pub(crate) fn schema_text(schema: &ObjectSchema) -> String {
    let mut text = String::new();
    write_object(&mut text, schema, 0);
    text
}

fn write_object(text: &mut String, schema: &ObjectSchema, depth: usize) {
    let indent = "  ".repeat(depth);
    writeln!(text, "{indent}# {:?}{}", schema.description, deprecation(schema.deprecated.as_deref())).unwrap();
    for attribute in &schema.attributes {
        write!(text, "{indent}{}: ", attribute.name).unwrap();
        match &attribute.shape {
            Shape::Plain(plain) => write!(text, "{plain}").unwrap(),
            Shape::Nested(Nesting::Single, _) => write!(text, "nested").unwrap(),
            Shape::Nested(nesting, _) => write!(text, "nested {nesting:?}").unwrap(),
        }
        write!(text, " {:?}", attribute.presence).unwrap();
        for (mark, set) in [
            ("sensitive", attribute.sensitive),
            ("write_only", attribute.write_only),
            ("requires_replace", attribute.requires_replace),
        ] {
            if set {
                write!(text, " {mark}").unwrap();
            }
        }
        if let Some(default) = &attribute.default {
            write!(text, " default={}", literal(default)).unwrap();
        }
        if !attribute.rules.choices.is_empty() {
            write!(text, " choices={}", attribute.rules.choices.join("|")).unwrap();
        }
        writeln!(text, "{} {:?}", deprecation(attribute.deprecated.as_deref()), attribute.description).unwrap();
        if let Some((_, object)) = attribute.nested() {
            write_object(text, object, depth + 1);
        }
    }
    for block in &schema.blocks {
        writeln!(text, "{indent}{} {{}} {:?}", block.name, block.nesting).unwrap();
        write_object(text, &block.object, depth + 1);
    }
}

fn deprecation(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!(" deprecated={text:?}"))
}
