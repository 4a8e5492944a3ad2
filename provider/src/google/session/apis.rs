//! APIs of the project: switched on when needed, never off.

use std::collections::BTreeSet;

use serde_json::json;

use super::Run;
use crate::google::api::{ApiError, Host, OperationApi, Request};
use crate::google::names::last_segment;

/// The most that one batch call takes.
const BATCH: usize = 20;

/// Switches `services` on and waits until that is done. One that is on already stays so.
///
/// # Errors
/// Of the calls.
pub async fn enable(run: Run<'_>, services: &[&str]) -> Result<(), ApiError> {
    let parent = format!("v1/projects/{}", run.scope.place.account);
    for batch in services.chunks(BATCH) {
        // A batch of one is refused by the API.
        let request = match batch {
            [service] => {
                Request::post(Host::SERVICE_USAGE, format!("{parent}/services/{service}:enable")).json(json!({}))
            }
            _ => Request::post(Host::SERVICE_USAGE, format!("{parent}/services:batchEnable"))
                .json(json!({ "serviceIds": batch })),
        };
        run.call_and_wait(request.idempotent(true), &OperationApi::SERVICE_USAGE).await?;
    }
    Ok(())
}

/// Those of `services` that are on.
///
/// # Errors
/// Of the calls.
pub async fn enabled(run: Run<'_>, services: &[&str]) -> Result<BTreeSet<String>, ApiError> {
    let parent = format!("projects/{}", run.scope.place.account);
    let mut on = BTreeSet::new();
    for batch in services.chunks(BATCH) {
        let mut request = Request::get(Host::SERVICE_USAGE, format!("v1/{parent}/services:batchGet"));
        for service in batch {
            request = request.query("names", format!("{parent}/services/{service}"));
        }
        let answer = run.call(request.query("fields", "services(name,state)").expects(&["services"])).await?;
        for service in answer["services"].as_array().into_iter().flatten() {
            let name = service["name"].as_str().map(last_segment);
            if let (Some(name), Some("ENABLED")) = (name, service["state"].as_str()) {
                on.insert(name.to_owned());
            }
        }
    }
    Ok(on)
}
