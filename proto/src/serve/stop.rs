//! When a provider ends: Terraform says so, is gone, or the system asks. Ctrl-C is Terraform's affair alone.
//!
//! Terraform's `StopProvider` is none of these: it cancels the handlers' token and the process goes on.

use std::io;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clients::Count;

/// A client that comes back within this time was not gone.
const GRACE: Duration = Duration::from_millis(500);
/// A process that lost its parent waits this long for a first client.
const UNCLAIMED: Duration = Duration::from_secs(5);
/// Handlers of a client that is gone may wind down this long; nobody will read their answer.
const WIND_DOWN: Duration = Duration::from_secs(3);

/// Why the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Terraform called Shutdown.
    Shutdown,
    /// The last client went, or the parent died before one came.
    Deserted,
    /// The system asked for it.
    Terminated,
    /// The developer asked for it.
    Interrupted,
}

/// Who may end the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Master {
    /// Terraform started it and ends it.
    Terraform,
    /// A developer did, and one process serves many runs of Terraform.
    Developer,
}

/// Waits for a reason to end.
pub(super) async fn reason(
    master: Master,
    shutdown: &CancellationToken,
    clients: watch::Receiver<Count>,
    signals: &mut Signals,
) -> Reason {
    match master {
        Master::Terraform => tokio::select! {
            () = shutdown.cancelled() => Reason::Shutdown,
            () = deserted(clients.clone(), GRACE) => Reason::Deserted,
            () = unclaimed(clients) => Reason::Deserted,
            () = signals.terminated() => Reason::Terminated,
        },
        Master::Developer => {
            signals.interrupted_or_terminated().await;
            Reason::Interrupted
        }
    }
}

/// Lets the running handlers come to an end, as far as the reason to stop leaves them time.
pub(super) async fn wind_down(reason: Reason, stop: &(dyn Fn() + Sync), running: &TaskTracker, signals: &mut Signals) {
    stop();
    running.close();
    match reason {
        // Terraform calls it when all its calls are answered.
        Reason::Shutdown => {}
        Reason::Deserted => drop(timeout(WIND_DOWN, running.wait()).await),
        // Terraform may have got the same signal, and then wants to save what the calls in flight come to.
        Reason::Terminated => tokio::select! {
            () = running.wait() => {}
            () = signals.terminated() => {}
        },
        Reason::Interrupted => tokio::select! {
            () = running.wait() => {}
            () = signals.interrupted_or_terminated() => {}
        },
    }
}

async fn deserted(mut clients: watch::Receiver<Count>, grace: Duration) {
    loop {
        if clients.wait_for(|count| count.ever && count.now == 0).await.is_err() {
            return std::future::pending().await;
        }
        if timeout(grace, clients.wait_for(|count| count.now > 0)).await.is_err() {
            return;
        }
    }
}

async fn unclaimed(clients: watch::Receiver<Count>) {
    let parent = parent();
    let start = Instant::now();
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        if clients.borrow().ever {
            return std::future::pending().await;
        }
        if parent != self::parent() && start.elapsed() >= UNCLAIMED {
            return;
        }
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

/// The process's signals, caught from its first moment.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// From now on no signal of these ends the process by itself.
    #[cfg(unix)]
    pub(super) fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// From now on no signal of these ends the process by itself.
    #[cfg(windows)]
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    #[cfg(unix)]
    async fn terminated(&mut self) {
        if self.terminate.recv().await.is_none() {
            std::future::pending().await
        }
    }

    #[cfg(windows)]
    async fn terminated(&mut self) {
        std::future::pending().await
    }

    #[cfg(unix)]
    async fn interrupted_or_terminated(&mut self) {
        tokio::select! {
            Some(()) = self.interrupt.recv() => {}
            Some(()) = self.terminate.recv() => {}
            else => std::future::pending().await,
        }
    }

    #[cfg(windows)]
    async fn interrupted_or_terminated(&mut self) {
        if self.interrupt.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;
    use tokio::sync::oneshot;

    use super::super::clients::Clients;
    use super::*;

    #[tokio::test]
    async fn the_last_client_to_leave_ends_the_process() {
        let clients = Clients::default();
        let watch = clients.watch();
        drop(clients.admit());
        deserted(watch, Duration::ZERO).await;
    }

    #[tokio::test]
    async fn a_client_that_comes_back_keeps_it() {
        let clients = Clients::default();
        let mut waiting = pin!(deserted(clients.watch(), Duration::from_secs(3600)));
        drop(clients.admit());
        assert!(poll!(&mut waiting).is_pending());
        let _back = clients.admit();
        assert!(poll!(&mut waiting).is_pending());
    }

    #[tokio::test]
    async fn a_process_that_nobody_connected_to_stays_while_its_parent_lives() {
        let clients = Clients::default();
        assert!(poll!(pin!(unclaimed(clients.watch()))).is_pending());
    }

    #[tokio::test]
    async fn handlers_of_a_client_that_is_gone_are_told_and_waited_for() {
        let (stop, running) = (CancellationToken::new(), TaskTracker::new());
        running.spawn(stop.clone().cancelled_owned());
        wind_down(Reason::Deserted, &|| stop.cancel(), &running, &mut Signals::catch().unwrap()).await;
        assert!(running.is_empty());
    }

    #[tokio::test]
    async fn after_a_signal_the_calls_in_flight_are_finished() {
        let running = TaskTracker::new();
        let (answer, call) = oneshot::channel::<()>();
        running.spawn(call);
        let mut signals = Signals::catch().unwrap();
        let mut end = pin!(wind_down(Reason::Terminated, &|| (), &running, &mut signals));
        assert!(poll!(&mut end).is_pending());
        answer.send(()).unwrap();
        end.await;
    }
}
