//! The attribute `aws` of the provider block, with the names that the aws provider has for the same, and the environment
//! variables behind it.
//!
//! Nothing here calls anything. Credentials that the attribute does not name are looked for at the first call, where every
//! AWS tool finds them.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value, name};

use super::{ProviderConfig, rules};
use crate::aws::api::ClientConfig;
use crate::aws::api::credentials::{CredentialsConfig, Keys, Role};
use crate::aws::api::endpoint::Addressing;
use crate::aws::connection::{ClientState, Connection};
use crate::aws::tags;
use crate::aws::terms::{is_account, is_region};
use crate::http::{Environment, Secret, is_loopback};

const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ENDPOINT: [&str; 1] = ["AWS_ENDPOINT_URL"];
/// What comes before the name of a service in the variable with its address.
const ENDPOINT_OF: &str = "AWS_ENDPOINT_URL_";
const MAX_ATTEMPTS: [&str; 1] = ["AWS_MAX_ATTEMPTS"];
/// How the sessions of assumed roles are called.
const SESSION: &str = "terraform-provider-mlops";

/// How Amazon Web Services is reached: every attribute is optional, and none is needed where the tools of AWS work.
#[derive(Clone, Debug, Default, Object)]
pub struct AwsConfig {
    /// The region of stacks that name none, such as `eu-west-1`. Falls back to `AWS_REGION` and `AWS_DEFAULT_REGION`.
    #[tf(optional)]
    pub region: Value<String>,
    /// The profile in the configuration files of AWS. Falls back to `AWS_PROFILE`.
    #[tf(optional)]
    pub profile: Value<String>,
    /// The ARN of a role to assume with the other credentials, or with `web_identity_token_file`.
    #[tf(optional)]
    pub role_arn: Value<String>,
    /// What the trust policy of the role may ask for.
    #[tf(optional)]
    pub external_id: Value<String>,
    /// How the session of the role is called in AWS's logs. Default: `terraform-provider-mlops`.
    #[tf(optional)]
    pub session_name: Value<String>,
    /// An access key, with `secret_key`. Without them credentials come from where every AWS tool finds them: the
    /// environment, the profile (single sign-on and processes included), a web identity, the container or the machine.
    #[tf(optional)]
    pub access_key: Value<String>,
    /// The secret half of the access key.
    #[tf(optional, sensitive)]
    pub secret_key: Value<String>,
    /// The token of an access key that expires.
    #[tf(optional, sensitive)]
    pub token: Value<String>,
    /// Configuration files in place of `~/.aws/config`.
    #[tf(optional)]
    pub shared_config_files: Value<Vec<String>>,
    /// Credentials files in place of `~/.aws/credentials`.
    #[tf(optional)]
    pub shared_credentials_files: Value<Vec<String>>,
    /// A file with the token of an identity provider, with which `role_arn` is assumed.
    #[tf(optional)]
    pub web_identity_token_file: Value<String>,
    /// Tags for everything; a stack's and a component's own tags come on top.
    #[tf(optional)]
    pub default_tags: Value<BTreeMap<String, String>>,
    /// How the keys of tags begin that others set and that an import leaves alone: `["kubernetes.io/"]`. Of an object that is
    /// in a stack, tags that the configuration does not have are never touched.
    #[tf(optional)]
    pub ignore_tags_prefixes: Value<BTreeSet<String>>,
    /// One address for all services, as moto and LocalStack want it. Falls back to `AWS_ENDPOINT_URL`.
    #[tf(optional)]
    pub endpoint: Value<String>,
    /// Addresses of single services: `{ sqs = "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com" }`. They win over `endpoint`
    /// and fall back to `AWS_ENDPOINT_URL_SQS` and so on.
    #[tf(optional)]
    pub endpoints: Value<BTreeMap<String, String>>,
    /// The numbers of the accounts that may be worked in. With credentials of another one nothing is read or changed.
    #[tf(optional)]
    pub allowed_account_ids: Value<BTreeSet<String>>,
    /// How often a call that failed for a passing reason is repeated. Default: 10, or one less than `AWS_MAX_ATTEMPTS`.
    #[tf(optional)]
    pub max_retries: Value<i64>,
    /// How many calls are in flight at once. Default: 16.
    #[tf(optional)]
    pub parallelism: Value<i64>,
}

fn at(attribute: &str) -> Path {
    Path::root().attribute(name!(ProviderConfig.aws)).attribute(attribute)
}

fn text(value: &Value<String>) -> Option<String> {
    value.known().cloned()
}

