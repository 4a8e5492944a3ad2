//! The engine's tests: plans as text in and text out, and whole operations against the local cloud over HTTP.

mod adoption;
mod images;
mod inside;
mod meetings;
pub(crate) mod operations;
mod plans;
mod progress;
mod references;

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::model::{self, Stack};
use super::place::Place;
use super::plan::{self, Action, Input, StackPlan};
use super::scope::Scope;
use super::{common, labels, tree};
use crate::google::kinds::{KINDS, fixtures};
use crate::google::stack::{GOOGLE, LAYOUT};

/// Where the tests' stack is.
fn scope() -> Scope {
    Scope {
        place: Place {
            account: "test-project".to_owned(),
            number: Some("123456789012".to_owned()),
            region: "europe-west1".to_owned(),
        },
        stack: "it".to_owned(),
        ..Scope::default()
    }
}

/// A configured stack: `{"buckets": {"a": {}}}`.
pub(crate) fn configured(components: &Json) -> Stack {
    let mut stack = Stack::empty(&LAYOUT);
    stack.set(model::NAME, Dynamic::string("it"));
    stack.set(model::DELETION_PROTECTION, Dynamic::Bool(false));
    for kind in KINDS {
        if let Some(of_kind) = components.get(kind.name()).and_then(Json::as_object) {
            let of_kind = of_kind.iter().map(|(key, hcl)| {
                let mut component = fixtures::component(kind, hcl);
                // Names of buckets are longer than the KEYs of these tests.
                if kind.name() == "buckets" && component.get("name").is_null() {
                    tree::set(&mut component, "name", Dynamic::String(format!("test-{key}")));
                }
                (key.clone(), component)
            });
            stack.set(kind.name(), Dynamic::Map(of_kind.collect()));
        }
    }
    stack
}

/// The plan from a stack that exists (or not) to what is configured.
pub(crate) fn planned(prior: Option<&Stack>, config: &Stack) -> StackPlan {
    plan::plan(&Input { prior, config, proposed: config, scope: &scope(), configured_place: None, cloud: &GOOGLE })
}

/// The stack as it would be after its creation; what the server chooses is called after its place.
fn made(components: &Json) -> Stack {
    let plan = planned(None, &configured(components));
    assert!(!plan.diagnostics.has_error(), "{:?}", plan.diagnostics);
    let mut stack = plan.planned;
    let mut components = stack.components();
    for (address, component) in &mut components {
        tree::set(component, common::IMPORTED, Dynamic::Bool(false));
        if let Some(labels) = labels::wanted(address, component, None, &scope()) {
            tree::set(component, address.kind.effective_labels(), labels);
        }
        let place = format!("the {} of {address}", address.kind.noun());
        tree::walk_mut(address.kind.object(), component, &mut |attribute, value| {
            if value.is_unknown() {
                let is_text = matches!(attribute.shape, tfplugin::schema::Shape::Plain(tfplugin::Type::String));
                // What a child is tied to, nobody but the kind can say.
                let is_computed = attribute.presence == tfplugin::schema::Presence::Computed
                    && attribute.extensions.get::<super::marks::Immutable>().is_none();
                *value = if is_text && is_computed {
                    Dynamic::String(format!("{} of {place}", attribute.name))
                } else {
                    Dynamic::Null
                };
            }
        });
    }
    let like = stack.clone();
    stack.set_components(&components, &like);
    stack
}

/// The steps, one a line, and what is wrong.
fn text(plan: &StackPlan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let what = match &step.action {
            Action::Update { attributes, grants } => {
                format!("update {}{}", attributes.join(" "), if *grants { " +grants" } else { "" })
            }
            other => format!("{other:?}").to_lowercase(),
        };
        let _ = writeln!(text, "{}: {what}", step.address);
    }
    for problem in plan.diagnostics.iter() {
        let path = problem.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "{:?} at {path}: {}", problem.severity, problem.summary);
    }
    text
}

/// The plan from `before` to `after`, both configurations, as text.
fn change(before: &Json, after: &Json) -> String {
    text(&planned(Some(&made(before)), &configured(after)))
}

/// A service with an image and more.
pub(crate) fn service(more: &Json) -> Json {
    let mut service = json!({"image": "europe-docker.pkg.dev/p/r/i:1"});
    for (name, value) in more.as_object().into_iter().flatten() {
        service[name] = value.clone();
    }
    service
}
