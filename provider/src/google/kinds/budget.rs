//! Budgets of Cloud Billing.
//!
//! They belong to a billing account, and the server names them; they have no labels, so a stack cannot stamp them. The API
//! knows projects by number.

mod amount;
mod projects;
#[cfg(test)]
mod tests;
mod thresholds;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use self::amount::Amount;
use self::thresholds::{CURRENT, FORECAST, Thresholds};
use super::notification_channel::{channel_number, is_channel_name};
use super::topic::is_topic_id;
use crate::engine::kind::{Declared, Discovery, Kind, Titled};
use crate::engine::marks::{
    Codec, Governs, Immutable, Silent, Unordered, Volatile, WhenSilent, refers, wire, wire_with,
};
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};
use crate::google::api::{ApiError, Host, Request};
use crate::google::names::last_segment;
use crate::google::rest::{Naming, Operations, Parts, Patch, Rest, RestKind, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct Budget;

/// Budgets of Cloud Billing, by KEY: who is told when spending reaches a part of an amount. Who applies them needs a role
/// on the billing account, such as `roles/billing.costsManager`.
#[derive(Object, Clone)]
pub(super) struct BudgetSpec {
    /// The billing account that the budget is of: `012345-6789AB-CDEF01`. Immutable.
    #[tf(required, ext(wire_with(&Account), Immutable))]
    pub(super) billing_account: Value<String>,
    /// What the budget is called in the console, in at most 60 letters. Give it a name of its own: an interrupted creation
    /// is continued by it.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// The amount to spend in a period, in the billing account's currency. Places beyond the ninth do not count.
    #[tf(optional, ext(wire_with(&Amount)))]
    pub(super) amount: Value<f64>,
    /// The currency of `amount`, which must be the billing account's: `USD`. Defaults to it.
    #[tf(optional, computed, ext(wire("amount.specifiedAmount.currencyCode"), WhenSilent(currency)))]
    pub(super) currency: Value<String>,
    /// Whether the amount is what the last period cost. Then `amount` is not set.
    #[tf(default = false, ext(wire_with(&LastPeriod)))]
    pub(super) last_period_amount: Value<bool>,
    /// The projects whose cost counts, as `projects/P` or ids or numbers, which are the same. This project when absent.
    #[tf(optional, ext(wire("budgetFilter.projects")))]
    pub(super) projects: Value<BTreeSet<String>>,
    /// The numbers of the other projects in `projects` by their ids, as far as Google shows them to who applies: the API
    /// answers with numbers.
    #[tf(computed, ext(wire("projectNumbers"), Volatile { with: "budgetFilter.projects" }, Governs))]
    pub(super) project_numbers: Value<BTreeMap<String, String>>,
    /// The services whose cost counts, as `services/ID`. All when absent.
    #[tf(optional, ext(wire("budgetFilter.services")))]
    pub(super) services: Value<BTreeSet<String>>,
    /// The period: `MONTH`, `QUARTER` or `YEAR`.
    #[tf(optional, computed, ext(wire("budgetFilter.calendarPeriod")))]
    pub(super) calendar_period: Value<CalendarPeriod>,
    /// Whether credits make the cost less: `INCLUDE_ALL_CREDITS`, `EXCLUDE_ALL_CREDITS`, or `INCLUDE_SPECIFIED_CREDITS`
    /// for those in `credit_types`.
    #[tf(default = "INCLUDE_ALL_CREDITS", ext(wire("budgetFilter.creditTypesTreatment")))]
    pub(super) credit_types_treatment: Value<CreditTypesTreatment>,
    /// The credits that count: `PROMOTION`, `DISCOUNT`, `SUSTAINED_USAGE_DISCOUNT` and so on.
    #[tf(optional, ext(wire("budgetFilter.creditTypes")))]
    pub(super) credit_types: Value<BTreeSet<String>>,
    /// The parts of the amount at which people are told, once they are spent: `0.5` is half, `1.0` all of it. In any order.
    #[tf(optional, ext(wire_with(&Thresholds(CURRENT)), Unordered))]
    pub(super) thresholds: Value<Vec<f64>>,
    /// The parts of the amount at which people are told, once they are forecast to be spent.
    #[tf(optional, ext(wire_with(&Thresholds(FORECAST)), Unordered))]
    pub(super) forecast_thresholds: Value<Vec<f64>>,
    /// The topic that gets a message several times a day: the KEY of one of this stack, or `projects/P/topics/NAME`.
    #[tf(optional, ext(wire("notificationsRule.pubsubTopic"), refers("topics", "id").named_as("projects/P/topics/NAME", is_topic_id)))]
    pub(super) topic: Value<String>,
    /// Up to five channels of type `email` that are told: KEYs of this stack, or `projects/P/notificationChannels/N`.
    #[tf(optional, ext(wire("notificationsRule.monitoringNotificationChannels"), refers("notification_channels", "id").compared_by(channel_number).named_as("projects/P/notificationChannels/N", is_channel_name)))]
    pub(super) channels: Value<BTreeSet<String>>,
    /// Whether the administrators and users of the billing account are not told.
    #[tf(default = false, ext(wire("notificationsRule.disableDefaultIamRecipients")))]
    pub(super) disable_default_recipients: Value<bool>,
    /// Whether the owners of the project are told, where the budget is of one project.
    #[tf(default = false, ext(wire("notificationsRule.enableProjectLevelRecipients")))]
    pub(super) enable_project_recipients: Value<bool>,
    /// The budget's name: `billingAccounts/A/budgets/ID`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

/// The period of a budget.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CalendarPeriod {
    /// Month by month.
    Month,
    /// Quarter by quarter.
    Quarter,
    /// Year by year.
    Year,
}

/// Which credits count.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "the API's words")]
pub(super) enum CreditTypesTreatment {
    /// All.
    IncludeAllCredits,
    /// None.
    ExcludeAllCredits,
    /// Some.
    IncludeSpecifiedCredits,
}

/// The billing account is a part of the name; a creation takes it from the path.
struct Account;

impl Codec for Account {
    fn read(&self, body: &Json) -> Dynamic {
        let name = body.get("name").and_then(Json::as_str).unwrap_or_default();
        name.split('/').nth(1).map_or(Dynamic::Null, Dynamic::string)
    }
    fn write(&self, _: &Dynamic, _: &mut Json) {}
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

const LAST_PERIOD: &str = "amount.lastPeriodAmount";

/// An object without fields, whose presence says it all.
struct LastPeriod;

impl Codec for LastPeriod {
    fn read(&self, body: &Json) -> Dynamic {
        Dynamic::Bool(wire::get(body, LAST_PERIOD).is_some())
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        if value.as_bool() == Some(true) {
            wire::put(body, LAST_PERIOD, json!({}));
        } else {
            wire::remove(body, LAST_PERIOD);
        }
    }
    fn masks(&self) -> &'static [&'static str] {
        &[LAST_PERIOD]
    }
}

const TOPIC: &str = "notificationsRule.pubsubTopic";
const SCHEMA_VERSION: &str = "notificationsRule.schemaVersion";

/// A topic wants to know in which version of their schema messages come.
fn complete_rule(body: &mut Json) {
    let version = wire::get(body, TOPIC).map(|_| json!("1.0"));
    wire::put(body, SCHEMA_VERSION, version.unwrap_or(Json::Null));
}

/// The amount of a last period has no currency of its own; another has the account's.
fn currency(silent: &Silent<'_>) -> Dynamic {
    match (silent.now.get("amount"), silent.value) {
        (Dynamic::Null, _) => Dynamic::Null,
        (_, Dynamic::Null) => Dynamic::Unknown,
        (_, known) => known.clone(),
    }
}

/// The id of an account that may be written with its collection.
fn account_id(account: &str) -> &str {
    account.strip_prefix("billingAccounts/").unwrap_or(account)
}

/// `012345-6789AB-CDEF01`
fn is_account(account: &str) -> bool {
    let parts: Vec<&str> = account.split('-').collect();
    let is_part = |part: &&str| part.len() == 6 && part.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    parts.len() == 3 && parts.iter().all(is_part)
}

impl Declared for Budget {
    type Spec = BudgetSpec;
    const NAME: &'static str = "budgets";
    const NOUN: &'static str = "budget";

    fn validate(&self, spec: &BudgetSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute.to_owned())));
        };
        if let Some(account) = spec.billing_account.known().filter(|account| !is_account(account)) {
            let detail = format!(
                "{account:?} is not the id of a billing account. It is written 012345-6789AB-CDEF01; \
                 `gcloud billing accounts list` shows it."
            );
            error("billing_account", "Invalid billing account", detail);
        }
    }

    fn validate_new(&self, spec: &BudgetSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute.to_owned())));
        };
        if let Some(name) = spec.display_name.known().filter(|name| name.chars().count() > 60) {
            let detail = format!("display_name has at most 60 letters; this one has {}.", name.chars().count());
            error("display_name", "Display name too long", detail);
        }
        match (spec.amount.is_null(), spec.last_period_amount.known()) {
            (true, Some(false)) => error(
                "amount",
                "A budget needs an amount",
                "Set amount, or last_period_amount = true for what the last period cost.".to_owned(),
            ),
            (false, Some(true)) => error(
                "amount",
                "A budget has one amount",
                "amount and last_period_amount = true exclude each other. Remove one of them.".to_owned(),
            ),
            _ => {}
        }
        if let Some(amount) = spec.amount.known().filter(|amount| **amount < 0.0) {
            error("amount", "Amount out of range", format!("amount cannot be negative; it is {amount}."));
        }
        for (name, thresholds) in [("thresholds", &spec.thresholds), ("forecast_thresholds", &spec.forecast_thresholds)]
        {
            if let Some(threshold) = thresholds.known().into_iter().flatten().find(|threshold| **threshold < 0.0) {
                error(name, "Threshold out of range", format!("A threshold cannot be negative; one is {threshold}."));
            }
        }
        if let Some(channels) = spec.channels.known().filter(|channels| channels.len() > 5) {
            error(
                "channels",
                "Too many channels",
                format!("A budget has at most 5 channels; these are {}.", channels.len()),
            );
        }
        let specified = spec.credit_types_treatment.known() == Some(&CreditTypesTreatment::IncludeSpecifiedCredits);
        if !spec.credit_types.is_null() && !specified && !spec.credit_types_treatment.is_unknown() {
            let detail = "credit_types needs credit_types_treatment = \"INCLUDE_SPECIFIED_CREDITS\".";
            error("credit_types", "Credit types that do not count", detail.to_owned());
        }
        let percent = spec.thresholds.known().into_iter().flatten().find(|threshold| **threshold >= 10.0);
        if let Some(threshold) = percent {
            diagnostics.push(
                Diagnostic::warning(
                    "A threshold of ten times the amount or more",
                    format!(
                        "Thresholds are parts of the amount: 0.5 is 50 percent. {threshold} is {} percent.",
                        threshold * 100.0
                    ),
                )
                .at(path.attribute("thresholds")),
            );
        }
    }
}

