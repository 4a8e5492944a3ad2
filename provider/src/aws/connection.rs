//! What the provider block says to AWS, for those who work with it: defaults, and a client once everything that it needs is
//! known.
//!
//! `crate::config` makes one from the block and the environment; the engine carries it without looking into it.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use tfplugin::{Diagnostic, Value};

use super::api::{Client, ClientConfig};
use crate::engine::cloud;

/// The provider's settings, and the client once everything it needs is known.
#[derive(Debug)]
pub struct Connection {
    /// The region to work in, where a stack names none.
    pub region: Value<String>,
    /// Tags for everything.
    pub default_tags: Value<BTreeMap<String, String>>,
    /// How the keys of tags begin that an import leaves to others.
    pub foreign_tags: Vec<String>,
    /// The accounts that may be worked in; all of them when there is none.
    pub allowed_accounts: BTreeSet<String>,
    /// What the client is made of, or why it cannot be made yet.
    pub(crate) client: ClientState,
}

/// A client that is made at the first call.
#[derive(Debug)]
pub(crate) enum ClientState {
    /// All that it needs is known.
    Ready { config: Box<ClientConfig>, client: OnceLock<Client> },
    /// These attributes are not known yet.
    Waiting(Vec<&'static str>),
}

impl From<ClientConfig> for ClientState {
    fn from(config: ClientConfig) -> Self {
        Self::Ready { config: Box::new(config), client: OnceLock::new() }
    }
}

/// Of a provider block that says nothing of AWS.
impl Default for Connection {
    fn default() -> Self {
        Self {
            region: Value::Null,
            default_tags: Value::Null,
            foreign_tags: Vec::new(),
            allowed_accounts: BTreeSet::new(),
            client: ClientConfig::default().into(),
        }
    }
}

impl cloud::Connection for Connection {}

impl Connection {
    /// The connection, if it is one to AWS.
    ///
    /// # Errors
    /// When it is another cloud's.
    pub fn of(connection: &dyn cloud::Connection) -> Result<&Self, Diagnostic> {
        let connection: &dyn Any = connection;
        connection.downcast_ref().ok_or_else(|| {
            Diagnostic::error("The connection is not to AWS", "The stack is on AWS, and the provider is not.")
        })
    }

    /// The client, made at the first call.
    ///
    /// # Errors
    /// When an attribute that it needs is not known yet.
    pub fn client(&self) -> Result<&Client, Diagnostic> {
        match &self.client {
            ClientState::Ready { config, client } => Ok(client.get_or_init(|| Client::new((**config).clone()))),
            ClientState::Waiting(missing) => Err(Diagnostic::error(
                "Provider configuration is not known yet",
                format!(
                    "AWS has to be asked, but the provider block's {} will be known only after apply. Apply what they depend \
                     on first (terraform apply -target=...), or give them as variables.",
                    missing.join(", ")
                ),
            )),
        }
    }

    /// The number of the account that the client works in, once it is known.
    pub fn account(&self) -> Option<&str> {
        Some(self.client().ok()?.known_caller()?.account.as_str())
    }
}
