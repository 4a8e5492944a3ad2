//! Objects that a configuration cannot express: a value that the schema does not know, a name that no rule allows.
//!
//! An import never fails because of one of them: it leaves out the object, or only the one inside it, and names it. Rules
//! for new objects are not asked.

use tfplugin::schema::Presence;
use tfplugin::{Diagnostics, Dynamic, Path, Severity};

use super::Candidate;
use super::left_out::LeftOut;
use crate::engine::scope::Scope;
use crate::engine::{Address, common, effective, tree, wire};

/// The component as far as a configuration can express it; `None` where it cannot.
pub(super) fn expressible(
    address: &Address,
    component: Dynamic,
    candidate: &Candidate,
    scope: &Scope,
    left_out: &mut LeftOut,
) -> Option<Dynamic> {
    let attributes = &address.kind.object().attributes;
    let mut alone = component.clone();
    for attribute in attributes.iter().filter(|attribute| wire::children(attribute).is_some()) {
        tree::set(&mut alone, attribute.name.clone(), Dynamic::Null);
    }
    let problems = problems(address, &alone, scope);
    if !problems.is_empty() {
        left_out.object(address.to_string(), &candidate.name(), problems);
        return None;
    }
    let mut expressed = component.clone();
    for attribute in attributes.iter().filter(|attribute| wire::children(attribute).is_some()) {
        let Some(children) = component.get(&attribute.name).as_entries() else { continue };
        let mut kept = children.clone();
        for (key, child) in children {
            let mut with_child = alone.clone();
            let only = Dynamic::Map([(key.to_string(), child.clone())].into_iter().collect());
            tree::set(&mut with_child, attribute.name.clone(), only);
            let problems = self::problems(address, &with_child, scope);
            if !problems.is_empty() {
                let name = tree::text(child, common::ID).or(tree::text(child, common::NAME)).unwrap_or(key);
                left_out.object(format!("{address}.{}[{key:?}]", attribute.name), name, problems);
                kept.remove(key);
            }
        }
        let kept = if kept.is_empty() { Dynamic::Null } else { Dynamic::Map(kept) };
        tree::set(&mut expressed, attribute.name.clone(), kept);
    }
    Some(expressed)
}

/// Why a configuration that says this would be refused.
fn problems(address: &Address, component: &Dynamic, scope: &Scope) -> Vec<String> {
    let mut named = component.clone();
    effective::with_names(address, &mut named, scope);
    let mut diagnostics = Diagnostics::new();
    address.kind.validate(&named, &Path::root(), &mut diagnostics);
    let errors = diagnostics.iter().filter(|problem| problem.severity == Severity::Error);
    let text = |problem: &tfplugin::Diagnostic| match &problem.path {
        Some(path) => format!("{path}: {}", problem.summary),
        None => problem.summary.clone(),
    };
    let mut problems: Vec<String> = errors.map(text).collect();
    // A setting that every object had when its kind was written, and this one of another sort has not.
    tree::walk(address.kind.object(), &named, &Path::root(), &mut |attribute, value, path| {
        let is_missing = attribute.presence == Presence::Required && !attribute.write_only && value.is_null();
        if is_missing && wire::children(attribute).is_none() {
            problems.push(format!("{path}: Missing required argument"));
        }
    });
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::engine::objects::{LiveObject, Readiness};
    use crate::google::kinds::{fixtures, kind};

    fn taken(kind_name: &str, hcl: &Json) -> (Option<Dynamic>, Diagnostics) {
        let kind = kind(kind_name).unwrap();
        let tree = fixtures::component(kind, hcl);
        let found = LiveObject { name: "n".to_owned(), body: Json::Null, tree, readiness: Readiness::Ready };
        let candidate = Candidate { kind, found };
        let mut left_out = LeftOut::default();
        let component = candidate.found.tree.clone();
        let address = Address::new(kind, "pool");
        let taken = expressible(&address, component, &candidate, &Scope::default(), &mut left_out);
        (taken, left_out.warnings())
    }

    #[test]
    fn of_an_object_inside_that_cannot_be_expressed_only_that_one_is_left_out() {
        let (pool, warnings) = taken(
            "workload_identity_pools",
            &json!({"name": "github", "providers": {
                "good": {"issuer_uri": "https://idp"}, "bad": {"name": "NO", "issuer_uri": "https://idp"},
            }}),
        );
        let pool = pool.unwrap();
        assert_eq!(
            pool.get("providers").as_entries().unwrap().keys().map(AsRef::as_ref).collect::<Vec<&str>>(),
            ["good"]
        );
        let [warning] = &warnings.iter().collect::<Vec<_>>()[..] else { panic!("{warnings:?}") };
        assert!(warning.detail.contains("workload_identity_pools[\"pool\"].providers[\"bad\"] (NO)"), "{warning:?}");
    }

    #[test]
    fn an_object_without_what_every_configuration_must_say_is_left_out() {
        let (schedule, warnings) = taken("schedules", &json!({"name": "nightly"}));
        assert_eq!(schedule, None);
        let detail = "(nightly): cron: Missing required argument";
        assert!(warnings.iter().any(|warning| warning.detail.contains(detail)), "{warnings:?}");
    }

    #[test]
    fn an_object_that_cannot_be_expressed_is_left_out_and_named() {
        let (pool, warnings) = taken("workload_identity_pools", &json!({"name": "NO"}));
        assert_eq!(pool, None);
        assert!(
            warnings.iter().any(|warning| warning.detail.contains("(NO): name: Invalid name of a pool")),
            "{warnings:?}"
        );
    }
}
