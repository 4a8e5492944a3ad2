//! Clients of S3: one for each way to reach a bucket, made when first used, shared by all.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use tokio::sync::OnceCell;

use crate::checkpoint::store::error::StoreError;
use crate::checkpoint::store::url::S3Settings;
use crate::google::api::RetryPolicy;
use crate::google::api::host::is_loopback;

/// Whose credentials are sent to S3. Those that cannot be had are an error of the first call.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// What every AWS tool takes: environment variables, profiles with single sign-on and processes, web identity,
    /// containers, and Amazon's machines. A profile in the address comes before all of them.
    #[default]
    Standard,
    /// These. Shown without the secret.
    Fixed(aws_sdk_s3::config::Credentials),
}

/// The clients. Cloning shares them.
#[derive(Clone)]
pub(in crate::checkpoint::store) struct Clients {
    shared: Arc<Shared>,
}

struct Shared {
    credentials: Credentials,
    retry: RetryPolicy,
    request_timeout: Duration,
    made: Mutex<HashMap<S3Settings, Arc<OnceCell<Client>>>>,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("credentials", &self.shared.credentials).finish_non_exhaustive()
    }
}

impl Clients {
    pub(in crate::checkpoint::store) fn new(
        credentials: Credentials,
        retry: RetryPolicy,
        request_timeout: Duration,
    ) -> Self {
        Self { shared: Arc::new(Shared { credentials, retry, request_timeout, made: Mutex::default() }) }
    }

    /// How calls are repeated: as all of the provider's, and soon where nothing takes long.
    pub(super) fn retry(&self, settings: &S3Settings) -> RetryPolicy {
        let mut policy = self.shared.retry;
        let endpoint = settings.endpoint.as_deref().and_then(|endpoint| reqwest::Url::parse(endpoint).ok());
        if endpoint.is_some_and(|url| is_loopback(&url)) {
            policy.initial = policy.initial.min(Duration::from_millis(20));
        }
        policy
    }

    /// The client for buckets that are reached so.
    pub(super) async fn get(&self, settings: &S3Settings, bucket: &str) -> Result<Client, StoreError> {
        let slot = {
            let mut made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.entry(settings.clone()).or_default().clone()
        };
        slot.get_or_try_init(|| self.make(settings, bucket)).await.cloned()
    }

    /// The region that calls are made in; empty before the first.
    pub(super) fn region(&self, settings: &S3Settings) -> String {
        let made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        let client = made.get(settings).and_then(|slot| slot.get());
        client.and_then(|client| client.config().region()).map(ToString::to_string).unwrap_or_default()
    }

    async fn make(&self, settings: &S3Settings, bucket: &str) -> Result<Client, StoreError> {
        // Somebody else in this process may have installed one already; either serves.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            // Repeating is done here, where a lost answer is remembered.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(self.shared.request_timeout).build());
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &settings.profile {
            let own = ProfileFileCredentialsProvider::builder().profile_name(profile).build();
            loader = loader.profile_name(profile).credentials_provider(own);
        }
        if let Credentials::Fixed(fixed) = &self.shared.credentials {
            loader = loader.credentials_provider(fixed.clone());
        }
        let common = loader.load().await;
        let mut config = aws_sdk_s3::config::Builder::from(&common).force_path_style(settings.use_path_style);
        let elsewhere = settings.endpoint.is_some() || endpoint_in_environment();
        if elsewhere {
            // Other stores may not know the checksums that Amazon's takes with every call.
            config = config
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        if let Some(endpoint) = &settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        if common.region().is_none() {
            if !elsewhere {
                return Err(StoreError::NoRegion { bucket: format!("s3://{bucket}") });
            }
            // Other stores have no regions, and take this one in signatures.
            config = config.region(Region::from_static("us-east-1"));
        }
        Ok(Client::from_conf(config.build()))
    }
}

fn endpoint_in_environment() -> bool {
    ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
