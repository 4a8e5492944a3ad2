//! What the handlers of phases share under one configuration of the provider: the stacks that criteria look at, what is
//! planned for other phases, and how stores are reached.

use std::sync::{Arc, OnceLock};

use super::planned::PlannedPhases;
use super::store::Clients;
use crate::aws;
use crate::aws::stack::{AWS, Aws};
use crate::engine;
use crate::engine::cloud::Cloud;
use crate::engine::image::StackImage;
use crate::engine::progress::Progress;
use crate::google::connection::{Connection, NotYetKnown};
use crate::google::stack::{GOOGLE, Google};

/// The sessions of the stacks, one for each cloud, and that of the phases above them.
#[derive(Debug)]
pub struct Session {
    /// The stacks of this configuration on Google Cloud.
    pub stacks: engine::Session,
    /// The stacks of this configuration on AWS.
    pub aws_stacks: engine::Session,
    /// How Google Cloud is reached.
    pub google: Arc<Connection>,
    /// What is planned for phases.
    pub phases: PlannedPhases,
    stores: OnceLock<Clients>,
}

impl Session {
    /// A session that remembers nothing yet.
    pub fn new(google: Connection, aws: aws::connection::Connection) -> Self {
        let google = Arc::new(google);
        Self {
            stacks: engine::Session::new(google.clone()),
            aws_stacks: engine::Session::new(Arc::new(aws)),
            google,
            phases: PlannedPhases::default(),
            stores: OnceLock::new(),
        }
    }

    /// The same session, whose operations on stacks say to `progress` how far they are.
    #[must_use]
    pub fn reporting(mut self, progress: Progress) -> Self {
        self.stacks.progress = progress.clone();
        self.aws_stacks.progress = progress;
        self
    }

    /// The cloud of the stack with this id, and the session of its stacks.
    pub fn of_stack(&self, id: &str) -> (&'static dyn Cloud, &engine::Session) {
        // Ids on Google Cloud are names of resources; on AWS they begin with the account.
        if id.starts_with("projects/") { (&GOOGLE, &self.stacks) } else { (&AWS, &self.aws_stacks) }
    }

    /// The stack with this id, as last known.
    pub fn image(&self, id: &str) -> Option<Arc<StackImage>> {
        self.of_stack(id).1.images.get(id)
    }

    /// How stores of checkpoints are reached, made at the first call.
    ///
    /// # Errors
    /// When the provider block has a value that the client needs and that is not known yet.
    pub fn stores(&self) -> Result<&Clients, NotYetKnown> {
        let client = self.google.client()?;
        Ok(self.stores.get_or_init(|| Clients::new(client.clone())))
    }
}

impl engine::Lends<Google> for Session {
    fn lend(&self) -> &engine::Session {
        &self.stacks
    }
}

impl engine::Lends<Aws> for Session {
    fn lend(&self) -> &engine::Session {
        &self.aws_stacks
    }
}
