//! HCL's native syntax as a [`File`].
//!
//! The parser is hcl-edit's; see `repair` for the one thing that it refuses and Terraform takes. Values are read where they
//! are written out; names and functions that are not listed here are passed over.

mod repair;

use hcl_edit::Span;
use hcl_edit::expr::{
    Expression, ForExpr, FuncArgs, FuncCall, Object, ObjectKey, ObjectValue, Traversal, TraversalOperator,
};
use hcl_edit::structure::{self, Body};
use hcl_edit::template::{Element, Template};

use super::lines::Lines;
use super::tree::{Block, BlockKind, File, Literal, Member};
use repair::Repaired;

/// Reads a file. `None` when it does not parse.
pub(super) fn read(text: &str) -> Option<File> {
    let source = repair::parse(text)?;
    let reader = Reader { place: Place::Whole(Lines::of(&source.text), &source) };
    let mut file = File::default();
    reader.body(&source.body, &mut file);
    Some(file)
}

/// What a JSON string on `line` says, which Terraform reads as a template.
pub(super) fn template(text: &str, line: usize) -> Literal {
    match text.contains("${").then(|| hcl_edit::parser::parse_template(text)) {
        Some(Ok(template)) => Reader { place: Place::OnLine(line) }.template(&template),
        Some(Err(_)) | None => Literal::unread(),
    }
}

/// What is read.
enum Place<'s> {
    /// A file.
    Whole(Lines, &'s Repaired),
    /// A text that stands on this line of another file.
    OnLine(usize),
}

struct Reader<'s> {
    place: Place<'s>,
}

