//! To protobuf.

use crate::core::fault::fault;
use crate::function::DynFunction;
use crate::proto::tfplugin6 as pb;
use crate::schema::{Attribute, Block, BlockNesting, LeftOut, Nesting, ObjectSchema, Presence, Shape};
use crate::value::{Dynamic, msgpack};
use crate::{Diagnostic, Diagnostics, Path, Severity, Step, Type};

/// A value of type `ty`, in msgpack: answers in JSON are not understood everywhere.
///
/// # Errors
/// When it is not of that type, which a rule of `core` should have noticed before.
pub(crate) fn value(ty: &Type, value: &Dynamic) -> Result<pb::DynamicValue, Diagnostic> {
    match msgpack::encode(ty, value) {
        Ok(msgpack) => Ok(pb::DynamicValue { msgpack: msgpack.into(), json: Default::default() }),
        Err(error) => Err(fault(&error.path, format!("its answer does not fit its schema ({})", error.problem))),
    }
}

/// Null of any type.
pub(crate) fn null() -> pb::DynamicValue {
    pb::DynamicValue { msgpack: vec![0xc0].into(), json: Default::default() }
}

/// An identity; none when it does not fit its schema.
pub(crate) fn identity(ty: &Type, identity: &Dynamic) -> Option<pb::ResourceIdentityData> {
    Some(pb::ResourceIdentityData { identity_data: Some(value(ty, identity).ok()?) })
}

/// Diagnostics, in order.
pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<pb::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> pb::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => pb::diagnostic::Severity::Error,
        Severity::Warning => pb::diagnostic::Severity::Warning,
    };
    // Terraform shows a diagnostic without a summary as an empty line.
    let (summary, detail) = match diagnostic.summary.is_empty() {
        false => (diagnostic.summary, diagnostic.detail),
        true => (diagnostic.detail, String::new()),
    };
    pb::Diagnostic {
        severity: severity.into(),
        summary,
        detail,
        attribute: diagnostic.path.filter(|path| !path.is_root()).map(|path| self::path(&path)),
    }
}

/// A path.
pub(crate) fn path(path: &Path) -> pb::AttributePath {
    use pb::attribute_path::{Step as WireStep, step::Selector};
    let step = |step: &Step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.into()),
            Step::Key(key) => Selector::ElementKeyString(key.into()),
            Step::Index(index) => Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX)),
        };
        WireStep { selector: Some(selector) }
    };
    pb::AttributePath { steps: path.steps().into_iter().map(step).collect() }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

fn markdown() -> i32 {
    pb::StringKind::Markdown.into()
}

/// A schema with its version.
pub(crate) fn schema(object: &ObjectSchema, version: i64) -> pb::Schema {
    pb::Schema { version, block: Some(block(object)) }
}

fn block(object: &ObjectSchema) -> pb::schema::Block {
    let mut attributes: Vec<_> = object.attributes.iter().map(attribute).collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    let mut block_types: Vec<_> = object.blocks.iter().map(nested_block).collect();
    block_types.sort_by(|a, b| a.type_name.cmp(&b.type_name));
    pb::schema::Block {
        version: 0,
        attributes,
        block_types,
        description: object.description.to_string(),
        description_kind: markdown(),
        deprecated: object.deprecated.is_some(),
        deprecation_message: object.deprecated.as_deref().unwrap_or_default().to_owned(),
        computed: false,
    }
}

fn attribute(attribute: &Attribute) -> pb::schema::Attribute {
    let (r#type, nested_type) = match &attribute.shape {
        Shape::Plain(ty) => (type_bytes(ty), None),
        Shape::Nested(nesting, object) => (Vec::new(), Some(nested_object(*nesting, object))),
    };
    pb::schema::Attribute {
        name: attribute.name.to_string(),
        r#type,
        description: attribute.description.to_string(),
        required: attribute.presence == Presence::Required,
        optional: matches!(attribute.presence, Presence::Optional | Presence::OptionalComputed),
        computed: attribute.presence.is_computed() || is_left_out(attribute),
        sensitive: attribute.sensitive,
        description_kind: markdown(),
        deprecated: attribute.deprecated.is_some(),
        nested_type,
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.as_deref().unwrap_or_default().to_owned(),
    }
}

/// Whether an optional attribute is announced as computed: see [`LeftOut`].
fn is_left_out(attribute: &Attribute) -> bool {
    attribute.presence == Presence::Optional && !attribute.write_only && attribute.extensions.get::<LeftOut>().is_some()
}

