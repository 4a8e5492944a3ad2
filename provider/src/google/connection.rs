//! What the provider block says to Google Cloud, for those who work with it: defaults, and a client once everything that it
//! needs is known.
//!
//! `crate::config` makes one from the block and the environment; the engine carries it without looking into it.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use tfplugin::{Diagnostic, Value};

use super::api::{Client, ClientConfig};
use crate::engine::cloud;
use crate::types::{Location, ProjectId};

/// The provider's settings, and the client once everything it needs is known.
#[derive(Debug)]
pub struct Connection {
    /// The project to work in, where a stack names none.
    pub project: Value<ProjectId>,
    /// The region to work in, where a stack names none.
    pub region: Value<Location>,
    /// Labels for everything.
    pub default_labels: Value<BTreeMap<String, String>>,
    /// Whether APIs that are off are switched on.
    pub enable_apis: bool,
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

impl cloud::Connection for Connection {}

/// The client cannot be made yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider block's {} will be known only after apply", .0.join(", "))]
pub struct NotYetKnown(pub Vec<&'static str>);

impl NotYetKnown {
    /// The message for the user.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(
            "Provider configuration is not known yet",
            format!(
                "Google Cloud has to be asked, but {self}. Apply what they depend on first (terraform apply -target=...), or \
                 give them as variables."
            ),
        )
    }
}

impl Connection {
    /// The connection, if it is one to Google Cloud.
    ///
    /// # Errors
    /// When it is another cloud's.
    pub fn of(connection: &dyn cloud::Connection) -> Result<&Self, Diagnostic> {
        let connection: &dyn Any = connection;
        connection.downcast_ref().ok_or_else(|| {
            Diagnostic::error(
                "The connection is not to Google Cloud",
                "The stack is on Google Cloud, and the provider is not.",
            )
        })
    }

    /// The client, made at the first call. Fails when an attribute that it needs is not known yet.
    pub fn client(&self) -> Result<&Client, NotYetKnown> {
        match &self.client {
            ClientState::Ready { config, client } => Ok(client.get_or_init(|| Client::new((**config).clone()))),
            ClientState::Waiting(missing) => Err(NotYetKnown(missing.clone())),
        }
    }
}
