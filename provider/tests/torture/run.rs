//! Runs cells: each in a world of its own, from where the operation begins.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::Value as Json;
use tfplugin::testing::TestObject;
use tokio::sync::oneshot;

use crate::cells::{self, Cell, Operation};
use crate::check::{Broken, Promise, Undisturbed, aftermath, broken, others_kept};
use crate::cloud::{Cloud, STACK, provider};
use crate::faults::{Fault, Rival};
use crate::rival::interfere;
use crate::world::{Configs, Said, Start, World};

/// How often a cell is run at most until its fault has struck.
const TRIES: u32 = 3;

/// Everything that cells have in common.
pub(crate) struct Torture {
    configs: Configs,
    starts: BTreeMap<Operation, Start>,
    undisturbed: Undisturbed,
    pub(crate) cells: Vec<Cell>,
}

impl Torture {
    /// Does every operation once, undisturbed: which calls it makes, and what is there then.
    pub(crate) async fn prepare() -> Self {
        let configs = Configs::load();
        let empty = World::empty().await.start();
        let mut torture =
            Self { configs, starts: BTreeMap::new(), undisturbed: Undisturbed::default(), cells: Vec::new() };
        let made = torture.undisturbed(Operation::Create, empty).await;
        let made = Start { object: made.object.clone(), ..made.start() };
        for operation in [Operation::Update, Operation::Refresh, Operation::Destroy] {
            torture.undisturbed(operation, made.clone()).await;
        }
        torture.undisturbed(Operation::Import, Start { object: None, ..made }).await;
        torture
    }

    async fn undisturbed(&mut self, operation: Operation, start: Start) -> World {
        let mut world = World::at(&start).await;
        self.starts.insert(operation, start);
        let said = self.operate(operation, &mut world).await;
        assert!(!said.has_failed(), "{} fails undisturbed: {}", operation.name(), said.errors.join(" | "));
        let calls = world.cloud.requests();
        let calls = calls.into_iter().filter(|call| !call.path.contains("_localcloud")).collect::<Vec<_>>();
        self.cells.extend(cells::cells(operation, &calls));
        self.undisturbed.cloud.insert(operation, world.cloud.contents());
        self.undisturbed.state.insert(operation, world.state());
        world
    }

    fn config(&self, operation: Operation) -> Arc<Json> {
        match operation {
            Operation::Create => self.configs.first.clone(),
            Operation::Update => self.configs.next.clone(),
            Operation::Refresh | Operation::Import | Operation::Destroy => Arc::new(Json::Null),
        }
    }

    async fn operate(&self, operation: Operation, world: &mut World) -> Said {
        match operation {
            Operation::Create | Operation::Update | Operation::Destroy => world.change(&self.config(operation)).await,
            Operation::Refresh => world.refresh().await,
            Operation::Import => world.import().await,
        }
    }

    /// One cell, to its end.
    pub(crate) async fn run(&self, cell: &Cell) -> Result<(), Broken> {
        let run = AssertUnwindSafe(self.strike(cell)).catch_unwind().await;
        run.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            broken(Promise::NoPanic, text.unwrap_or_default().replace('\n', " "))
        })
    }

    /// How many looks there are at what takes time is not the same in every run: a call that did not come is waited for again.
    async fn strike(&self, cell: &Cell) -> Result<(), Broken> {
        let mut tries = 1;
        loop {
            match self.strike_once(cell).await {
                Err(Broken { promise: Promise::Spent, .. }) if tries < TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn strike_once(&self, cell: &Cell) -> Result<(), Broken> {
        let mut world = World::at(&self.starts[&cell.operation]).await;
        if cell.fault.kills() {
            world.announce(&self.config(cell.operation)).await;
        }
        world.cloud.fault(cell.shape.spec(cell.fault, cell.skip));
        let said = match cell.fault {
            fault if fault.kills() => {
                self.kill(cell.operation, &world).await;
                None
            }
            Fault::Rival(rival) => Some(self.beside(rival, cell.operation, &mut world).await),
            _ => Some(self.operate(cell.operation, &mut world).await),
        };
        let is_spent = world.cloud.unspent().is_empty();
        world.cloud.clear_faults();
        if !is_spent {
            let said = said.map(|said| said.errors.join(" | ")).unwrap_or_default();
            return broken(Promise::Spent, format!("the call did not come. {said}"));
        }
        aftermath(&mut world, cell, said.as_ref(), &self.configs, &self.undisturbed).await?;
        match cell.fault {
            Fault::Rival(rival) => others_kept(&world, rival),
            _ => Ok(()),
        }
    }

    /// An operation, and another writer who comes while the call is held, and who comes to his end whatever becomes of it.
    async fn beside(&self, rival: Rival, operation: Operation, world: &mut World) -> Said {
        let cloud = world.cloud.clone();
        let (over, is_over) = oneshot::channel::<()>();
        let operates = async {
            let said = self.operate(operation, world).await;
            drop(over);
            said
        };
        let comes = async {
            tokio::select! {
                () = struck(&cloud) => {}
                _ = is_over => return,
            }
            interfere(&cloud, rival).await;
            cloud.clear_faults();
        };
        futures::join!(operates, comes).0
    }

    /// An apply in a process of its own, as far as this can be had inside one: a runtime that ends, with all that it has begun, when the
    /// fault strikes.
    async fn kill(&self, operation: Operation, world: &World) {
        let (kill, killed) = oneshot::channel();
        let (url, object, config) = (world.cloud.url().to_owned(), world.object.clone(), self.config(operation));
        let process = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = apply(url, object, config) => {}
                    _ = killed => {}
                }
            });
            runtime.shutdown_background();
        });
        tokio::pin!(process);
        tokio::select! {
            ended = &mut process => return ended.unwrap(),
            () = struck(&world.cloud) => {}
        }
        // The process may have come to its end already.
        let _ = kill.send(());
        process.await.unwrap();
    }
}

/// Until the fault is spent.
async fn struck(cloud: &Cloud) {
    while !cloud.unspent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn apply(url: String, object: Option<TestObject>, config: Arc<Json>) {
    let provider = provider(&url).await;
    if let Ok(plan) = provider.plan(STACK, object.as_ref(), &config).await {
        provider.apply(plan).await;
    }
}