/// Checks what the schema cannot say. Unknown values pass.
pub(super) fn check(config: &Value<AwsConfig>, found: &mut Diagnostics) {
    let Some(config) = config.known() else { return };
    let mut refuse = |path: Path, title: &str, detail: String| found.push(Diagnostic::error(title, detail).at(path));
    if let Some(region) = config.region.known().filter(|region| !is_region(region)) {
        let detail = format!("{region:?} is not a region. Write one such as eu-west-1.");
        refuse(at(name!(AwsConfig.region)), "Invalid region", detail);
    }
    for (has, attribute, needs, is_there) in [
        (
            !config.access_key.is_null(),
            name!(AwsConfig.access_key),
            name!(AwsConfig.secret_key),
            !config.secret_key.is_null(),
        ),
        (
            !config.secret_key.is_null(),
            name!(AwsConfig.secret_key),
            name!(AwsConfig.access_key),
            !config.access_key.is_null(),
        ),
        (!config.token.is_null(), name!(AwsConfig.token), name!(AwsConfig.secret_key), !config.secret_key.is_null()),
        (
            !config.external_id.is_null(),
            name!(AwsConfig.external_id),
            name!(AwsConfig.role_arn),
            !config.role_arn.is_null(),
        ),
        (
            !config.session_name.is_null(),
            name!(AwsConfig.session_name),
            name!(AwsConfig.role_arn),
            !config.role_arn.is_null(),
        ),
        (
            !config.web_identity_token_file.is_null(),
            name!(AwsConfig.web_identity_token_file),
            name!(AwsConfig.role_arn),
            !config.role_arn.is_null(),
        ),
    ] {
        if has && !is_there {
            let detail = format!("{attribute} says nothing without {needs}. Set {needs}, too, or remove {attribute}.");
            refuse(at(attribute), "Incomplete credentials", detail);
        }
    }
    for account in config.allowed_account_ids.known().into_iter().flatten().filter(|account| !is_account(account)) {
        let detail = format!("{account:?} is not the number of an account, which has 12 digits.");
        refuse(at(name!(AwsConfig.allowed_account_ids)), "Invalid account", detail);
    }
    for prefix in config.ignore_tags_prefixes.known().into_iter().flatten().filter(|prefix| prefix.is_empty()) {
        let detail = format!("{prefix:?} is how every key begins. Write the beginning of those that others set.");
        refuse(at(name!(AwsConfig.ignore_tags_prefixes)), "Invalid prefix of tags", detail);
    }
    for (key, value) in config.default_tags.known().into_iter().flatten() {
        if let Some(reason) = tags::refusal(key, value) {
            refuse(at(name!(AwsConfig.default_tags)).key(key), "Invalid tag", reason);
        }
    }
    let one = config.endpoint.known().map(|text| (at(name!(AwsConfig.endpoint)), text));
    let endpoints = config.endpoints.known().into_iter().flatten();
    let of_services = endpoints.map(|(service, text)| (at(name!(AwsConfig.endpoints)).key(service), text));
    for (path, text) in one.into_iter().chain(of_services) {
        match rules::address(text) {
            Err(reason) => {
                let detail = format!("{text:?}: {reason}. Write it as https://host or http://127.0.0.1:5000.");
                refuse(path, "Invalid endpoint URL", detail);
            }
            // A signature proves who calls; what is called is for everybody to read.
            Ok(url) if url.scheme() == "http" && !is_loopback(&url) => {
                let detail = format!("{text} is neither on this machine nor under TLS. Use https://.");
                refuse(path, "Calls of AWS need TLS", detail);
            }
            Ok(_) => {}
        }
    }
    let block = Path::root().attribute(name!(ProviderConfig.aws));
    rules::range(&config.max_retries, rules::RETRIES, &block, name!(AwsConfig.max_retries), found);
    rules::range(&config.parallelism, rules::PARALLELISM, &block, name!(AwsConfig.parallelism), found);
}

