//! Accepts clients, and lets the unauthenticated go.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use super::clients::Clients;
use super::connection::{Connection, Duplex};
use super::listen::Listener;

/// A client that does not get through the TLS handshake in this time is let go.
const PATIENCE: Duration = Duration::from_secs(30);

/// Accepts clients from now on. The stream ends never; dropping it ends the accepting.
pub(super) fn accept(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    clients: Clients,
) -> ReceiverStream<io::Result<Connection>> {
    let (admitted, stream) = mpsc::channel(8);
    let tls = tls.map(TlsAcceptor::from);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = admitted.closed() => break,
            };
            match accepted {
                Ok(stream) => drop(tokio::spawn(greet(stream, tls.clone(), clients.clone(), admitted.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "a client could not be accepted");
                    // Out of descriptors, most likely: others must close some first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
    ReceiverStream::new(stream)
}

async fn greet(
    stream: Box<dyn Duplex>,
    tls: Option<TlsAcceptor>,
    clients: Clients,
    admitted: mpsc::Sender<io::Result<Connection>>,
) {
    let stream: Box<dyn Duplex> = match tls {
        None => stream,
        Some(acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(error)) => return tracing::warn!(%error, "refused a client that did not authenticate"),
            Err(_) => return tracing::warn!("let go a client that did not finish its handshake"),
        },
    };
    // Nobody listens any more when the server stops: then the client goes too.
    let _ = admitted.send(Ok(Connection::new(stream, clients.admit()))).await;
}
