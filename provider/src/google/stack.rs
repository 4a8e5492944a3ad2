//! `mlops_stack`: the stacks of Google Cloud.
//!
//! Where one is (project and region), which APIs it needs, and its attributes beside those that all clouds have.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use regex::Regex;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use super::api::{Host, Request};
use super::connection::Connection;
use super::kinds::KINDS;
use super::session::{self, Run, apis};
use super::settings::Settings;
use super::terms::GoogleTerms;
use crate::engine::body::{StackBody, StackType};
use crate::engine::cloud::{self, Cloud};
use crate::engine::error::CallError;
use crate::engine::model::{self, Layout, Stack};
use crate::engine::place::Place;
use crate::engine::problem;
use crate::engine::run::{self, Preparation};
use crate::engine::scope::Scope;
use crate::engine::terms::Terms;
use crate::engine::tree;
use crate::types::{Location, ProjectId};

/// Google Cloud's stacks.
pub static LAYOUT: Layout = Layout::new(Settings::schema, || KINDS, name!(Settings.labels), PLACE);

const PLACE: [&str; 2] = [name!(Settings.project), name!(Settings.region)];

/// Google Cloud.
pub static GOOGLE: Google = Google;

/// Google Cloud.
#[derive(Debug)]
pub struct Google;

impl StackType for Google {
    fn cloud() -> &'static dyn Cloud {
        &GOOGLE
    }
}

/// The body of `mlops_stack`.
pub type GoogleStack = StackBody<Google>;

fn missing(attribute: &'static str, variable: &str, example: &str) -> Diagnostic {
    Diagnostic::error(
        format!("No {attribute}"),
        format!(
            "The stack names no {attribute}, and neither does the provider. Set {attribute} = \"{example}\" in the provider \
             block or on the stack, or {variable} in the environment."
        ),
    )
    .at(Path::root().attribute(attribute))
}

/// The text of an attribute, or the provider's; `None` while it is not known. A computed attribute that is not known yet is
/// the provider's to say.
fn pick(
    stack: &Stack,
    attribute: &'static str,
    of_provider: Value<String>,
    (variable, example): (&str, &str),
) -> Result<Option<String>, Diagnostic> {
    match (stack.get(attribute), of_provider) {
        (Dynamic::String(text), _) => Ok(Some(text.clone())),
        (_, Value::Known(text)) => Ok(Some(text)),
        (_, Value::Unknown) => Ok(None),
        (_, Value::Null) => Err(missing(attribute, variable, example)),
    }
}

