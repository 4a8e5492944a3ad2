//! `mlops_aws_stack`: the stacks of Amazon Web Services.
//!
//! Where one is (account and region), and its attributes beside those that all clouds have. The account is that of the
//! credentials: STS is asked once for each provider process, and a stack of another account is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use super::api::{ApiError, Caller};
use super::connection::Connection;
use super::kinds::KINDS;
use super::session;
use super::settings::Settings;
use super::terms::{AwsTerms, is_account, is_region};
use crate::engine::body::{StackBody, StackType};
use crate::engine::cloud::{self, Cloud};
use crate::engine::context::CallContext;
use crate::engine::error::CallError;
use crate::engine::model::{self, Layout, Stack};
use crate::engine::place::Place;
use crate::engine::problem;
use crate::engine::run::{self, Preparation};
use crate::engine::scope::Scope;
use crate::engine::terms::Terms;

/// The stacks of AWS.
pub static LAYOUT: Layout = Layout::new(Settings::schema, || KINDS, name!(Settings.tags), PLACE);

const PLACE: [&str; 2] = [name!(Settings.account_id), name!(Settings.region)];

/// Amazon Web Services.
pub static AWS: Aws = Aws;

/// Amazon Web Services.
#[derive(Debug)]
pub struct Aws;

impl StackType for Aws {
    fn cloud() -> &'static dyn Cloud {
        &AWS
    }
}

/// The body of `mlops_aws_stack`.
pub type AwsStack = StackBody<Aws>;

/// The region of a stack, or the provider's; `None` while it is not known.
fn region(of_stack: &Dynamic, connection: &Connection) -> Result<Option<String>, Diagnostic> {
    match (of_stack, &connection.region) {
        (Dynamic::String(text), _) => Ok(Some(text.clone())),
        (_, Value::Known(text)) => Ok(Some(text.clone())),
        (_, Value::Unknown) => Ok(None),
        (_, Value::Null) => Err(Diagnostic::error(
            "No region",
            "The stack names no region, and neither does the provider. Set region = \"eu-west-1\" on the stack or in the \
             attribute aws of the provider block, or AWS_REGION in the environment.",
        )
        .at(Path::root().attribute(name!(Settings.region)))),
    }
}

/// Whether the caller may work on a stack of `account`, as far as that is known.
fn admit(caller: &Caller, account: Option<&str>, connection: &Connection) -> Result<(), Diagnostic> {
    if let Some(account) = account.filter(|account| *account != caller.account) {
        return Err(Diagnostic::error(
            "The credentials are of another account",
            format!(
                "The stack is in the account {account}, and {} is in {}. Nothing was read or changed. Use credentials of \
                 {account}; a stack for {} is one of its own, with a state of its own.",
                caller.arn, caller.account, caller.account
            ),
        )
        .at(Path::root().attribute(name!(Settings.account_id))));
    }
    let allowed = &connection.allowed_accounts;
    if allowed.is_empty() || allowed.contains(&caller.account) {
        return Ok(());
    }
    Err(Diagnostic::error(
        "The account is not allowed",
        format!(
            "{} is in the account {}, which is not among the provider's allowed_account_ids ({}). Nothing was read or changed.",
            caller.arn,
            caller.account,
            allowed.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        ),
    ))
}

#[async_trait]
impl Cloud for Aws {
    fn layout(&self) -> &'static Layout {
        &LAYOUT
    }

    fn terms(&self) -> &'static dyn Terms {
        &AwsTerms
    }

    fn validate(&self, config: &Stack, diagnostics: &mut Diagnostics) {
        let attribute = name!(Settings.region);
        if let Some(text) = config.text(attribute).filter(|text| !is_region(text)) {
            let detail = format!("{text:?} is not a region. Write one such as eu-west-1, without a zone behind it.");
            diagnostics.push(Diagnostic::error("Invalid region", detail).at(Path::root().attribute(attribute)));
        }
    }

    async fn enter(
        &self,
        connection: &dyn cloud::Connection,
        account: Option<&str>,
        of_stack: Option<&str>,
        calls: &CallContext,
    ) -> Result<(), Diagnostic> {
        let connection = Connection::of(connection)?;
        // What is missing is said by who needs it.
        let Ok(client) = connection.client() else { return Ok(()) };
        let Some(region) = region(&of_stack.map_or(Dynamic::Null, Dynamic::string), connection)? else { return Ok(()) };
        let asked = client.caller(calls, &region).await;
        let failed = |error: ApiError| problem::of_stack("learn the account", Path::root(), &error.into());
        admit(asked.map_err(failed)?, account, connection)
    }

    fn scope(
        &self,
        stack: &Stack,
        prior: Option<&Stack>,
        connection: &dyn cloud::Connection,
    ) -> Result<Option<Scope>, Diagnostic> {
        let connection = Connection::of(connection)?;
        let region = region(stack.get(name!(Settings.region)), connection)?;
        let of_state = [Some(stack), prior].into_iter().flatten();
        let account = of_state.filter_map(|stack| stack.text(name!(Settings.account_id))).next();
        let (Some(account), Some(region)) = (account.or(connection.account()), region) else { return Ok(None) };
        let (Some(name), Value::Known(_) | Value::Null) = (stack.text(model::NAME), &connection.default_tags) else {
            return Ok(None);
        };
        let scope = Scope {
            place: Place { account: account.to_owned(), number: None, region },
            stack: name.to_owned(),
            default_labels: connection.default_tags.known().cloned().unwrap_or_default(),
            ..Scope::default()
        };
        Ok(Some(stack.scoped(scope)))
    }

    fn record_place(&self, stack: &mut Stack, place: &Place) {
        stack.set(name!(Settings.account_id), Dynamic::string(&place.account));
        stack.set(name!(Settings.region), Dynamic::string(&place.region));
    }

    fn refuse_place(&self, account: &str, region: &str) -> Option<String> {
        if !is_account(account) {
            return Some(format!("{account:?} is not the number of an account, which has 12 digits"));
        }
        (!is_region(region)).then(|| format!("{region:?} is not a region; one is written as eu-west-1"))
    }

    fn session(&self, connection: &dyn cloud::Connection) -> Result<Arc<dyn run::Session>, Diagnostic> {
        Ok(Arc::new(session::Session::new(Connection::of(connection)?.client()?.clone())))
    }

    fn default_labels(&self, connection: &dyn cloud::Connection) -> BTreeMap<String, String> {
        let tags = Connection::of(connection).ok().and_then(|connection| connection.default_tags.known());
        tags.cloned().unwrap_or_default()
    }

    fn foreign_labels(&self, connection: &dyn cloud::Connection) -> Vec<String> {
        Connection::of(connection).map(|connection| connection.foreign_tags.clone()).unwrap_or_default()
    }

    fn preparation(&self, _: &dyn cloud::Connection) -> Preparation {
        Preparation::Report
    }

    async fn identify(&self, run: &run::Run) -> Result<Place, CallError> {
        // The account was asked for before the operation began.
        Ok(run.scope.place.clone())
    }

    async fn prepare(&self, _: &run::Run, _: &Stack) -> Result<(), Diagnostic> {
        Ok(())
    }

    async fn refresh(&self, _: &run::Run, _: &mut Stack) -> Result<(), Diagnostic> {
        Ok(())
    }
}
