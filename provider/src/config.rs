//! The provider block: its attributes, the environment variables behind them, and the connection made from both.
//! Nothing here calls anything: a block with values that are unknown during plan is taken in all the same, and only
//! who needs the client is told which value is missing.

mod aws;
mod fallback;
mod rules;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use tfplugin::{Diagnostics, Object, Value, name};

pub use self::aws::AwsConfig;
use crate::google::api::ClientConfig;
use crate::google::api::Secret;
use crate::google::api::auth::{CredentialsConfig, Environment};
use crate::google::api::host::Addressing;
use crate::google::connection::{ClientState, Connection};
use crate::types::{Duration, Location, ProjectId, ServiceAccountEmail};

/// Manages environments for machine-learning services on Google Cloud and Amazon Web Services, each as one resource.
///
/// Every attribute is optional, and most fall back to the environment variables that the `google` provider reads, so that
/// both work with the same setup. Nothing is contacted before a resource needs it.
#[derive(Clone, Debug, Default, Object)]
pub struct ProviderConfig {
    /// The project to work in, by its id. Falls back to `GOOGLE_PROJECT`, `GOOGLE_CLOUD_PROJECT`, `GCLOUD_PROJECT` and
    /// `CLOUDSDK_CORE_PROJECT`.
    #[tf(optional)]
    pub project: Value<ProjectId>,
    /// The region to work in, such as `europe-west1`. Falls back to `GOOGLE_REGION`, `GCLOUD_REGION` and
    /// `CLOUDSDK_COMPUTE_REGION`.
    #[tf(optional)]
    pub region: Value<Location>,
    /// The path of a credentials file, or its content: a service account key, user credentials, or an external account as
    /// keyless login in a pipeline writes it. Falls back to `GOOGLE_CREDENTIALS`, `GOOGLE_CLOUD_KEYFILE_JSON`,
    /// `GCLOUD_KEYFILE_JSON` and `GOOGLE_APPLICATION_CREDENTIALS`, then to what gcloud has stored, to the metadata server
    /// of Google's machines, and to the gcloud program.
    #[tf(optional, sensitive)]
    pub credentials: Value<String>,
    /// An access token, used as it is until it expires. Falls back to `GOOGLE_OAUTH_ACCESS_TOKEN`.
    #[tf(optional, sensitive)]
    pub access_token: Value<String>,
    /// The email of a service account to act as. The caller needs `roles/iam.serviceAccountTokenCreator` on it. Falls back
    /// to `GOOGLE_IMPERSONATE_SERVICE_ACCOUNT`.
    #[tf(optional)]
    pub impersonate_service_account: Value<ServiceAccountEmail>,
    /// The project whose quota the calls use, with `user_project_override`. Falls back to `GOOGLE_BILLING_PROJECT`.
    #[tf(optional)]
    pub billing_project: Value<ProjectId>,
    /// Whether calls use the quota of `billing_project`, or else of `project`, rather than that of the credentials' own
    /// project. User credentials need it for budgets and some other APIs. Falls back to `USER_PROJECT_OVERRIDE`; otherwise
    /// the quota project is the one of `GOOGLE_CLOUD_QUOTA_PROJECT` or of the credentials file.
    #[tf(optional)]
    pub user_project_override: Value<bool>,
    /// Labels for everything that has labels; a stack's and a component's own labels come on top.
    #[tf(optional)]
    pub default_labels: Value<BTreeMap<String, String>>,
    /// The longest time for one attempt of one call, such as `2m`. Default: `120s`.
    #[tf(optional)]
    pub request_timeout: Value<Duration>,
    /// How often a call that failed for a passing reason is repeated. Default: 10.
    #[tf(optional)]
    pub max_retries: Value<i64>,
    /// How many calls are in flight at once. Default: 16.
    #[tf(optional)]
    pub parallelism: Value<i64>,
    /// Whether an API that a component needs and that is off in the project is switched on and waited for. Default: true.
    #[tf(optional)]
    pub enable_apis: Value<bool>,
    /// One address for all APIs: host H is then reached at `<endpoint>/H/<path>`. On this machine no credentials are
    /// needed, and none are sent. Falls back to `MLOPS_ENDPOINT`.
    #[tf(optional)]
    pub endpoint: Value<String>,
    /// Addresses of single API hosts, by host, for private access to Google's APIs:
    /// `{ "run.googleapis.com" = "https://run-mine.p.googleapis.com" }`. They win over `endpoint`.
    #[tf(optional)]
    pub endpoints: Value<BTreeMap<String, String>>,
    /// How Amazon Web Services is reached, for `mlops_aws_stack`.
    #[tf(optional)]
    pub aws: Value<AwsConfig>,
}

impl ProviderConfig {
    /// Checks what the schema cannot say. Unknown values pass.
    pub fn validate(&self) -> Diagnostics {
        let mut found = rules::check(self);
        aws::check(&self.aws, &mut found);
        found
    }

