//! Sessions for the tests of criteria.

use std::collections::BTreeMap;

use mlops_phases::document::{Criterion, Evidence};
use tfplugin::Value;

use super::{Tools, check};
use crate::checkpoint::Session;
use crate::config::ProviderConfig;
use crate::google::api::CallContext;
use crate::google::api::auth::Environment;

/// A session without credentials and without an endpoint.
pub(super) fn offline() -> Session {
    session(&ProviderConfig::default(), &[])
}

/// A session of this provider block; the environment has these variables and no others.
pub(super) fn session(config: &ProviderConfig, variables: &[(&str, &str)]) -> Session {
    let variables = [("HOME", "/nowhere"), ("NO_GCE_CHECK", "true")].into_iter().chain(variables.iter().copied());
    let (connection, diagnostics) = config.connect(&Environment::of(variables), "");
    Session::new(connection.unwrap_or_else(|| panic!("{diagnostics:?}")), Default::default())
}

/// A session that sends its calls to `endpoint`, with these credentials.
pub(super) fn at(endpoint: &str, credentials: Option<&serde_json::Value>) -> Session {
    let config = ProviderConfig {
        endpoint: Value::Known(endpoint.to_owned()),
        credentials: credentials.map_or(Value::Null, |document| Value::Known(document.to_string())),
        ..ProviderConfig::default()
    };
    session(&config, &[])
}

/// The evidence for one criterion.
pub(super) async fn evidence(criterion: Criterion, session: &Session, calls: &CallContext) -> Evidence {
    let criteria = BTreeMap::from([("it".to_owned(), criterion)]);
    check(&criteria, &Tools { session, calls }).await.remove("it").expect("every criterion has evidence")
}

/// What was observed by a criterion that holds.
#[track_caller]
pub(super) fn held(evidence: &Evidence) -> &str {
    assert!(evidence.passed, "{}", evidence.observed);
    &evidence.observed
}

/// What was observed by a criterion that does not.
#[track_caller]
pub(super) fn failed(evidence: &Evidence) -> &str {
    assert!(!evidence.passed, "{}", evidence.observed);
    &evidence.observed
}
