//! What the handlers of stacks share under one configuration of the provider.
//!
//! A provider's own client holds one for each cloud and lends it ([`Lends`]), so that the engine does not know who else is
//! registered.

use std::sync::Arc;

use super::cloud::Connection;
use super::handover::Handover;
use super::image::StackImages;
use super::progress::Progress;

/// The connection, and what one call leaves to the next.
#[derive(Debug)]
pub struct Session {
    connection: Arc<dyn Connection>,
    /// What one call leaves to the next.
    pub handover: Handover,
    /// The stacks of this configuration, as last known.
    pub images: StackImages,
    /// Where operations say how far they are.
    pub progress: Progress,
}

impl Session {
    /// A session that remembers nothing yet.
    pub fn new(connection: Arc<dyn Connection>) -> Self {
        let (handover, images, progress) = Default::default();
        Self { connection, handover, images, progress }
    }

    /// What the provider block says.
    pub fn connection(&self) -> &dyn Connection {
        self.connection.as_ref()
    }
}

/// A provider's own client, which has a session for the stacks of the cloud of `T`.
pub trait Lends<T>: Send + Sync + 'static {
    /// The session.
    fn lend(&self) -> &Session;
}

impl<T> Lends<T> for Session {
    fn lend(&self) -> &Session {
        self
    }
}