    /// Adds the environment's values and makes the connection. Every refused value is told with its attribute or variable.
    pub fn connect(&self, environment: &Environment, terraform_version: &str) -> (Option<Connection>, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let full = fallback::completed(self, environment, &mut diagnostics);
        diagnostics.extend(full.validate());
        if diagnostics.has_error() {
            return (None, diagnostics);
        }
        let missing = full.missing();
        let client = if missing.is_empty() {
            let config = Box::new(full.client_config(environment, terraform_version));
            ClientState::Ready { config, client: OnceLock::new() }
        } else {
            ClientState::Waiting(missing)
        };
        let connection = Connection {
            enable_apis: full.enable_apis.known().copied().unwrap_or(true),
            project: full.project,
            region: full.region,
            default_labels: full.default_labels,
            client,
        };
        (Some(connection), diagnostics)
    }

    /// The same for Amazon Web Services.
    pub fn connect_aws(
        &self,
        environment: &Environment,
        terraform_version: &str,
    ) -> (Option<crate::aws::connection::Connection>, Diagnostics) {
        aws::connect(&self.aws, environment, &user_agent(terraform_version, crate::http::USER_AGENT))
    }

    /// The attributes that the client needs and that are not known yet.
    fn missing(&self) -> Vec<&'static str> {
        let needed = [
            (name!(ProviderConfig.credentials), self.credentials.is_unknown()),
            (name!(ProviderConfig.access_token), self.access_token.is_unknown()),
            (name!(ProviderConfig.impersonate_service_account), self.impersonate_service_account.is_unknown()),
            (name!(ProviderConfig.billing_project), self.billing_project.is_unknown()),
            (name!(ProviderConfig.user_project_override), self.user_project_override.is_unknown()),
            (name!(ProviderConfig.request_timeout), self.request_timeout.is_unknown()),
            (name!(ProviderConfig.max_retries), self.max_retries.is_unknown()),
            (name!(ProviderConfig.parallelism), self.parallelism.is_unknown()),
            (name!(ProviderConfig.enable_apis), self.enable_apis.is_unknown()),
            (name!(ProviderConfig.endpoint), self.endpoint.is_unknown()),
            (name!(ProviderConfig.endpoints), self.endpoints.is_unknown()),
        ];
        // Without a billing project the quota is that of the project in use.
        let quota_from_project = self.user_project_override.known() == Some(&true) && self.billing_project.is_null();
        let project = (name!(ProviderConfig.project), quota_from_project && self.project.is_unknown());
        needed.into_iter().chain([project]).filter(|(_, unknown)| *unknown).map(|(name, _)| name).collect()
    }

    fn client_config(&self, environment: &Environment, terraform_version: &str) -> ClientConfig {
        let text = |id: &Value<ProjectId>| id.known().map(ProjectId::to_wire);
        let defaults = ClientConfig::default();
        let mut retry = defaults.retry;
        if let Some(retries) = self.max_retries.known() {
            // The rules have refused what is out of range.
            retry.max_retries = u32::try_from(*retries).unwrap_or(retry.max_retries);
        }
        let config = ClientConfig {
            credentials: CredentialsConfig {
                access_token: self.access_token.known().cloned().map(Secret::new),
                credentials: self.credentials.known().cloned().map(Secret::new),
                impersonate_service_account: self.impersonate_service_account.known().map(ServiceAccountEmail::to_wire),
                environment: environment.clone(),
            },
            addressing: self.addressing(),
            user_project_override: self.user_project_override.known().copied().unwrap_or(false),
            billing_project: text(&self.billing_project),
            project: text(&self.project),
            quota_project: environment.get("GOOGLE_CLOUD_QUOTA_PROJECT"),
            request_timeout: self.request_timeout.known().map_or(defaults.request_timeout, Duration::to_std),
            parallelism: self
                .parallelism
                .known()
                .and_then(|calls| usize::try_from(*calls).ok())
                .unwrap_or(defaults.parallelism),
            user_agent: user_agent(terraform_version, &defaults.user_agent),
            retry,
            ..defaults
        };
        config.tuned_to_endpoint()
    }

    fn addressing(&self) -> Addressing {
        let hosts = self.endpoints.known().into_iter().flatten();
        Addressing {
            endpoint: self.endpoint.known().and_then(|text| rules::address(text).ok()),
            endpoints: hosts.filter_map(|(host, text)| Some((host.clone(), rules::address(text).ok()?))).collect(),
        }
    }
}

/// Terraform's version comes from outside: only what a header can hold is taken over.
fn user_agent(terraform_version: &str, own: &str) -> String {
    let version: String = terraform_version.chars().filter(|c| c.is_ascii_graphic()).collect();
    if version.is_empty() { own.to_owned() } else { format!("Terraform/{version} {own}") }
}

#[cfg(test)]
mod tests;
