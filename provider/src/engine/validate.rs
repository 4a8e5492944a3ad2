//! Rules of a configuration that can be checked without the cloud.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use tfplugin::{Diagnostic, Diagnostics, Path};

use super::model::{Components, Stack, Timeouts};
use super::{Address, Scope, effective, locate, references, tree};
use crate::google::rest::Naming;
use crate::types::{Duration, Location, Member, ProjectId, check_label_key, check_label_value};

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
    place(config, diagnostics);
    timeouts(config, diagnostics);
    for api in tree::texts(config.get("apis")) {
        if !api.ends_with(".googleapis.com") {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid API",
                    format!(
                        "{api:?} is not the host of a Google API. Write it in full, such as \"run.googleapis.com\"."
                    ),
                )
                .at(Path::root().attribute("apis")),
            );
        }
    }
    label_map(config.get("labels"), &Path::root().attribute("labels"), diagnostics);
}

/// The project and the region that the stack names itself; the provider's own are checked with the provider block.
fn place(config: &Stack, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &str, detail: String| {
        let path = Path::root().attribute(attribute);
        diagnostics.push(Diagnostic::error(format!("Invalid {attribute}"), detail).at(path));
    };
    if let Some((text, Err(reason))) = config.text("project").map(|text| (text, text.parse::<ProjectId>())) {
        refuse("project", format!("{text:?} is no project's id: {reason}."));
    }
    match config.text("region").map(|text| (text, text.parse::<Location>())) {
        Some((text, Err(reason))) => refuse("region", format!("{text:?} is no region: {reason}.")),
        Some((text, Ok(place))) if !place.is_region() => refuse(
            "region",
            format!(
                "{text:?} is no single region. Services and registries need one, such as europe-west1; a bucket in several \
                 regions has a location of its own."
            ),
        ),
        _ => {}
    }
}

/// An operation without time cannot succeed.
fn timeouts(config: &Stack, diagnostics: &mut Diagnostics) {
    let Some(settings) = config.settings() else { return };
    let Some(timeouts) = settings.timeouts.known() else { return };
    let Timeouts { create, read, update, delete } = timeouts;
    for (name, value) in [("create", create), ("read", read), ("update", update), ("delete", delete)] {
        let too_short = |limit: &&Duration| limit.to_std() < std::time::Duration::from_secs(1);
        if let Some(limit) = value.known().filter(too_short) {
            diagnostics.push(
                Diagnostic::error(
                    "Timeout too short",
                    format!("{name} is {limit}; an operation needs at least 1s. Remove it for the default."),
                )
                .at(Path::root().attribute("timeouts").attribute(name)),
            );
        }
    }
}

/// Google's rules for labels.
pub(crate) fn label_map(labels: &tfplugin::Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
    for (key, value) in labels.as_entries().into_iter().flatten() {
        let problem = if super::labels::is_stamp(key) {
            Some(format!("The label {key:?} is the stack's own stamp and cannot be set."))
        } else if let Err(reason) = check_label_key(key) {
            Some(format!("{key:?} cannot be a label's key: {reason}."))
        } else {
            let text = value.as_str().unwrap_or_default();
            let reason = check_label_value(text).err();
            reason.map(|reason| format!("{text:?} cannot be the value of the label {key:?}: {reason}."))
        };
        if let Some(problem) = problem {
            diagnostics.push(Diagnostic::error("Invalid label", problem).at(path.key(key)));
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
        if let Some((attribute, _)) = crate::engine::common::labels(address.kind.object()) {
            let path = address.path().attribute(attribute.name.clone());
            label_map(component.get(&attribute.name), &path, diagnostics);
        }
        let mut named = component.clone();
        effective::with_names(address, &mut named, scope);
        let mut found = Diagnostics::new();
        address.kind.validate(&named, &address.path(), &mut found);
        diagnostics.extend(found.into_iter().map(|problem| of_key(problem, address, component)));
        grants(address, component, diagnostics);
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

/// A name that nobody wrote is the KEY: who reads that it is wrong must know where it comes from.
fn of_key(mut problem: Diagnostic, address: &Address, component: &tfplugin::Dynamic) -> Diagnostic {
    let is_name = problem.path.as_ref() == Some(&address.path().attribute("name"));
    if is_name && component.get("name").is_null() {
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

/// Roles and members have forms that IAM would refuse only after everything before them was made.
fn grants(address: &Address, component: &tfplugin::Dynamic, diagnostics: &mut Diagnostics) {
    static ROLE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^((projects|organizations)/[^/\s]+/)?roles/[A-Za-z0-9_.]+$").ok());
    for (role, members) in component.get("iam").as_entries().into_iter().flatten() {
        let path = address.path().attribute("iam").key(role);
        if ROLE.as_ref().is_some_and(|rule| !rule.is_match(role)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid role",
                    format!(
                        "{role:?} is no role. Write it in full, such as \"roles/storage.objectViewer\", or \
                         \"projects/PROJECT/roles/NAME\" for one of your own."
                    ),
                )
                .at(path.clone()),
            );
        }
        let literal = |member: &&str| !references::is_key_member(member) && !member.contains("{{");
        for member in tree::texts(members).into_iter().filter(literal) {
            if let Err(reason) = member.parse::<Member>() {
                diagnostics.push(
                    Diagnostic::error(
                        "Invalid member of a grant",
                        format!(
                            "{member:?} in {role:?} of {address} is no member: {reason}. Members are written as \
                             \"user:jane@example.com\", \"group:ops@example.com\" or \
                             \"serviceAccount:api@my-project.iam.gserviceaccount.com\"."
                        ),
                    )
                    .at(path.clone()),
                );
            }
        }
    }
}

/// Rules for components that will be made, where a silent configuration means what the API sets.
pub(crate) fn creations<'a>(
    components: impl IntoIterator<Item = (&'a Address, &'a tfplugin::Dynamic)>,
    diagnostics: &mut Diagnostics,
) {
    for (address, component) in components {
        address.kind.validate_new(component, &address.path(), diagnostics);
    }
}
