//! What must hold when a phase is completed, checked for real: one module for each kind of criterion.
//!
//! A criterion that cannot be checked has not held. Whatever goes wrong becomes evidence, in words that a person can act on.

mod alert_policies;
mod bucket_versioned;
mod http;
mod manual;
mod object_exists;
mod stack_in_sync;

#[cfg(test)]
mod testing;

pub(super) use alert_policies::is_policy_name;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use futures::future::join_all;
use mlops_phases::Moment;
use mlops_phases::document::{Criterion, Evidence};

use crate::checkpoint::Session;
use crate::checkpoint::store;
use crate::engine::context::Interrupted;
use crate::google::api::{ApiError, CallContext, ClientConfig};
use crate::http::Pools;

/// The longest time for a criterion that says none of its own.
const LIMIT: Duration = Duration::from_secs(120);

/// What criteria are checked with.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// The provider's credentials and client, made when one of the criteria needs them, and the stacks that it knows.
    pub session: &'a Session,
    /// Until when, what stops it, and the clock.
    pub calls: &'a CallContext,
}

/// Checks all criteria at once. Every one of them has evidence afterwards.
pub async fn check(criteria: &BTreeMap<String, Criterion>, tools: &Tools<'_>) -> BTreeMap<String, Evidence> {
    let pools = Pools::new(ClientConfig::default().user_agent);
    let checks = criteria.iter().map(|(name, criterion)| {
        let pools = &pools;
        async move {
            let finding = tools.calls.wait_for(one(criterion, tools, pools)).await;
            let Finding { passed, observed } = finding.unwrap_or_else(Finding::interrupted);
            (name.clone(), Evidence { passed, observed, at: Moment::at(tools.calls.clock.wall()) })
        }
    });
    join_all(checks).await.into_iter().collect()
}

async fn one(criterion: &Criterion, tools: &Tools<'_>, pools: &Pools) -> Finding {
    match criterion {
        Criterion::Http { url, method, status, body_pattern, headers, timeout, attempts, identity_token, audience } => {
            let wanted = http::Wanted {
                url,
                method: method.as_deref(),
                status: *status,
                body_pattern: body_pattern.as_deref(),
                headers,
                timeout: timeout.as_deref(),
                attempts: *attempts,
                identity_token: identity_token.unwrap_or(false),
                audience: audience.as_deref(),
            };
            http::check(&wanted, tools, pools).await
        }
        Criterion::AlertPolicies { stack, policies, severities, state } => {
            let which = match stack {
                Some(id) => alert_policies::Which::OfStack(id),
                None => alert_policies::Which::Named(policies),
            };
            alert_policies::check(which, severities, *state, tools).await
        }
        Criterion::StackInSync { stack, fingerprint } => stack_in_sync::check(stack, fingerprint, tools).await,
        Criterion::BucketVersioned { url } => bucket_versioned::check(url, tools).await,
        Criterion::ObjectExists { url } => object_exists::check(url, tools).await,
        Criterion::Manual { approved_by, note } => manual::check(approved_by, note.as_deref()),
    }
}

/// What came of one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    passed: bool,
    observed: String,
}

impl Finding {
    /// It holds.
    fn held(observed: impl Into<String>) -> Self {
        Self { passed: true, observed: observed.into() }
    }

    /// It does not hold, or nobody can tell.
    fn failed(observed: impl Into<String>) -> Self {
        Self { passed: false, observed: observed.into() }
    }

    /// Nobody can tell, because there was no more time.
    fn interrupted(why: Interrupted) -> Self {
        Self::failed(match why {
            Interrupted::Stopped => "Not checked to the end: stopped on request. Apply again to check it.",
            Interrupted::Deadline => {
                "Not checked to the end: the time allowed for this operation is over. Apply again, or raise timeouts."
            }
        })
    }

    /// Nobody can tell, because the stack was not met.
    fn unknown_stack(id: &str) -> Self {
        Self::failed(format!(
            "The stack {id} was not read in this run. It must be managed in the same configuration, and be referred to as \
             mlops_stack.NAME.id (mlops_aws_stack.NAME.id on AWS). An apply reads only what its plan changes: with a saved plan of another machine, or with \
             -refresh=false, apply the phase with the status as it is first, and complete it then."
        ))
    }

    /// Nobody can tell, because a store does not.
    fn untold(error: &(dyn Error + 'static)) -> Self {
        Self::failed(format!("Could not be checked: {}.", store::chain(error).trim_end_matches('.')))
    }

    /// Nobody can tell, because a call to Google failed.
    fn refused(error: &ApiError) -> Self {
        Self::failed(sentences(&error.chain(), error.advice().as_deref()))
    }
}

/// An error and what to do about it, in one paragraph.
fn sentences(error: &str, advice: Option<&str>) -> String {
    let advice = advice.map(|advice| advice.split_whitespace().collect::<Vec<_>>().join(" "));
    match advice {
        Some(advice) => format!("{}. {advice}", error.trim_end_matches('.')),
        None => error.to_owned(),
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
