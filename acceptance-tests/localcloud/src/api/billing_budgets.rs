//! `billingbudgets.googleapis.com` v1: the budgets of billing accounts.
//!
//! Names are the server's; projects are shown by their numbers. The calls are about no project, so that people's credentials need a
//! quota project ([`Settings::user_credentials`](crate::store::Settings)).

use serde_json::{Value, json};

use super::cloud_billing;
use crate::call::{Call, Outcome, Reply};
use crate::collection::{self, Change, Collection, Naming, Updates};
use crate::error::ApiError;
use crate::json::{self, Mask, Object, Presence};
use crate::pages::PageRule;
use crate::route::Api;
use crate::store::World;

const HOST: &str = cloud_billing::BUDGETS;
const BUDGET: &str = "/v1/billingAccounts/{account}/budgets/{budget}";
const PRESENCE: Presence = Presence { kept: &[], maps: &["budgetFilter.labels"] };

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).wants_quota_project().on("PATCH", BUDGET, patch).on(
        "GET",
        "/v1/billingAccounts/{account}/budgets",
        |call| {
            check_account(call)?;
            collection::list(&Budget, call)
        },
    );
    collection::serve(api, Budget)
}

struct Budget;

impl Collection for Budget {
    fn template(&self) -> &'static str {
        BUDGET
    }

    fn list_field(&self) -> &'static str {
        "budgets"
    }

    fn naming(&self) -> Naming {
        Naming::Uuid
    }

    fn pages(&self) -> PageRule {
        PageRule { default: 100, max: 100 }
    }

    fn updates(&self) -> Updates {
        Updates::Never
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["etag"]
    }

    fn listed(&self, call: &Call<'_>, stored: &Value) -> Result<bool, ApiError> {
        let Some(scope) = call.query("scope").filter(|scope| !scope.is_empty()) else { return Ok(true) };
        if !scope.starts_with("projects/") {
            return Err(ApiError::invalid_field("scope", "Only the scope of a project is supported."));
        }
        let scope = call.world.with_project_numbers(scope);
        let projects = stored["budgetFilter"]["projects"].as_array();
        Ok(projects.is_some_and(|projects| projects.iter().any(|project| *project == scope.as_str())))
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { name, mut wanted, prior, .. } = change;
        let account = check_account(call)?;
        wanted.retain(|_, value| !value.is_null());
        let title = wanted.get("displayName").and_then(Value::as_str).unwrap_or_default();
        if title.chars().count() > 60 {
            return Err(ApiError::invalid_field("budget.display_name", "The display name has at most 60 characters."));
        }
        settle_filter(call.world, &mut wanted)?;
        settle_amount(&mut wanted, prior, account["currencyCode"].as_str().unwrap_or("USD"))?;
        settle_thresholds(&mut wanted)?;
        settle_notifications(call.world, &mut wanted)?;
        json::drop_zeros(&mut wanted, PRESENCE);
        wanted.insert("name".to_owned(), json!(name));
        wanted.insert("etag".to_owned(), json!(call.world.digits(16)));
        Ok(Value::Object(wanted))
    }
}

fn check_account(call: &Call<'_>) -> Result<Value, ApiError> {
    cloud_billing::account(call.world, call.param("account")).ok_or_else(cloud_billing::denied)
}