impl Reader<'_> {
    fn line(&self, part: &impl Span) -> usize {
        match &self.place {
            Place::Whole(lines, _) => lines.at(part.span().map_or(0, |span| span.start)),
            Place::OnLine(line) => *line,
        }
    }

    fn body(&self, body: &Body, file: &mut File) {
        for block in body.blocks() {
            let mut labels = block.labels.iter().map(|label| label.as_str().to_owned());
            match BlockKind::of(block.ident.as_str()) {
                Some(kind) if block.labels.len() == kind.labels() => file.blocks.push(Block {
                    kind,
                    labels: labels.collect(),
                    attributes: block.body.attributes().map(|attribute| self.attribute(attribute)).collect(),
                }),
                _ if block.has_ident("module") => file.calls.extend(labels.next()),
                // A data source may stand in a check.
                _ => self.body(&block.body, file),
            }
        }
    }

    fn attribute(&self, attribute: &structure::Attribute) -> Member {
        Member {
            key: Some(attribute.key.as_str().to_owned()),
            line: self.line(&attribute.key),
            value: self.value(&attribute.value),
        }
    }

    fn value(&self, expression: &Expression) -> Literal {
        match expression {
            Expression::Object(object) => Literal::Object(self.members(object)),
            Expression::Array(array) => Literal::Tuple(self.values(array.iter())),
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Conditional(conditional) => {
                Literal::AnyOf(self.values([&conditional.true_expr, &conditional.false_expr].into_iter()))
            }
            Expression::ForExpr(for_expr) => self.for_expr(for_expr),
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::StringTemplate(template) => match template.as_single_element() {
                Some(element) => self.element(element),
                None => Literal::unread(),
            },
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::String(_)
            | Expression::HeredocTemplate(_)
            | Expression::Variable(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_) => Literal::unread(),
        }
    }

    fn values<'e>(&self, expressions: impl Iterator<Item = &'e Expression>) -> Vec<Literal> {
        expressions.map(|expression| self.value(expression)).collect()
    }

    fn template(&self, template: &Template) -> Literal {
        template.as_single_element().map_or_else(Literal::unread, |element| self.element(element))
    }

    /// A template that is nothing but one interpolation has the value of what is in it.
    fn element(&self, element: &Element) -> Literal {
        element.as_interpolation().map_or_else(Literal::unread, |inner| self.value(&inner.expr))
    }

    fn members(&self, object: &Object) -> Vec<Member> {
        let member = |(key, value): (&ObjectKey, &ObjectValue)| Member {
            key: self.key(key),
            line: self.line(key),
            value: self.value(value.expr()),
        };
        object.iter().map(member).collect()
    }

    fn key(&self, key: &ObjectKey) -> Option<String> {
        match key {
            ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
            ObjectKey::Expression(Expression::BinaryOp(operation)) => {
                let Place::Whole(_, source) = &self.place else { return None };
                let written = source.written(operation)?;
                // A name that stands alone is a key and no variable.
                written.as_variable().map(|name| name.as_str().to_owned()).or_else(|| literal_key(written))
            }
            ObjectKey::Expression(expression) => literal_key(expression),
        }
    }

    fn for_expr(&self, for_expr: &ForExpr) -> Literal {
        let value = self.value(&for_expr.value_expr);
        let element = if for_expr.grouping { Literal::Each(Box::new(value)) } else { value };
        Literal::Each(Box::new(element))
    }

    fn call(&self, call: &FuncCall) -> Literal {
        let is_core = match call.name.namespace.as_slice() {
            [] => true,
            [only] => only.as_str() == "core",
            _ => false,
        };
        let mut arguments = self.arguments(&call.args);
        let name = if is_core { call.name.name.as_str() } else { "" };
        let first = |arguments: &mut Vec<Literal>| {
            if arguments.is_empty() { Literal::unread() } else { arguments.swap_remove(0) }
        };
        match name {
            "merge" | "concat" | "setunion" | "try" | "coalesce" | "coalescelist" => Literal::AnyOf(arguments),
            "tolist" | "toset" | "tomap" | "sensitive" | "nonsensitive" | "ephemeralasnull" | "distinct"
            | "reverse" | "slice" | "setsubtract" => first(&mut arguments),
            "element" | "one" => Literal::AnyOf(first(&mut arguments).into_elements()),
            "lookup" => {
                let default = arguments.split_off(arguments.len().min(2));
                Literal::AnyOf(first(&mut arguments).into_elements().into_iter().chain(default).collect())
            }
            "values" => Literal::each(first(&mut arguments).into_elements()),
            "zipmap" => Literal::each(arguments.pop().map(Literal::into_elements).unwrap_or_default()),
            "flatten" => first(&mut arguments).flattened(),
            _ => Literal::Opaque(arguments),
        }
    }

    /// `f(a, b...)` gets the elements of `b`.
    fn arguments(&self, arguments: &FuncArgs) -> Vec<Literal> {
        let mut values = self.values(arguments.iter());
        if arguments.expand_final()
            && let Some(last) = values.pop()
        {
            values.extend(last.into_elements());
        }
        values
    }

    /// `{ .. }[var.size]` is one of the values that are written there, `{ .. }.big` is that one.
    fn traversal(&self, traversal: &Traversal) -> Literal {
        traversal.operators.iter().fold(self.value(&traversal.expr), |value, operator| match operator.value() {
            TraversalOperator::GetAttr(name) => value.into_member(name.as_str()),
            TraversalOperator::Index(key) => match literal_key(key) {
                Some(key) => value.into_member(&key),
                None => Literal::AnyOf(value.into_elements()),
            },
            TraversalOperator::LegacyIndex(_) => Literal::AnyOf(value.into_elements()),
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Literal::Opaque(vec![value]),
        })
    }
}

/// The text of a key that is written out.
fn literal_key(expression: &Expression) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.value().clone()),
        Expression::Number(number) => Some(number.value().to_string()),
        Expression::Bool(value) => Some(value.value().to_string()),
        Expression::Null(_) => Some("null".to_owned()),
        Expression::Parenthesis(inner) => literal_key(inner.inner()),
        _ => None,
    }
}
