//! The projects of a budget: people write ids, the API answers with numbers.
//!
//! This project's number is known. Those of others are asked of Resource Manager, once they occur; where it does not tell,
//! an id and a number that nobody can tell apart are believed to be the same.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::scope::Scope;
use crate::engine::{tree, wire};
use crate::google::api::{ApiError, Host, Request};
use crate::google::session::Run;

/// A project without its collection.
fn bare(project: &str) -> &str {
    project.strip_prefix("projects/").unwrap_or(project)
}

fn is_number(project: &str) -> bool {
    bare(project).bytes().all(|byte| byte.is_ascii_digit())
}

/// A project as the API writes it, as far as its number is known.
fn numbered(project: &str, numbers: &Dynamic, scope: &Scope) -> String {
    let id = bare(project);
    let own = scope.place.number.as_deref().filter(|_| id == scope.place.account);
    format!("projects/{}", own.or(numbers.get(id).as_str()).unwrap_or(id))
}

/// This project alone: what silence means.
pub(super) fn own(scope: &Scope) -> Dynamic {
    Dynamic::set([Dynamic::String(numbered(&scope.place.account, &Dynamic::Null, scope))])
}

/// The projects that a budget means; `None` while that is not known.
pub(super) fn meant(component: &Dynamic, scope: &Scope) -> Option<Dynamic> {
    let numbers = component.get("project_numbers");
    match component.get("projects") {
        Dynamic::Null => Some(own(scope)),
        Dynamic::Set(projects) if projects.is_empty() => Some(own(scope)),
        Dynamic::Set(projects) => Some(Dynamic::set(projects.iter().map(|project| match project.as_str() {
            Some(project) => Dynamic::String(numbered(project, numbers, scope)),
            None => project.clone(),
        }))),
        _ => None,
    }
}

/// The projects of a budget by their ids, as far as these are known.
pub(super) fn by_ids(component: &Dynamic, scope: &Scope) -> Dynamic {
    let Dynamic::Set(projects) = component.get("projects") else { return component.get("projects").clone() };
    let ids: BTreeMap<String, String> =
        tree::strings(component.get("project_numbers")).into_iter().map(|(id, number)| (number, id)).collect();
    Dynamic::set(projects.iter().map(|project| match project.as_str().map(bare) {
        Some(own) if scope.place.is_account(own) => Dynamic::string(&scope.place.account),
        Some(other) => ids.get(other).map_or_else(|| project.clone(), Dynamic::string),
        None => project.clone(),
    }))
}

/// Whether the projects found could be those meant: for each id without a known number there is one number without a known
/// id.
pub(super) fn could_be_same(meant: &Dynamic, found: &Dynamic, numbers: &Dynamic) -> bool {
    let (meant, found): (BTreeSet<&str>, BTreeSet<&str>) =
        (tree::texts(meant).into_iter().collect(), tree::texts(found).into_iter().collect());
    let known: BTreeSet<String> = tree::strings(numbers).into_values().collect();
    let (ids, rest): (BTreeSet<&str>, BTreeSet<&str>) =
        (meant.difference(&found).copied().collect(), found.difference(&meant).copied().collect());
    !ids.is_empty()
        && ids.len() == rest.len()
        && !ids.iter().any(|id| is_number(id))
        && !rest.iter().any(|number| known.contains(bare(number)))
}

/// Puts into the JSON of budgets the numbers of other projects, by their ids.
pub(super) async fn read(budgets: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let others = budgets.iter().flat_map(projects).filter(|project| !run.scope.place.is_account(project));
    let others: BTreeSet<String> = others.filter(|project| is_number(project)).map(str::to_owned).collect();
    let ids = others.into_iter().map(|number| async move {
        match run.call(Request::get(Host::RESOURCE_MANAGER, format!("v1/projects/{number}"))).await {
            Ok(project) => {
                // The own project's number may not be known yet; it is none of the others'.
                let id = project["projectId"].as_str().filter(|id| *id != run.scope.place.account);
                Ok(id.map(|id| (number, id.to_owned())))
            }
            // Who sees the cost of a project need not see the project.
            Err(error) if error.is_permission_denied() || error.is_not_found() || error.is_api_disabled().is_some() => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    });
    let ids: BTreeMap<String, String> = try_join_all(ids).await?.into_iter().flatten().collect();
    for budget in budgets {
        let numbers: BTreeMap<&str, &str> = projects(budget)
            .filter_map(|number| ids.get_key_value(number))
            .map(|(number, id)| (id.as_str(), number.as_str()))
            .collect();
        let numbers = json!(numbers);
        wire::put(budget, "projectNumbers", numbers);
    }
    Ok(())
}

/// The projects of a budget as read.
fn projects(budget: &Json) -> impl Iterator<Item = &str> {
    let projects = wire::get(budget, "budgetFilter.projects").and_then(Json::as_array);
    projects.into_iter().flatten().filter_map(Json::as_str).map(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::kinds::fixtures::scope;

    fn set(projects: &[&str]) -> Dynamic {
        Dynamic::set(projects.iter().map(|project| Dynamic::string(*project)))
    }

    #[test]
    fn the_id_of_another_project_is_its_number_once_that_is_known() {
        let numbers = Dynamic::Map([("other".to_owned(), Dynamic::string("22"))].into());
        let budget = |projects: &[&str], numbers: &Dynamic| {
            Dynamic::Object(
                [("projects".to_owned(), set(projects)), ("project_numbers".to_owned(), numbers.clone())].into(),
            )
        };
        let known = set(&["projects/22"]);
        for spelling in ["other", "projects/other", "22", "projects/22"] {
            assert_eq!(meant(&budget(&[spelling], &numbers), &scope()), Some(known.clone()), "{spelling}");
        }
        assert_eq!(meant(&budget(&["other"], &Dynamic::Null), &scope()), Some(set(&["projects/other"])));
    }

    #[test]
    fn an_import_writes_ids_where_they_are_known() {
        let numbers = Dynamic::Map([("other".to_owned(), Dynamic::string("22"))].into());
        let scope = scope();
        let own = format!("projects/{}", scope.place.number.as_deref().unwrap());
        let projects = set(&[&own, "projects/22", "projects/33"]);
        let budget =
            Dynamic::Object([("projects".to_owned(), projects), ("project_numbers".to_owned(), numbers)].into());
        assert_eq!(by_ids(&budget, &scope), set(&[&scope.place.account, "other", "projects/33"]));
    }

    #[test]
    fn ids_whose_numbers_nobody_tells_are_believed_to_be_those_that_came_back() {
        let numbers = Dynamic::Map([("known".to_owned(), Dynamic::string("22"))].into());
        let could = |meant: &[&str], found: &[&str]| could_be_same(&set(meant), &set(found), &numbers);
        assert!(could(&["projects/1", "projects/a"], &["projects/1", "projects/33"]));
        assert!(!could(&["projects/a"], &["projects/33", "projects/44"]));
        assert!(!could(&["projects/a"], &["projects/22"]));
        assert!(!could(&["projects/11"], &["projects/33"]));
    }
}
