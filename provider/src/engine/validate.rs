//! Rules of a configuration that can be checked without the cloud.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use tfplugin::{Diagnostic, Diagnostics, Path, name};

use super::address::Address;
use super::cloud::Cloud;
use super::model::{self, Components, Stack, Timeouts};
use super::references::At;
use super::scope::Scope;
use super::terms::Terms;
use super::{account_iam, common, effective, references, tree};
use crate::types::Duration;

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[a-z][a-z0-9_-]{0,62}$").ok());

/// Checks the stack's own attributes.
pub(crate) fn settings(config: &Stack, cloud: &dyn Cloud, diagnostics: &mut Diagnostics) {
    if let Some(name) = config.text(model::NAME).filter(|name| !is_stack_name(name)) {
        diagnostics.push(
            Diagnostic::error(
                "Invalid stack name",
                format!(
                    "{name:?} cannot be a stack's name, because objects carry it as the {} mlops-stack: write lower-case \
                     letters, digits, \"-\" and \"_\", starting with a letter, at most 63 characters.",
                    cloud.terms().labels().noun
                ),
            )
            .at(Path::root().attribute(model::NAME)),
        );
    }
    cloud.validate(config, diagnostics);
    account_iam::validate(config, diagnostics);
    timeouts(config, diagnostics);
    let labels = config.layout().labels();
    label_map(cloud.terms(), config.get(labels), &Path::root().attribute(labels), diagnostics);
}

/// An operation without time cannot succeed.
fn timeouts(config: &Stack, diagnostics: &mut Diagnostics) {
    let Some(Timeouts { create, read, update, delete }) = config.timeouts() else { return };
    let limits = [
        (name!(Timeouts.create), create),
        (name!(Timeouts.read), read),
        (name!(Timeouts.update), update),
        (name!(Timeouts.delete), delete),
    ];
    for (name, value) in limits {
        let too_short = |limit: &&Duration| limit.to_std() < std::time::Duration::from_secs(1);
        if let Some(limit) = value.known().filter(too_short) {
            diagnostics.push(
                Diagnostic::error(
                    "Timeout too short",
                    format!("{name} is {limit}; an operation needs at least 1s. Remove it for the default."),
                )
                .at(Path::root().attribute(model::TIMEOUTS).attribute(name)),
            );
        }
    }
}

/// The cloud's rules for labels, and the stack's.
pub(crate) fn label_map(terms: &dyn Terms, labels: &tfplugin::Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
    let label = terms.labels().noun;
    for (key, value) in labels.as_entries().into_iter().flatten() {
        let problem = if super::labels::is_stamp(key) {
            Some(format!("The {label} {key:?} is the stack's own stamp and cannot be set."))
        } else {
            terms.refuse_label(key, value.as_str().unwrap_or_default())
        };
        if let Some(problem) = problem {
            diagnostics.push(Diagnostic::error(format!("Invalid {label}"), problem).at(path.key(key)));
        }
    }
}

/// Whether a stack may have the name, and a component the KEY: objects carry both as labels.
pub(crate) fn is_stack_name(name: &str) -> bool {
    NAME.as_ref().is_none_or(|rule| rule.is_match(name))
}

/// Checks every known component, and the components among each other.
pub(crate) fn components(components: &Components, scope: &Scope, diagnostics: &mut Diagnostics) {
    let mut names = BTreeMap::new();
    for (address, component) in components {
        if !is_stack_name(&address.key) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid KEY",
                    format!(
                        "{:?} cannot be the KEY of a {}, because the object carries it as the {} mlops-component: write \
                         lower-case letters, digits, \"-\" and \"_\", starting with a letter, at most 63 characters. The \
                         object's name in the cloud may differ: set name.",
                        address.key,
                        address.kind.noun(),
                        address.kind.terms().labels().noun
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
        if let Some((attribute, _)) = common::labels(address.kind.object()) {
            let path = address.path().attribute(attribute.name.clone());
            label_map(address.kind.terms(), component.get(&attribute.name), &path, diagnostics);
        }
        let mut named = component.clone();
        effective::with_names(address, &mut named, scope);
        let mut found = Diagnostics::new();
        address.kind.validate(&named, &address.path(), &mut found);
        diagnostics.extend(found.into_iter().map(|problem| of_key(problem, address, component)));
        grants(address, component, diagnostics);
        if address.kind.is_named_by_cloud() {
            continue;
        }
        let Some(name) = address.kind.full_name(&named, scope) else { continue };
        if let Some(other) = names.insert(name, address) {
            diagnostics.push(
                Diagnostic::error(
                    format!("Two components are the same {}", address.kind.noun()),
                    format!(
                        "{other} and {address} both stand for the {} named {:?}. Give one of them another name, or remove it.",
                        address.kind.noun(),
                        named.get(common::NAME).as_str().unwrap_or_default()
                    ),
                )
                .at(address.path().attribute(common::NAME)),
            );
        }
    }
}

/// A name that nobody wrote is the KEY: who reads that it is wrong must know where it comes from.
fn of_key(mut problem: Diagnostic, address: &Address, component: &tfplugin::Dynamic) -> Diagnostic {
    let is_name = problem.path.as_ref() == Some(&address.path().attribute(common::NAME));
    if is_name && component.get(common::NAME).is_null() {
        let end = if problem.detail.ends_with('.') { "" } else { "." };
        problem.detail = format!(
            "{}{end} The name is the KEY {:?}, because name is not set. Set name to call the {} otherwise.",
            problem.detail,
            address.key,
            address.kind.noun()
        );
    }
    problem
}

/// Roles and members of a component's grants.
fn grants(address: &Address, component: &tfplugin::Dynamic, diagnostics: &mut Diagnostics) {
    let terms = address.kind.terms();
    let path = address.path().attribute(common::IAM);
    let at = At { kind: address.kind, holder: &address.to_string(), path: &path };
    references::check_forms(at, component.get(common::IAM), |member| terms.refuse_member(member), diagnostics);
    if let Some((attribute, _)) = effective::account_roles(address.kind) {
        let path = address.path().attribute(attribute.name.clone());
        for role in tree::texts(component.get(&attribute.name)) {
            references::check_role_form(At { path: &path, ..at }, role, diagnostics);
        }
    }
}

/// Rules for what is new: a component that will be made, and what changes of one that exists. What the prior state breaks
/// already, the cloud has accepted: it is not judged again.
pub(crate) fn news<'a>(
    components: impl IntoIterator<Item = (&'a Address, &'a tfplugin::Dynamic, Option<&'a tfplugin::Dynamic>)>,
    diagnostics: &mut Diagnostics,
) {
    for (address, component, prior) in components {
        let judged = |component| {
            let mut found = Diagnostics::new();
            address.kind.validate_new(component, &address.path(), &mut found);
            found
        };
        let found = judged(component);
        if found.is_empty() {
            continue;
        }
        let mut accepted: Vec<Diagnostic> = prior.map(judged).into_iter().flatten().collect();
        for problem in found {
            // Elements move within their lists, so the path does not count.
            let same = |old: &Diagnostic| old.summary == problem.summary && old.detail == problem.detail;
            match accepted.iter().position(same) {
                Some(at) => drop(accepted.swap_remove(at)),
                None => diagnostics.push(problem),
            }
        }
    }
}