impl Kind for Budget {
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        if let Some(amount) = component.get("amount").as_number().map(amount::sent) {
            tree::set(component, "amount", Dynamic::Number(amount));
        }
        if let Some(projects) = projects::meant(component, scope) {
            tree::set(component, "projects", projects);
        }
    }

    fn observed(&self, component: &mut Dynamic, effective: &Dynamic, found: &Dynamic, _: &Scope) {
        if projects::could_be_same(effective.get("projects"), found.get("projects"), found.get("project_numbers")) {
            tree::set(component, "projects", effective.get("projects").clone());
        }
    }

    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        let projects = component.get("projects");
        let written =
            if projects == &projects::own(scope) { Dynamic::Null } else { projects::by_ids(component, scope) };
        tree::set(component, "projects", written);
    }

    /// A budget that does not count this project's cost is none of the project's.
    fn is_made_by_cloud(&self, body: &Json, scope: &Scope) -> bool {
        let projects = wire::get(body, "budgetFilter.projects").and_then(Json::as_array).into_iter().flatten();
        let mut names = projects.filter_map(Json::as_str).map(last_segment);
        !names.any(|project| scope.place.is_account(project))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["etag", "notificationsRule.schemaVersion", "ownershipScope"]
    }

    fn titled(&self) -> Option<Titled> {
        Some(Titled { by: name!(BudgetSpec.display_name) })
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

#[async_trait]
impl RestKind for Budget {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::BILLING_BUDGETS,
            version: "v1",
            collection: "billingAccounts/{location}/budgets",
            items: "budgets",
            query: &[],
            list_query: &[("scope", "projects/{project}")],
            page_size: ("pageSize", 100),
            naming: Naming::Server,
            update: Update::Mask { etag: true },
            operations: Operations::default(),
            iam: None,
            full_name: "//billingbudgets.googleapis.com/{name}",
        }
    }

    /// The billing account is where a budget is.
    fn location(&self, component: &Dynamic, _: &Scope) -> Option<String> {
        component.get("billing_account").as_str().map(account_id).map(str::to_owned)
    }

    async fn locations(&self, run: Run<'_>) -> Result<Vec<String>, ApiError> {
        let path = format!("v1/projects/{}/billingInfo", run.scope.place.account);
        let info = run.call(Request::get(Host::CLOUD_BILLING, path).expects(&["name"])).await?;
        let account = info.get("billingAccountName").and_then(Json::as_str).unwrap_or_default();
        Ok(Some(account_id(account)).filter(|account| !account.is_empty()).map(str::to_owned).into_iter().collect())
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        if wire::get(body, TOPIC).is_some() {
            complete_rule(body);
        }
    }

    fn before_update(&self, current: &Json, patch: &mut Patch) {
        if patch.mask.iter().any(|path| path == TOPIC) {
            complete_rule(&mut patch.body);
            if wire::get(current, SCHEMA_VERSION) != wire::get(&patch.body, SCHEMA_VERSION) {
                patch.mask.push(SCHEMA_VERSION.to_owned());
            }
        }
        // One amount in place of the other leaves nothing of it behind.
        if patch.mask.iter().any(|path| path == LAST_PERIOD) {
            if wire::get(&patch.body, LAST_PERIOD).is_some() {
                wire::remove(&mut patch.body, "amount.specifiedAmount");
            }
            patch.mask.retain(|path| !path.starts_with("amount."));
            patch.mask.push("amount".to_owned());
        }
    }
}

/// The numbers of other projects are what another API knows.
#[async_trait]
impl Parts for Budget {
    fn fields(&self) -> &'static [&'static str] {
        &["projectNumbers"]
    }

    fn come_with_creation(&self) -> bool {
        true
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        projects::read(bodies, run).await
    }

    async fn write(&self, _: &str, _: &Json, _: &mut Json, _: Run<'_>) -> Result<(), ApiError> {
        Ok(())
    }
}

impl Discovery for Budget {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let topic = wire::get(body, TOPIC).and_then(Json::as_str).map(|topic| ("topics", topic.to_owned()));
        let channels = wire::get(body, "notificationsRule.monitoringNotificationChannels").and_then(Json::as_array);
        let channels = channels.into_iter().flatten().filter_map(Json::as_str);
        topic.into_iter().chain(channels.map(|channel| ("notification_channels", channel.to_owned()))).collect()
    }
}