/// Adds the environment's values and makes the connection.
pub(super) fn connect(
    config: &Value<AwsConfig>,
    environment: &Environment,
    user_agent: &str,
) -> (Option<Connection>, Diagnostics) {
    let of_attribute = config.known().cloned().unwrap_or_default();
    let full = completed(&of_attribute, environment);
    let mut diagnostics = Diagnostics::new();
    check(&Value::Known(full.clone()), &mut diagnostics);
    if diagnostics.has_error() {
        return (None, diagnostics);
    }
    let missing = if config.is_unknown() { vec![name!(ProviderConfig.aws)] } else { missing(&of_attribute) };
    let client = if missing.is_empty() {
        full.client_config(environment, user_agent).into()
    } else {
        ClientState::Waiting(missing)
    };
    let connection = Connection {
        region: if config.is_unknown() { Value::Unknown } else { full.region },
        default_tags: if config.is_unknown() { Value::Unknown } else { full.default_tags },
        foreign_tags: full.ignore_tags_prefixes.known().into_iter().flatten().cloned().collect(),
        allowed_accounts: full.allowed_account_ids.known().cloned().unwrap_or_default(),
        client,
    };
    (Some(connection), diagnostics)
}

/// The attribute with the environment's values where it has none. Those of credentials are left to the search for them.
fn completed(config: &AwsConfig, environment: &Environment) -> AwsConfig {
    let or = |set: &Value<String>, variables: &[&str]| match environment.first(variables) {
        Some((_, text)) if set.is_null() => Value::Known(text),
        _ => set.clone(),
    };
    let attempts = environment.first(&MAX_ATTEMPTS).and_then(|(_, text)| text.parse::<i64>().ok());
    let max_retries = match attempts {
        Some(attempts) if config.max_retries.is_null() => Value::Known(attempts - 1),
        _ => config.max_retries.clone(),
    };
    AwsConfig {
        region: or(&config.region, &REGION),
        endpoint: or(&config.endpoint, &ENDPOINT),
        max_retries,
        ..config.clone()
    }
}

/// The attributes that the client needs and that are not known yet.
fn missing(config: &AwsConfig) -> Vec<&'static str> {
    let needed = [
        (name!(AwsConfig.profile), config.profile.is_unknown()),
        (name!(AwsConfig.role_arn), config.role_arn.is_unknown()),
        (name!(AwsConfig.external_id), config.external_id.is_unknown()),
        (name!(AwsConfig.session_name), config.session_name.is_unknown()),
        (name!(AwsConfig.access_key), config.access_key.is_unknown()),
        (name!(AwsConfig.secret_key), config.secret_key.is_unknown()),
        (name!(AwsConfig.token), config.token.is_unknown()),
        (name!(AwsConfig.shared_config_files), config.shared_config_files.is_unknown()),
        (name!(AwsConfig.shared_credentials_files), config.shared_credentials_files.is_unknown()),
        (name!(AwsConfig.web_identity_token_file), config.web_identity_token_file.is_unknown()),
        (name!(AwsConfig.endpoint), config.endpoint.is_unknown()),
        (name!(AwsConfig.endpoints), config.endpoints.is_unknown()),
        (name!(AwsConfig.allowed_account_ids), config.allowed_account_ids.is_unknown()),
        (name!(AwsConfig.ignore_tags_prefixes), config.ignore_tags_prefixes.is_unknown()),
        (name!(AwsConfig.max_retries), config.max_retries.is_unknown()),
        (name!(AwsConfig.parallelism), config.parallelism.is_unknown()),
    ];
    needed.into_iter().filter(|(_, unknown)| *unknown).map(|(name, _)| name).collect()
}

impl AwsConfig {
    fn client_config(&self, environment: &Environment, user_agent: &str) -> ClientConfig {
        let mut config = ClientConfig { addressing: self.addressing(environment), ..ClientConfig::default() };
        config.credentials = self.credentials(&config.addressing);
        config.user_agent = user_agent.to_owned();
        // The rules have refused what is out of range.
        if let Some(retries) = self.max_retries.known().and_then(|retries| u32::try_from(*retries).ok()) {
            config.retry.max_retries = retries;
        }
        if let Some(calls) = self.parallelism.known().and_then(|calls| usize::try_from(*calls).ok()) {
            config.parallelism = calls;
        }
        if config.addressing.is_local() {
            config.retry.initial = config.retry.initial.min(std::time::Duration::from_millis(20));
        }
        config
    }

    fn addressing(&self, environment: &Environment) -> Addressing {
        let url = |text: &str| rules::address(text).ok();
        let mut addressing =
            Addressing { endpoint: self.endpoint.known().and_then(|text| url(text)), ..Default::default() };
        for service in Addressing::SERVICES {
            let variable = format!("{ENDPOINT_OF}{}", service.to_uppercase());
            let own = self.endpoints.known().and_then(|endpoints| endpoints.get(*service).cloned());
            if let Some(url) = own.or_else(|| environment.get(&variable)).as_deref().and_then(url) {
                addressing.endpoints.insert((*service).to_owned(), url);
            }
        }
        addressing
    }

