//! Whose credentials calls are signed with: those of the provider block, a profile, a role, or what every AWS tool finds.
//!
//! They are looked for at the first call, kept until shortly before they expire, and looked for anew when AWS refuses them.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use tokio::sync::{Mutex, OnceCell};

use crate::http::Secret;

/// Credentials that are about to expire are not used.
const MARGIN: Duration = Duration::from_secs(120);

/// What the user said about credentials.
#[derive(Clone, Debug, Default)]
pub struct CredentialsConfig {
    /// Keys of the provider block.
    pub keys: Option<Keys>,
    /// A profile of the configuration files.
    pub profile: Option<String>,
    /// Configuration files in place of `~/.aws/config`.
    pub config_files: Vec<String>,
    /// Credentials files in place of `~/.aws/credentials`.
    pub credentials_files: Vec<String>,
    /// A file with a token of an identity provider, to assume `role` with.
    pub web_identity_token_file: Option<String>,
    /// The role to assume.
    pub role: Option<Role>,
    /// Where STS is reached, if not at AWS.
    pub sts: Option<String>,
}

/// Keys that the user has written down.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The public half.
    pub access_key: String,
    /// The secret half.
    pub secret_key: Secret,
    /// The token of keys that expire.
    pub token: Option<Secret>,
}

/// A role to assume.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy may ask for.
    pub external_id: Option<String>,
    /// How the session is called in logs.
    pub session_name: String,
}

/// There are no credentials, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no credentials: {0}")]
pub struct NoCredentials(String);

/// Credentials that keep themselves fresh.
#[derive(Debug)]
pub(super) struct Fresh {
    config: CredentialsConfig,
    provider: OnceCell<SharedCredentialsProvider>,
    current: Mutex<Option<Credentials>>,
}

impl Fresh {
    pub(super) fn new(config: CredentialsConfig) -> Self {
        Self { config, provider: OnceCell::new(), current: Mutex::default() }
    }

    /// The credentials to sign a call with at `now`.
    pub(super) async fn get(&self, region: &str, now: SystemTime) -> Result<Credentials, NoCredentials> {
        let mut current = self.current.lock().await;
        let is_fresh = |one: &&Credentials| one.expiry().is_none_or(|expiry| expiry > now + MARGIN);
        if let Some(fresh) = current.as_ref().filter(is_fresh) {
            return Ok(fresh.clone());
        }
        let provider = self.provider.get_or_try_init(|| self.config.provider(region)).await?;
        let found = provider.provide_credentials().await.map_err(|error| NoCredentials(chain(&error)))?;
        Ok(current.insert(found).clone())
    }

    /// Forgets credentials that AWS has refused. Whether others can be had is seen by who asks for them.
    pub(super) async fn refuse(&self, refused: &Credentials) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|one| one.access_key_id() == refused.access_key_id()) {
            *current = None;
        }
    }
}

impl CredentialsConfig {
    async fn provider(&self, region: &str) -> Result<SharedCredentialsProvider, NoCredentials> {
        // Somebody else in this process may have installed one already; either serves.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let region = Region::new(region.to_owned());
        if let (Some(file), Some(role)) = (&self.web_identity_token_file, &self.role) {
            let configuration = StaticConfiguration {
                web_identity_token_file: file.into(),
                role_arn: role.arn.clone(),
                session_name: role.session_name.clone(),
            };
            let provider = WebIdentityTokenCredentialsProvider::builder()
                .configure(&ProviderConfig::default().with_region(Some(region)))
                .static_configuration(configuration)
                .build();
            return Ok(SharedCredentialsProvider::new(provider));
        }
        let common = self.common(region).await;
        let base =
            common.credentials_provider().ok_or_else(|| NoCredentials("there is no place to look".to_owned()))?;
        let Some(role) = &self.role else { return Ok(base) };
        let common = match &self.sts {
            Some(sts) => common.into_builder().endpoint_url(sts).build(),
            None => common,
        };
        let mut assumed = AssumeRoleProvider::builder(&role.arn).session_name(&role.session_name).configure(&common);
        if let Some(external_id) = &role.external_id {
            assumed = assumed.external_id(external_id);
        }
        Ok(SharedCredentialsProvider::new(assumed.build().await))
    }

    /// The credentials before a role is assumed.
    async fn common(&self, region: Region) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).region(region.clone());
        if let Some(Keys { access_key, secret_key, token }) = &self.keys {
            let token = token.as_ref().map(|token| token.reveal().to_owned());
            let keys = Credentials::new(access_key, secret_key.reveal(), token, None, "the provider block");
            loader = loader.credentials_provider(keys);
        } else if self.profile.is_some() || !self.config_files.is_empty() || !self.credentials_files.is_empty() {
            // What is written down comes before what the environment has.
            let mut own = ProfileFileCredentialsProvider::builder()
                .configure(&ProviderConfig::default().with_region(Some(region)))
                .profile_files(self.files());
            if let Some(profile) = &self.profile {
                own = own.profile_name(profile);
                loader = loader.profile_name(profile);
            }
            loader = loader.credentials_provider(own.build());
        }
        loader.load().await
    }

    fn files(&self) -> EnvConfigFiles {
        let mut files = EnvConfigFiles::builder()
            .include_default_config_file(self.config_files.is_empty())
            .include_default_credentials_file(self.credentials_files.is_empty());
        for (kind, paths) in
            [(EnvConfigFileKind::Config, &self.config_files), (EnvConfigFileKind::Credentials, &self.credentials_files)]
        {
            for path in paths {
                files = files.with_file(kind, path);
            }
        }
        files.build()
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}
