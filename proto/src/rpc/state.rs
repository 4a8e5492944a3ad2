//! What the calls share: the provider, what it registered, its client, and the word to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use crate::registry::{DataSourceEntry, Registry, ResourceEntry, TypedSchema};
use crate::{Context, Diagnostic, Object, Provider, Type};

/// The state behind a [`super::Service`].
pub(crate) struct Shared<P: Provider> {
    pub(super) provider: P,
    pub(crate) registry: Registry<P::Client>,
    schema: OnceLock<TypedSchema>,
    running: RwLock<Running<P::Client>>,
    /// Whether the files of the working directory are still to be checked.
    files_unchecked: AtomicBool,
}

/// What changes while the process lives.
struct Running<C> {
    client: Option<Arc<C>>,
    stop: CancellationToken,
    /// Whether a new configuration revokes a stop: in a process that serves one run after the other.
    restarts: bool,
}

impl<P: Provider> Shared<P> {
    pub(super) fn new(provider: P) -> Self {
        let mut registry = Registry::default();
        provider.register(&mut registry);
        let running = Running { client: None, stop: CancellationToken::new(), restarts: false };
        Self {
            provider,
            registry,
            schema: OnceLock::new(),
            running: RwLock::new(running),
            files_unchecked: AtomicBool::new(false),
        }
    }

    /// The working directory is that of the configuration: its files can be checked.
    pub(super) fn check_files(&self) {
        self.files_unchecked.store(true, Ordering::Relaxed);
    }

    /// Whether the files are to be checked now. They are checked once, and no longer when a run has begun.
    pub(super) fn take_file_check(&self) -> bool {
        self.files_unchecked.swap(false, Ordering::Relaxed)
    }

    /// The provider block's schema.
    pub(crate) fn schema(&self) -> &TypedSchema {
        self.schema.get_or_init(|| TypedSchema::new(P::Config::schema()))
    }

    pub(super) fn context(&self) -> Context<P::Client> {
        // Nothing panics while the lock is held, so a poisoned lock guards a whole value.
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        Context { client: running.client.clone(), stop: running.stop.clone() }
    }

    /// Takes the place of an earlier client; of a configuration that makes none, nothing is left.
    pub(super) fn set_client(&self, client: Option<P::Client>) {
        self.running.write().unwrap_or_else(PoisonError::into_inner).client = client.map(Arc::new);
    }

    pub(super) fn stop_token(&self) -> CancellationToken {
        self.running.read().unwrap_or_else(PoisonError::into_inner).stop.clone()
    }

    pub(super) fn restart_on_configure(&self) {
        self.running.write().unwrap_or_else(PoisonError::into_inner).restarts = true;
    }

    /// Begins a new run, if this process serves several.
    pub(super) fn restart(&self) {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        if running.restarts && running.stop.is_cancelled() {
            running.stop = CancellationToken::new();
        }
    }

    /// # Errors
    /// When there is no such resource type.
    pub(crate) fn resource(&self, type_name: &str) -> Result<&ResourceEntry<P::Client>, Diagnostic> {
        self.registry.resources.get(type_name).ok_or_else(|| missing("resource type", type_name))
    }

    /// The type of a resource's body.
    pub(super) fn type_of(&self, type_name: &str) -> Option<&Type> {
        Some(&self.registry.resources.get(type_name)?.schema().ty)
    }

    /// # Errors
    /// When there is no such data source.
    pub(crate) fn data_source(&self, type_name: &str) -> Result<&DataSourceEntry<P::Client>, Diagnostic> {
        self.registry.data_sources.get(type_name).ok_or_else(|| missing("data source", type_name))
    }
}

fn missing(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("There is no {kind} {name:?}"),
        format!(
            "Terraform asked this provider for the {kind} {name:?}, which it does not have. If the provider was \
             exchanged during the run, run Terraform again."
        ),
    )
}
