//! One provider process from its first line to its end: listen, announce, serve, wait for a reason to stop.

use std::future::Future as _;
use std::io::{self, Write as _};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;

use super::accept::accept;
use super::clients::Clients;
use super::handshake::{self, Invitation};
use super::listen::{ListenError, ListenOptions, Listener};
use super::stop::{self, Master, Signals};
use super::tls::{Identity, TlsError};
use super::{companions, reattach};

/// The rest of a graceful stop may take this long: Terraform kills what is still there two seconds after Shutdown.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a provider could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The runtime or the signals of the system.
    #[error("the system refuses what every provider needs")]
    System(#[source] io::Error),
    /// No place to listen.
    #[error("no client can connect")]
    Listen(#[source] ListenError),
    /// No secure connection.
    #[error("no secure connection can be offered")]
    Tls(#[source] TlsError),
    /// Nobody reads stdout.
    #[error("the address could not be written to stdout")]
    Announce(#[source] io::Error),
    /// The gRPC server broke down.
    #[error("the gRPC server broke down")]
    Server(#[source] tonic::transport::Error),
}

/// How the process was started.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// By Terraform.
    Invited(Invitation),
    /// By a developer, with `-debug`.
    Debug,
}

/// What is served.
pub(super) struct Work {
    /// The provider's gRPC service.
    pub(super) routes: Routes,
    /// Tells handlers to come to an end.
    pub(super) stop: Box<dyn Fn() + Send + Sync>,
    /// The handlers at work.
    pub(super) running: TaskTracker,
    /// The provider's source address.
    pub(super) source: &'static str,
}

/// Serves until there is a reason to stop.
pub(super) async fn run(start: Start, work: Work) -> Result<(), ServeError> {
    let mut signals = Signals::catch().map_err(ServeError::System)?;
    let (master, place, identity) = match start {
        Start::Debug => (Master::Developer, ListenOptions::default(), None),
        Start::Invited(invitation) => {
            if !invitation.version_known {
                tracing::error!(
                    "this Terraform does not speak protocol {}: it is too old",
                    handshake::PROTOCOL_VERSION
                );
            }
            let identity = invitation.client_certificate.as_deref().map(Identity::for_client).transpose();
            (Master::Terraform, invitation.place, identity.map_err(ServeError::Tls)?)
        }
    };
    // The site is given back when this function returns; the listener goes with a task, at some time.
    let (listener, site) = Listener::bind(&place).await.map_err(ServeError::Listen)?;
    let announcement = match master {
        Master::Terraform => {
            handshake::line(&site.address, identity.as_ref().map(|identity| identity.certificate.as_ref()))
        }
        Master::Developer => reattach::line(work.source, &site.address),
    };
    let book = Clients::default();
    let (shutdown, ending) = (CancellationToken::new(), CancellationToken::new());
    let incoming = accept(listener, identity.map(|identity| identity.config), book.clone());
    let mut server = pin!(
        Server::builder()
            .max_concurrent_streams(u32::MAX)
            .add_routes(companions::add_to(work.routes, &shutdown, &ending))
            .serve_with_incoming_shutdown(incoming, ending.clone().cancelled_owned())
    );
    announce(&announcement).map_err(ServeError::Announce)?;

    let reason = tokio::select! {
        broken = &mut server => return broken.map_err(ServeError::Server),
        reason = stop::reason(master, &shutdown, book.watch(), &mut signals) => reason,
    };
    tracing::debug!(?reason, "the provider ends");
    // The server must be polled on while the handlers wind down: their answers go through it.
    let mut farewell = pin!(async {
        stop::wind_down(reason, &*work.stop, &work.running, &mut signals).await;
        ending.cancel();
    });
    let mut ended = None;
    std::future::poll_fn(|context| {
        if ended.is_none()
            && let Poll::Ready(end) = server.as_mut().poll(context)
        {
            ended = Some(end);
        }
        farewell.as_mut().poll(context)
    })
    .await;
    match ended {
        Some(end) => end.map_err(ServeError::Server),
        // A client that holds a stream open does not hold the process.
        None => timeout(FAREWELL, server).await.unwrap_or(Ok(())).map_err(ServeError::Server),
    }
}

/// The only bytes that ever go to stdout.
fn announce(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}
