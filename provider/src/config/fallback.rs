//! Environment variables behind the attributes: the names that the google provider and gcloud read, in their order.
//! An attribute that is set, even to something not known yet, wins over every variable.

use std::fmt::Display;
use std::str::FromStr;

use tfplugin::{Diagnostic, Diagnostics, Path, Value, name};

use super::ProviderConfig;
use crate::google::api::auth::Environment;

const PROJECT: [&str; 4] = ["GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"];
const REGION: [&str; 3] = ["GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"];
const IMPERSONATE: [&str; 1] = ["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"];
const BILLING_PROJECT: [&str; 1] = ["GOOGLE_BILLING_PROJECT"];
const USER_PROJECT_OVERRIDE: [&str; 1] = ["USER_PROJECT_OVERRIDE"];
const ENDPOINT: [&str; 1] = ["MLOPS_ENDPOINT"];

/// The block with the environment's values where it has none. Those of credentials are left to the search for them.
pub(super) fn completed(
    config: &ProviderConfig,
    environment: &Environment,
    diagnostics: &mut Diagnostics,
) -> ProviderConfig {
    let mut from = Fallback { environment, diagnostics };
    ProviderConfig {
        project: from.read(&config.project, &PROJECT, name!(ProviderConfig.project)),
        region: from.read(&config.region, &REGION, name!(ProviderConfig.region)),
        impersonate_service_account: from.read(
            &config.impersonate_service_account,
            &IMPERSONATE,
            name!(ProviderConfig.impersonate_service_account),
        ),
        billing_project: from.read(&config.billing_project, &BILLING_PROJECT, name!(ProviderConfig.billing_project)),
        user_project_override: from
            .read(
                &config.user_project_override.clone().map(Flag),
                &USER_PROJECT_OVERRIDE,
                name!(ProviderConfig.user_project_override),
            )
            .map(|Flag(set)| set),
        endpoint: from.read(&config.endpoint, &ENDPOINT, name!(ProviderConfig.endpoint)),
        ..config.clone()
    }
}

struct Fallback<'a> {
    environment: &'a Environment,
    diagnostics: &'a mut Diagnostics,
}

impl Fallback<'_> {
    fn read<T>(&mut self, set: &Value<T>, variables: &[&str], attribute: &str) -> Value<T>
    where
        T: Clone + FromStr,
        T::Err: Display,
    {
        if !set.is_null() {
            return set.clone();
        }
        let Some((variable, text)) = self.environment.first(variables) else { return Value::Null };
        match text.parse() {
            Ok(value) => Value::Known(value),
            Err(reason) => {
                let detail = format!(
                    "{variable} is {text:?}: {reason}. Correct the variable, or set {attribute} in the provider block."
                );
                let summary = format!("Invalid environment variable {variable}");
                self.diagnostics.push(Diagnostic::error(summary, detail).at(Path::root().attribute(attribute)));
                Value::Null
            }
        }
    }
}

/// A yes or no as environment variables spell it.
#[derive(Clone)]
struct Flag(bool);

impl FromStr for Flag {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Flag, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Ok(Flag(true)),
            "false" | "f" | "0" => Ok(Flag(false)),
            _ => Err("it should be true or false"),
        }
    }
}
