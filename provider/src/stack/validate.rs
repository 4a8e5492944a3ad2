//! Rules of a configuration that can be checked without the cloud.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use tfplugin::{Diagnostic, Diagnostics, Path};

use super::model::{Components, Stack};
use super::{Scope, effective, locate};
use crate::component::rest::Naming;

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[a-z][a-z0-9_-]{0,62}$").ok());

/// Checks the stack's own attributes.
pub(crate) fn settings(config: &Stack, diagnostics: &mut Diagnostics) {
    if let Some(name) = config.text("name").filter(|name| !is_stampable(name)) {
        diagnostics.push(
            Diagnostic::error(
                "Invalid stack name",
                format!(
                    "{name:?} cannot be a stack's name, because objects carry it as the label mlops-stack: write lower-case \
                     letters, digits, \"-\" and \"_\", starting with a letter, at most 63 characters."
                ),
            )
            .at(Path::root().attribute("name")),
        );
    }
    for api in super::tree::texts(config.get("apis")) {
        if !api.ends_with(".googleapis.com") {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid API",
                    format!("{api:?} is not the host of a Google API. Write it in full, such as \"run.googleapis.com\"."),
                )
                .at(Path::root().attribute("apis")),
            );
        }
    }
    label_map(config.get("labels"), &Path::root().attribute("labels"), diagnostics);
}

/// Google's rules for labels.
pub(crate) fn label_map(labels: &tfplugin::Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
    static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$").ok());
    static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$").ok());
    for (key, value) in labels.as_entries().into_iter().flatten() {
        let stamp = key == super::labels::STACK_STAMP || key == super::labels::COMPONENT_STAMP;
        let problem = if stamp {
            Some(format!("the label {key:?} is the stack's own stamp and cannot be set"))
        } else if KEY.as_ref().is_some_and(|rule| !rule.is_match(key)) {
            Some(format!(
                "{key:?} cannot be a label's key: write lower-case letters, digits, \"-\" and \"_\", starting with a letter, \
                 at most 63 characters"
            ))
        } else {
            value.as_str().filter(|value| VALUE.as_ref().is_some_and(|rule| !rule.is_match(value))).map(|value| {
                format!(
                    "{value:?} cannot be the value of the label {key:?}: write lower-case letters, digits, \"-\" and \"_\", \
                     at most 63 characters"
                )
            })
        };
        if let Some(problem) = problem {
            diagnostics.push(Diagnostic::error("Invalid label", format!("Here {problem}.")).at(path.key(key)));
        }
    }
}

fn is_stampable(name: &str) -> bool {
    NAME.as_ref().is_none_or(|rule| rule.is_match(name))
}

/// Checks every known component, and the components among each other.
pub(crate) fn components(components: &Components, scope: &Scope, diagnostics: &mut Diagnostics) {
    let mut names = BTreeMap::new();
    for (address, component) in components {
        if !is_stampable(&address.key) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid KEY",
                    format!(
                        "{:?} cannot be the KEY of a {}, because the object carries it as the label mlops-component: write \
                         lower-case letters, digits, \"-\" and \"_\", starting with a letter, at most 63 characters. The \
                         object's name in the cloud may differ: set name.",
                        address.key,
                        address.kind.noun()
                    ),
                )
                .at(address.path()),
            );
        }
        if component.is_unknown() {
            continue;
        }
        if component.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Missing component",
                    format!("{address} is null. Write its attributes in {{ }}, or leave the KEY out."),
                )
                .at(address.path()),
            );
            continue;
        }
        if let Some((attribute, _)) = crate::component::common::labels(address.kind.object()) {
            let path = address.path().attribute(attribute.name.clone());
            label_map(component.get(&attribute.name), &path, diagnostics);
        }
        let mut named = component.clone();
        effective::with_names(address, &mut named, scope);
        address.kind.validate(&named, &address.path(), diagnostics);
        if address.kind.rest().naming == Naming::Server {
            continue;
        }
        let Some(name) = locate::full_name(address, &named, scope) else { continue };
        if let Some(other) = names.insert(name, address) {
            diagnostics.push(
                Diagnostic::error(
                    format!("Two components are the same {}", address.kind.noun()),
                    format!(
                        "{other} and {address} both stand for the {} named {:?}. Give one of them another name, or remove it.",
                        address.kind.noun(),
                        named.get("name").as_str().unwrap_or_default()
                    ),
                )
                .at(address.path().attribute("name")),
            );
        }
    }
}