    fn credentials(&self, addressing: &Addressing) -> CredentialsConfig {
        let keys = text(&self.access_key).zip(text(&self.secret_key)).map(|(access_key, secret_key)| Keys {
            access_key,
            secret_key: Secret::new(secret_key),
            token: text(&self.token).map(Secret::new),
        });
        let role = text(&self.role_arn).map(|arn| Role {
            arn,
            external_id: text(&self.external_id),
            session_name: text(&self.session_name).unwrap_or_else(|| SESSION.to_owned()),
        });
        let sts = addressing.endpoints.get("sts").or(addressing.endpoint.as_ref());
        CredentialsConfig {
            keys,
            profile: text(&self.profile),
            config_files: self.shared_config_files.known().cloned().unwrap_or_default(),
            credentials_files: self.shared_credentials_files.known().cloned().unwrap_or_default(),
            web_identity_token_file: text(&self.web_identity_token_file),
            role,
            sts: sts.map(ToString::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Value<String> {
        Value::Known(text.to_owned())
    }

    fn titles(config: AwsConfig) -> Vec<String> {
        let mut found = Diagnostics::new();
        check(&Value::Known(config), &mut found);
        found.iter().map(|one| one.summary.to_string()).collect()
    }

    #[test]
    fn what_cannot_be_is_told_with_its_attribute() {
        let accounts = Value::Known(BTreeSet::from(["12".to_owned()]));
        let tags = Value::Known(BTreeMap::from([("aws:x".to_owned(), String::new())]));
        for (config, title) in [
            (AwsConfig { region: known("europe-west1"), ..Default::default() }, "Invalid region"),
            (AwsConfig { access_key: known("AKIA"), ..Default::default() }, "Incomplete credentials"),
            (AwsConfig { web_identity_token_file: known("/t"), ..Default::default() }, "Incomplete credentials"),
            (AwsConfig { allowed_account_ids: accounts, ..Default::default() }, "Invalid account"),
            (AwsConfig { default_tags: tags, ..Default::default() }, "Invalid tag"),
            (AwsConfig { endpoint: known("moto:5000"), ..Default::default() }, "Invalid endpoint URL"),
            (AwsConfig { endpoint: known("http://10.0.0.1"), ..Default::default() }, "Calls of AWS need TLS"),
            (AwsConfig { parallelism: Value::Known(0), ..Default::default() }, "Number out of range"),
        ] {
            assert_eq!(titles(config), [title]);
        }
        assert_eq!(titles(AwsConfig { region: known("us-gov-west-1"), ..Default::default() }), Vec::<String>::new());
    }

    #[test]
    fn the_environment_fills_in_what_the_attribute_leaves_out() {
        let variables = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000"),
            ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:5001"),
            ("AWS_MAX_ATTEMPTS", "3"),
        ];
        let (connection, _) = connect(&Value::Null, &Environment::of(variables), "");
        let connection = connection.unwrap();
        let config = connection.client().unwrap().config().clone();
        assert_eq!(connection.region, known("eu-west-1"));
        assert_eq!(config.addressing.endpoints["sqs"].port(), Some(5001));
        assert_eq!((config.addressing.endpoint.unwrap().port(), config.retry.max_retries), (Some(5000), 2));
        let own = AwsConfig { region: known("us-east-1"), ..Default::default() };
        let (connection, _) = connect(&Value::Known(own), &Environment::of(variables), "");
        assert_eq!(connection.unwrap().region, known("us-east-1"));
    }

    #[test]
    fn a_client_waits_for_what_is_not_known_yet() {
        let config = AwsConfig { role_arn: Value::Unknown, ..Default::default() };
        let (connection, _) = connect(&Value::Known(config), &Environment::of([("AWS_REGION", "eu-west-1")]), "");
        let problem = connection.unwrap().client().unwrap_err();
        assert!(problem.detail.contains("role_arn"), "{}", problem.detail);
        let (connection, _) = connect(&Value::Unknown, &Environment::of([("AWS_REGION", "eu-west-1")]), "");
        assert_eq!(connection.unwrap().region, Value::Unknown);
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret_key = known("wJalrXUtnFEMI");
        let config =
            AwsConfig { access_key: known("AKIA"), secret_key, region: known("eu-west-1"), ..Default::default() };
        let (connection, _) = connect(&Value::Known(config), &Environment::of([("a", "b")]), "");
        assert!(!format!("{connection:?}").contains("wJalrXUtnFEMI"));
    }
}
