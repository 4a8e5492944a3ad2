//! What the user can do about an error: one paragraph with the exact command or setting.
//! Diagnostics put it after the error's own text.

use super::{ApiError, Cause};

impl ApiError {
    /// What to do, if there is anything to say beyond the error itself.
    pub fn advice(&self) -> Option<String> {
        if let Cause::Auth(error) = self.cause() {
            return Some(error.advice());
        }
        self.advice_on_projects().or_else(|| self.advice_on_rights()).or_else(|| self.advice_on_transport())
    }

    fn advice_on_projects(&self) -> Option<String> {
        if let Some(off) = self.is_api_disabled() {
            return Some(format!(
                "The API {service} is off in project {consumer}. With enable_apis = true an apply switches it on; a plan or \
                 an import does not. To do it by hand, run:\n\n  \
                 gcloud services enable {service} --project {consumer}\n\nAn API that was enabled moments ago can take some minutes to answer.",
                service = off.service,
                consumer = if off.consumer.is_empty() { "PROJECT" } else { &off.consumer },
            ));
        }
        if self.is_quota_project_missing() {
            return Some(
                "The credentials are a user's and name no quota project, so that the call would be counted against a project of Google's \
                 own tools. Set billing_project = \"YOUR-PROJECT\" and user_project_override = true in the provider block, or run:\n\n  \
                 gcloud auth application-default set-quota-project YOUR-PROJECT"
                    .to_owned(),
            );
        }
        if self.is_quota_project_denied() {
            return Some(
                "The caller may not use the quota project. Grant roles/serviceusage.serviceUsageConsumer on it to the caller, or name \
                 another one in billing_project."
                    .to_owned(),
            );
        }
        if self.is_name_reserved() {
            return Some(
                "The name is that of a deleted object, which the API keeps to itself for some weeks. Give the new one another name."
                    .to_owned(),
            );
        }
        if self.is_used_by_services() {
            return Some(
                "An instance of Cloud SQL, Redis or another service has an address in the network, or had one until lately: Google \
                 holds the peering for a while, for some services for hours. Delete what is left, and run the command again later."
                    .to_owned(),
            );
        }
        if self.is_in_use() {
            return Some(
                "The message names what uses the object. Remove it, or have it use another object, and run the command again."
                    .to_owned(),
            );
        }
        if self.is_billing_disabled() {
            return Some("The project has no active billing account. Link one: gcloud billing projects link PROJECT --billing-account ACCOUNT".to_owned());
        }
        None
    }

    fn advice_on_rights(&self) -> Option<String> {
        let source = self.credentials().unwrap_or("none: credentials are not sent to this machine or without TLS");
        if self.is_unauthenticated() {
            return Some(format!(
                "The access token was refused. Credentials used: {source}. A fixed access token is valid for an hour at most; \
                 for user credentials run: gcloud auth application-default login"
            ));
        }
        if self.is_forbidden_by_organization() {
            return Some(
                "A policy of the organisation forbids this. For public access (allUsers) an administrator must first allow all \
                 members under constraints/iam.allowedPolicyMemberDomains."
                    .to_owned(),
            );
        }
        if self.is_permission_denied() {
            return Some(format!(
                "Grant the caller the permission that the message names. Credentials used: {source}. \
                 A right that was granted moments ago can take some minutes to apply."
            ));
        }
        None
    }

    fn advice_on_transport(&self) -> Option<String> {
        match self.cause() {
            Cause::Connect { target, .. } => Some(format!(
                "Nothing was sent. Check that {target} can be reached from here, and the provider's endpoint and endpoints settings."
            )),
            Cause::Transport(_) | Cause::Timeout(_) => Some(
                "Whether the call took effect is not known. Run the command again: what exists already is found and kept.".to_owned(),
            ),
            Cause::Deadline => Some("Raise the matching value in timeouts, or run the command again to continue.".to_owned()),
            Cause::Cancelled => Some("Run the command again to continue where it stopped.".to_owned()),
            Cause::Partial(_) => Some(
                "Objects in the places that did not answer may exist, so none is treated as deleted. Run the command again later.".to_owned(),
            ),
            Cause::Http(status) if !status.structured => Some(
                "The answer does not come from a Google API. Check the provider's endpoint and endpoints settings, and proxies on the way.".to_owned(),
            ),
            Cause::Answer(_) => Some("This looks like a fault of the provider or of an endpoint that imitates the API. Please report it.".to_owned()),
            Cause::Http(_) | Cause::Operation { .. } | Cause::Auth(_) | Cause::Refused(_) | Cause::Unsendable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::google::api::error::{CallLine, Status};
    use crate::google::api::host::Host;

    fn error(code: u16, body: serde_json::Value) -> ApiError {
        let call = Arc::new(CallLine { method: "GET".into(), host: Host::RUN, path: "v2/x".into() });
        ApiError::new(call, Cause::Http(Status::from_answer(code, body.to_string().as_bytes())))
    }

    #[test]
    fn an_api_that_is_off_gets_the_command_that_enables_it() {
        let error = error(
            403,
            json!({"error": {"message": "off", "details": [{"@type": "x/google.rpc.ErrorInfo",
            "reason": "SERVICE_DISABLED", "metadata": {"service": "run.googleapis.com", "consumer": "projects/p-1"}}]}}),
        );
        assert!(error.advice().unwrap().contains("gcloud services enable run.googleapis.com --project p-1"));
    }

    #[test]
    fn a_reserved_name_is_to_be_another() {
        let error = error(
            400,
            json!({"error": {"status": "FAILED_PRECONDITION",
            "message": "You can't create a role_id (reader) which has been marked for deletion."}}),
        );
        assert!(error.advice().unwrap().contains("another name"));
    }

    #[test]
    fn a_missing_quota_project_gets_both_settings() {
        let error = error(
            403,
            json!({"error": {"message": "The x API requires a quota project, which is not set by default."}}),
        );
        let advice = error.advice().unwrap();
        assert!(advice.contains("billing_project") && advice.contains("user_project_override"));
    }

    #[test]
    fn a_refused_token_names_its_source() {
        let error = error(401, json!({"error": {"message": "no", "status": "UNAUTHENTICATED"}}))
            .with_credentials(Some("access_token of the provider block".into()));
        assert!(error.advice().unwrap().contains("Credentials used: access_token of the provider block"));
    }
}
