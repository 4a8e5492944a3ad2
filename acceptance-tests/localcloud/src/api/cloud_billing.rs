//! `cloudbilling.googleapis.com` v1: billing accounts, and which one pays for a project.
//!
//! Accounts come from seeds; one that a seeded budget or a project's billing names is there without being described.

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::pages::{self, PageRule};
use crate::policy;
use crate::route::Api;
use crate::store::World;

pub(crate) const HOST: &str = "cloudbilling.googleapis.com";
/// The API in which accounts have budgets.
pub(crate) const BUDGETS: &str = "billingbudgets.googleapis.com";
const PAGES: PageRule = PageRule { default: 100, max: 100 };

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST)
        .wants_quota_project()
        .on("GET", "/v1/billingAccounts", list_accounts)
        .on("GET", "/v1/billingAccounts/{account}", |call| {
            let id = call.param("account").to_owned();
            Ok(Reply::json(account(call.world, &id).ok_or_else(denied)?))
        })
        .on("GET", "/v1/billingAccounts/{account}/projects", list_projects)
        .on("GET", "/v1/projects/{project}/billingInfo", |call| {
            let project = call.project()?.project_id;
            Ok(Reply::json(billing_info(call.world, &project)))
        })
        .on("PUT", "/v1/projects/{project}/billingInfo", set_billing_info);
    policy::serve(api, "/v1/billingAccounts/{account}", "GET", |call| {
        let id = call.param("account").to_owned();
        account(call.world, &id).ok_or_else(denied)?;
        Ok(format!("billingAccounts/{id}"))
    })
}

/// 403: an account that does not exist or is not the caller's.
pub(crate) fn denied() -> ApiError {
    ApiError::permission_denied("The caller does not have permission")
}

/// The billing account with this id.
pub(crate) fn account(world: &World, id: &str) -> Option<Value> {
    let name = format!("billingAccounts/{id}");
    if let Some(seeded) = world.get(HOST, &format!("/v1/{name}")) {
        return Some(seeded.clone());
    }
    let budget = world.children(BUDGETS, &format!("/v1/{name}/budgets")).next().map(|(_, body)| body);
    let pays = world.state.projects.keys().any(|project| {
        world.get(HOST, &info_path(project)).is_some_and(|info| info["billingAccountName"] == name.as_str())
    });
    if budget.is_none() && !pays {
        return None;
    }
    let currency = budget.and_then(|budget| budget["amount"]["specifiedAmount"]["currencyCode"].as_str());
    Some(json!({
        "name": name,
        "open": true,
        "displayName": "My Billing Account",
        "masterBillingAccount": "",
        "currencyCode": currency.unwrap_or("USD"),
    }))
}

/// Which account pays for a project.
pub(crate) fn billing_info(world: &World, project: &str) -> Value {
    if let Some(info) = world.get(HOST, &info_path(project)) {
        return info.clone();
    }
    let payer = world.project(project).and_then(|project| {
        let number = format!("projects/{}", project.project_number);
        let budgets = world.state.objects.get(BUDGETS)?;
        let watching = budgets.iter().find(|(_, budget)| {
            let projects = budget.body["budgetFilter"]["projects"].as_array();
            projects.is_some_and(|projects| projects.iter().any(|name| *name == number.as_str()))
        });
        watching.and_then(|(path, _)| path.split('/').nth(3)).map(|id| format!("billingAccounts/{id}"))
    });
    info_body(project, payer.as_deref().unwrap_or_default(), payer.is_some())
}

fn info_path(project: &str) -> String {
    format!("/v1/projects/{project}/billingInfo")
}

fn info_body(project: &str, account: &str, enabled: bool) -> Value {
    json!({
        "name": format!("projects/{project}/billingInfo"),
        "projectId": project,
        "billingAccountName": account,
        "billingEnabled": enabled,
    })
}

fn set_billing_info(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let sent = call.body()?;
    let name = sent.get("billingAccountName").and_then(Value::as_str).unwrap_or_default();
    let enabled = match name.strip_prefix("billingAccounts/") {
        Some(id) => account(call.world, id).ok_or_else(denied)?["open"] == true,
        None if name.is_empty() => false,
        None => return Err(ApiError::invalid_field("billing_account_name", "billingAccounts/ID is expected.")),
    };
    let body = info_body(&project, name, enabled);
    call.world.put(HOST, &info_path(&project), body.clone());
    Ok(Reply::json(body))
}

fn list_accounts(call: &mut Call<'_>) -> Outcome {
    if call.query("filter").is_some_and(|filter| !filter.is_empty()) {
        return Err(ApiError::new(501, "UNIMPLEMENTED", "localcloud does not filter billing accounts"));
    }
    let described = call.world.children(HOST, "/v1/billingAccounts").map(|(path, _)| path.to_owned());
    let budgets = call.world.state.objects.get(BUDGETS);
    let watched =
        budgets.into_iter().flat_map(|budgets| budgets.keys()).filter_map(|path| path.split("/budgets/").next());
    let infos = call.world.state.projects.keys().map(|project| billing_info(call.world, project));
    let paying = infos.filter_map(|info| info["billingAccountName"].as_str().map(|name| format!("/v1/{name}")));
    let mut paths: Vec<String> =
        described.chain(watched.map(ToOwned::to_owned)).chain(paying).filter(|path| path != "/v1/").collect();
    paths.sort();
    paths.dedup();
    let items = paths
        .into_iter()
        .filter_map(|path| {
            let found = account(call.world, path.rsplit('/').next().unwrap_or_default())?;
            Some((path, found))
        })
        .collect();
    page(call, "billingAccounts", items)
}

fn list_projects(call: &mut Call<'_>) -> Outcome {
    let id = call.param("account");
    account(call.world, id).ok_or_else(denied)?;
    let name = format!("billingAccounts/{id}");
    let projects = call.world.state.projects.keys();
    let items = projects
        .map(|project| (project.clone(), billing_info(call.world, project)))
        .filter(|(_, info)| info["billingAccountName"] == name.as_str())
        .collect();
    page(call, "projectBillingInfo", items)
}

fn page(call: &Call<'_>, field: &str, items: Vec<(String, Value)>) -> Outcome {
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer[field] = Value::Array(page.items);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}
