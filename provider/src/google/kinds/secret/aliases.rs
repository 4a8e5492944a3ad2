//! Names for versions. The API takes them only of versions that exist: they are written after the values.

use serde_json::{Value as Json, json};

use crate::google::api::{ApiError, Host, Request};
use crate::google::session::Run;

/// The field of a secret's JSON with its aliases.
pub(super) const ALIASES: &str = "versionAliases";

/// Makes the aliases of the secret `name` what `after` says, where that is not what `before` has.
///
/// # Errors
/// Of the calls.
pub(super) async fn write(name: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let aliases = |secret: &Json| secret.get(ALIASES).filter(|aliases| !aliases.is_null()).cloned();
    let wanted = aliases(after).unwrap_or_else(|| json!({}));
    if aliases(before).unwrap_or_else(|| json!({})) == wanted {
        return Ok(());
    }
    // A new version has given the secret another etag than `before` has.
    let path = format!("v1/{name}");
    let current = run.call(Request::get(Host::SECRET_MANAGER, path.clone()).expects(&["etag"])).await?;
    let request =
        Request::patch(Host::SECRET_MANAGER, path).sent_once().expects(&["name"]).query("updateMask", ALIASES);
    run.call(request.json(json!({ ALIASES: wanted, "etag": current["etag"] }))).await?;
    Ok(())
}