#[async_trait]
impl Cloud for Google {
    fn layout(&self) -> &'static Layout {
        &LAYOUT
    }

    fn terms(&self) -> &'static dyn Terms {
        &GoogleTerms
    }

    fn validate(&self, config: &Stack, diagnostics: &mut Diagnostics) {
        let mut refuse = |attribute: &'static str, title: &str, detail: String| {
            diagnostics.push(Diagnostic::error(title, detail).at(Path::root().attribute(attribute)));
        };
        let (project, region, apis) = (name!(Settings.project), name!(Settings.region), name!(Settings.apis));
        if let Some((text, Err(reason))) = config.text(project).map(|text| (text, text.parse::<ProjectId>())) {
            refuse(project, "Invalid project", format!("{text:?} is not a project's id: {reason}."));
        }
        match config.text(region).map(|text| (text, text.parse::<Location>())) {
            Some((text, Err(reason))) => {
                refuse(region, "Invalid region", format!("{text:?} is not a region: {reason}."));
            }
            Some((text, Ok(place))) if !place.is_region() => refuse(
                region,
                "Invalid region",
                format!(
                    "{text:?} is not a region. Services and registries need one, such as europe-west1; a bucket in several \
                     regions has a location of its own."
                ),
            ),
            _ => {}
        }
        for api in tree::texts(config.get(apis)).into_iter().filter(|api| !api.ends_with(".googleapis.com")) {
            let detail =
                format!("{api:?} is not the host of a Google API. Write it in full, such as \"run.googleapis.com\".");
            refuse(apis, "Invalid API", detail);
        }
    }

    fn scope(
        &self,
        stack: &Stack,
        prior: Option<&Stack>,
        connection: &dyn cloud::Connection,
    ) -> Result<Option<Scope>, Diagnostic> {
        let connection = Connection::of(connection)?;
        // A place that the configuration sets is its own to say, even when it is not known yet.
        let of_provider = connection.project.as_ref().map(|project| project.to_wire());
        let account = pick(stack, name!(Settings.project), of_provider, ("GOOGLE_PROJECT", "my-project"))?;
        let of_provider = connection.region.as_ref().map(|region| region.to_wire().to_lowercase());
        let region = pick(stack, name!(Settings.region), of_provider, ("GOOGLE_REGION", "europe-west1"))?;
        let (Some(account), Some(region)) = (account, region) else { return Ok(None) };
        let (Some(name), Value::Known(_) | Value::Null) = (stack.text(model::NAME), &connection.default_labels) else {
            return Ok(None);
        };
        let numbers = [Some(stack), prior].into_iter().flatten();
        let number = numbers.filter_map(|stack| stack.text(name!(Settings.project_number))).next().map(str::to_owned);
        let scope = Scope {
            place: Place { account, number, region },
            stack: name.to_owned(),
            default_labels: connection.default_labels.known().cloned().unwrap_or_default(),
            ..Scope::default()
        };
        Ok(Some(stack.scoped(scope)))
    }

    fn record_place(&self, stack: &mut Stack, place: &Place) {
        stack.set(name!(Settings.project), Dynamic::string(&place.account));
        stack.set(name!(Settings.region), Dynamic::string(&place.region));
        let number = place.number.as_ref().map_or(Dynamic::Unknown, Dynamic::string);
        stack.set(name!(Settings.project_number), number);
    }

    fn refuse_place(&self, account: &str, region: &str) -> Option<String> {
        static PROJECT: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"^([a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}|[a-z0-9.-]+:[a-z][a-z0-9-]{4,28}[a-z0-9])$").ok()
        });
        if PROJECT.as_ref().is_some_and(|rule| !rule.is_match(account)) {
            return Some(format!(
                "{account:?} is not a project's id (6 to 30 lower-case letters, digits and \"-\", starting with a letter) or \
                 number"
            ));
        }
        let is_region = region.parse::<Location>().is_ok_and(|location| location.is_region());
        (!is_region || region.chars().any(char::is_uppercase))
            .then(|| format!("{region:?} is not a region; one is written as europe-west1, without a zone behind it"))
    }

    fn session(&self, connection: &dyn cloud::Connection) -> Result<Arc<dyn run::Session>, Diagnostic> {
        let client = Connection::of(connection)?.client().map_err(|missing| missing.diagnostic())?;
        Ok(Arc::new(session::Session::new(client.clone())))
    }

    fn default_labels(&self, connection: &dyn cloud::Connection) -> BTreeMap<String, String> {
        let labels = Connection::of(connection).ok().and_then(|connection| connection.default_labels.known());
        labels.cloned().unwrap_or_default()
    }

    fn preparation(&self, connection: &dyn cloud::Connection) -> Preparation {
        let is_allowed = Connection::of(connection).is_ok_and(|connection| connection.enable_apis);
        if is_allowed { Preparation::Allowed } else { Preparation::Report }
    }

    async fn identify(&self, run: &run::Run) -> Result<Place, CallError> {
        let place = &run.scope.place;
        let path = format!("v1/projects/{}", place.account);
        let project = Run::of(run)?
            .call(Request::get(Host::RESOURCE_MANAGER, path).expects(&["projectId", "projectNumber"]))
            .await?;
        let text = |field: &str| project[field].as_str().unwrap_or_default().to_owned();
        Ok(Place { account: text("projectId"), number: Some(text("projectNumber")), region: place.region.clone() })
    }

    async fn prepare(&self, run: &run::Run, planned: &Stack) -> Result<(), Diagnostic> {
        let attribute = name!(Settings.apis);
        let wanted = tree::texts(planned.get(attribute));
        let result = async {
            let run = Run::of(run)?;
            let on = apis::enabled(run, &wanted).await?;
            let off: Vec<&str> = wanted.into_iter().filter(|api| !on.contains(*api)).collect();
            Ok::<_, CallError>(apis::enable(run, &off).await?)
        };
        result.await.map_err(|error| problem::of_stack("enable APIs", Path::root().attribute(attribute), &error))
    }

    async fn refresh(&self, run: &run::Run, stack: &mut Stack) -> Result<(), Diagnostic> {
        let attribute = name!(Settings.apis);
        if stack.get(attribute).is_null() {
            return Ok(());
        }
        let wanted = tree::texts(stack.get(attribute));
        let result = async { Ok::<_, CallError>(apis::enabled(Run::of(run)?, &wanted).await?) };
        let path = Path::root().attribute(attribute);
        let on = result.await.map_err(|error| problem::of_stack("read which APIs are enabled", path, &error))?;
        stack.set(attribute, Dynamic::set(on.into_iter().map(Dynamic::String)));
        Ok(())
    }
}