/// PATCH. Without a mask, what was sent replaces, and what was not stays.
fn patch(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let name = call.resource();
    let prior = call.stored().cloned().ok_or_else(|| Budget.not_found(&name))?;
    let mut sent = call.body()?;
    collection::check_etag(&sent, &prior)?;
    sent.retain(|field, _| field != "name" && field != "etag");
    let mask: Mask = json::parse_mask(call.query("updateMask").unwrap_or_default())
        .into_iter()
        .filter(|path| path.first().is_some_and(|first| first != "name" && first != "etag"))
        .collect();
    let mut wanted = prior.as_object().cloned().unwrap_or_default();
    wanted.retain(|field, _| field != "name" && field != "etag");
    if mask.is_empty() {
        json::drop_zeros(&mut sent, PRESENCE);
        wanted.extend(sent.clone());
    } else {
        json::apply_mask(&mut wanted, &sent, &mask);
    }
    settle_choices(&mut wanted, &prior, &sent);
    let id = call.param("budget").to_owned();
    let body = Budget.prepare(call, Change { id, name, wanted, prior: Some(&prior), mask })?;
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

/// Of two fields that exclude each other the one that was there gives way to the one that was sent.
fn settle_choices(wanted: &mut Object, prior: &Value, sent: &Object) {
    let choices = [
        ("budgetFilter", "customPeriod", "calendarPeriod"),
        ("budgetFilter", "calendarPeriod", "customPeriod"),
        ("amount", "specifiedAmount", "lastPeriodAmount"),
        ("amount", "lastPeriodAmount", "specifiedAmount"),
    ];
    for (block, chosen, other) in choices {
        let is_new =
            prior[block].get(chosen).is_none() && sent.get(block).is_some_and(|sent| sent.get(chosen).is_some());
        if let Some(Value::Object(inner)) = wanted.get_mut(block)
            && is_new
            && inner.contains_key(chosen)
        {
            inner.remove(other);
        }
    }
}

fn settle_filter(world: &World, wanted: &mut Object) -> Result<(), ApiError> {
    let filter = wanted.entry("budgetFilter").or_insert_with(|| json!({}));
    let Value::Object(filter) = filter else { return Ok(()) };
    filter.retain(|_, value| !json::is_zero(value));
    if let Some(Value::Array(projects)) = filter.get_mut("projects") {
        for project in projects {
            let name = project.as_str().unwrap_or_default();
            let known = name.strip_prefix("projects/").and_then(|id| world.project(id));
            match known {
                Some(known) => *project = json!(format!("projects/{}", known.project_number)),
                None => {
                    let text = format!("The project {name} does not exist or is not paid for by this billing account.");
                    return Err(ApiError::invalid_field("budget.budget_filter.projects", text));
                }
            }
        }
    }
    let unset = |value: &Value| value.as_str().is_some_and(|text| text.ends_with("_UNSPECIFIED"));
    filter.retain(|_, value| !unset(value));
    let treatment = filter.entry("creditTypesTreatment").or_insert_with(|| json!("INCLUDE_ALL_CREDITS"));
    let specified = *treatment == "INCLUDE_SPECIFIED_CREDITS";
    if filter.contains_key("creditTypes") != specified {
        return Err(ApiError::invalid_field(
            "budget.budget_filter.credit_types",
            "Credit types go with the treatment INCLUDE_SPECIFIED_CREDITS, which needs them.",
        ));
    }
    if filter.contains_key("customPeriod") {
        if filter.contains_key("calendarPeriod") {
            return Err(ApiError::invalid_field(
                "budget.budget_filter",
                "A custom period and a calendar period exclude each other.",
            ));
        }
        if filter["customPeriod"].get("startDate").is_none() {
            return Err(ApiError::invalid_field(
                "budget.budget_filter.custom_period.start_date",
                "A custom period has a start date.",
            ));
        }
    } else {
        filter.entry("calendarPeriod").or_insert_with(|| json!("MONTH"));
    }
    let labels = filter.get("labels").and_then(Value::as_object);
    if labels.is_some_and(|labels| {
        labels.len() > 1 || labels.values().any(|values| values.as_array().is_none_or(|values| values.len() != 1))
    }) {
        return Err(ApiError::invalid_field(
            "budget.budget_filter.labels",
            "One label with one value can be filtered by.",
        ));
    }
    Ok(())
}

fn settle_amount(wanted: &mut Object, prior: Option<&Value>, currency: &str) -> Result<(), ApiError> {
    let refuse = |text: &str| Err(ApiError::invalid_field("budget.amount", text));
    let custom = wanted["budgetFilter"].get("customPeriod").is_some();
    let Some(Value::Object(amount)) = wanted.get_mut("amount") else { return refuse("An amount is needed.") };
    amount.retain(|_, value| !value.is_null());
    let currency = prior
        .and_then(|prior| json::at(prior, "amount.specifiedAmount.currencyCode"))
        .and_then(Value::as_str)
        .unwrap_or(currency);
    let last_period = amount.contains_key("lastPeriodAmount");
    match (amount.get_mut("specifiedAmount"), last_period) {
        (Some(_), true) | (None, false) => refuse("Exactly one of a specified amount and the last period's is needed."),
        (None, true) if custom => refuse("The last period's amount goes with a calendar period."),
        (Some(Value::Object(money)), false) => {
            let code = money.get("currencyCode").and_then(Value::as_str).unwrap_or_default();
            if !code.is_empty() && code != currency {
                return refuse(&format!(
                    "The currency {code} is not that of the billing account, which is {currency}."
                ));
            }
            money.insert("currencyCode".to_owned(), json!(currency));
            let units = money.get("units").map_or(Some(0), whole);
            match units {
                Some(units) if units >= 0 => money.insert("units".to_owned(), json!(units.to_string())),
                _ => return refuse("The amount is not negative."),
            };
            if units == Some(0) {
                money.remove("units");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn settle_thresholds(wanted: &mut Object) -> Result<(), ApiError> {
    for rule in wanted.get_mut("thresholdRules").and_then(Value::as_array_mut).into_iter().flatten() {
        if rule["thresholdPercent"].as_f64().is_some_and(|percent| percent < 0.0) {
            return Err(ApiError::invalid_field(
                "budget.threshold_rules.threshold_percent",
                "A threshold is not negative.",
            ));
        }
        if rule["spendBasis"].as_str().is_none_or(|basis| basis == "BASIS_UNSPECIFIED" || basis.is_empty()) {
            rule["spendBasis"] = json!("CURRENT_SPEND");
        }
    }
    Ok(())
}

fn settle_notifications(world: &World, wanted: &mut Object) -> Result<(), ApiError> {
    let rule = wanted.entry("notificationsRule").or_insert_with(|| json!({}));
    let Value::Object(rule) = rule else { return Ok(()) };
    let field = |name: &str| format!("budget.notifications_rule.{name}");
    let topic = rule.get("pubsubTopic").and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = rule.get("schemaVersion").and_then(Value::as_str).unwrap_or_default();
    if !version.is_empty() && version != "1.0" {
        return Err(ApiError::invalid_field(&field("schema_version"), "Only the schema version 1.0 is known."));
    }
    if topic.is_empty() {
        rule.remove("schemaVersion");
    } else {
        check_there(world, &topic, "topics", "pubsub.googleapis.com", "v1", &field("pubsub_topic"))?;
        rule.insert("schemaVersion".to_owned(), json!("1.0"));
    }
    let channels = rule.get("monitoringNotificationChannels").and_then(Value::as_array).cloned().unwrap_or_default();
    if channels.len() > 5 {
        return Err(ApiError::invalid_field(
            &field("monitoring_notification_channels"),
            "At most 5 notification channels are notified.",
        ));
    }
    for channel in channels.iter().filter_map(Value::as_str) {
        let at = field("monitoring_notification_channels");
        check_there(world, channel, "notificationChannels", "monitoring.googleapis.com", "v3", &at)?;
    }
    Ok(())
}

/// `projects/P/KIND/X` must be there if the project lives here.
fn check_there(world: &World, name: &str, kind: &str, host: &str, version: &str, field: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = name.split('/').collect();
    let ["projects", project, collection, _] = parts.as_slice() else {
        return Err(ApiError::invalid_field(field, format!("{name} is not of the form projects/PROJECT/{kind}/ID.")));
    };
    let path = format!("/{version}/{}", world.with_project_ids(name));
    let missing = world.project(project).is_some() && !world.has(host, &path);
    match *collection == kind && !missing {
        true => Ok(()),
        false => Err(ApiError::invalid_field(field, format!("{name} does not exist."))),
    }
}