fn nested_object(nesting: Nesting, object: &ObjectSchema) -> pb::schema::Object {
    use pb::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    let mut attributes: Vec<_> = object.attributes.iter().map(attribute).collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    pb::schema::Object { attributes, nesting: nesting.into(), ..Default::default() }
}

fn nested_block(block: &Block) -> pb::schema::NestedBlock {
    use pb::schema::nested_block::NestingMode;
    let (nesting, min_items, max_items) = match block.nesting {
        BlockNesting::Single => (NestingMode::Single, 0, 0),
        BlockNesting::Group => (NestingMode::Group, 0, 0),
        BlockNesting::List { min, max } => (NestingMode::List, min, max),
        BlockNesting::Set { min, max } => (NestingMode::Set, min, max),
        BlockNesting::Map => (NestingMode::Map, 0, 0),
    };
    pb::schema::NestedBlock {
        type_name: block.name.to_string(),
        block: Some(self::block(&block.object)),
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

/// An identity schema: what must be given for an import, and what may.
pub(crate) fn identity_schema(object: &ObjectSchema, version: i64) -> pb::ResourceIdentitySchema {
    let attribute = |attribute: &Attribute| pb::resource_identity_schema::IdentityAttribute {
        name: attribute.name.to_string(),
        r#type: type_bytes(&attribute.shape.type_expression()),
        required_for_import: attribute.presence == Presence::Required,
        optional_for_import: attribute.presence != Presence::Required,
        description: attribute.description.to_string(),
    };
    let mut identity_attributes: Vec<_> = object.attributes.iter().map(attribute).collect();
    identity_attributes.sort_by(|a, b| a.name.cmp(&b.name));
    pb::ResourceIdentitySchema { version, identity_attributes }
}

/// A function's signature.
pub(crate) fn function(function: &dyn DynFunction) -> pb::Function {
    let signature = function.signature();
    let mut parameters = Vec::new();
    let mut variadic_parameter = None;
    for (parameter, (ty, variadic)) in signature.parameters.iter().zip(function.types()) {
        let parameter = pb::function::Parameter {
            name: parameter.name.to_string(),
            r#type: type_bytes(&ty),
            allow_null_value: parameter.nullable,
            allow_unknown_values: parameter.takes_unknown,
            description: parameter.description.to_string(),
            description_kind: markdown(),
        };
        if variadic { variadic_parameter = Some(parameter) } else { parameters.push(parameter) }
    }
    pb::Function {
        parameters,
        variadic_parameter,
        r#return: Some(pb::function::Return { r#type: type_bytes(&function.result()) }),
        summary: signature.summary.to_string(),
        description: signature.description.to_string(),
        description_kind: markdown(),
        deprecation_message: signature.deprecated.as_deref().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_always_have_a_severity_and_a_summary() {
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error("Wrong", "It is wrong.").at(Path::root().attribute("a").index(2).key("k")));
        all.push(Diagnostic::warning("", "Only a detail.").at(Path::root()));
        let sent = diagnostics(all);
        assert_eq!(sent[0].severity(), pb::diagnostic::Severity::Error);
        assert_eq!(sent[0].attribute.as_ref().unwrap().steps.len(), 3);
        assert_eq!(sent[1].severity(), pb::diagnostic::Severity::Warning);
        assert_eq!(sent[1].summary, "Only a detail.");
        assert_eq!(sent[1].attribute, None);
    }

    #[test]
    fn every_schema_and_block_has_a_block() {
        let block = Block { name: "b".into(), nesting: BlockNesting::Map, object: ObjectSchema::default() };
        let object = ObjectSchema { blocks: vec![block], ..ObjectSchema::default() };
        let sent = schema(&object, 3);
        assert_eq!(sent.version, 3);
        assert!(sent.block.unwrap().block_types[0].block.is_some());
    }

    #[test]
    fn a_message_comes_with_its_deprecation_only() {
        let sent = schema(&ObjectSchema::default(), 0).block.unwrap();
        assert!(!sent.deprecated && sent.deprecation_message.is_empty());
        let object = ObjectSchema { deprecated: Some("Use b.".into()), ..ObjectSchema::default() };
        let sent = schema(&object, 0).block.unwrap();
        assert!(sent.deprecated && sent.deprecation_message == "Use b.");
    }

    #[test]
    fn answers_are_msgpack() {
        let sent = value(&Type::Bool, &Dynamic::Bool(true)).unwrap();
        assert_eq!((&sent.msgpack[..], sent.json.len()), (&[0xc3][..], 0));
        assert!(value(&Type::Bool, &Dynamic::string("x")).is_err());
    }
}
