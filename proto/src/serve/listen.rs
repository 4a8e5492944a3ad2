//! Where the server listens: a Unix socket that goes with the process, or a loopback port.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tempfile::TempPath;
use tokio::net::TcpListener;

use super::connection::Duplex;

#[cfg(unix)]
mod unix;

/// Why the server cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// No socket could be made in the directory.
    #[error("no socket could be made in {}", directory.display())]
    Socket {
        /// Where.
        directory: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The group named by `PLUGIN_UNIX_SOCKET_GROUP` does not exist.
    #[error("there is no group {group:?} to give the socket to (PLUGIN_UNIX_SOCKET_GROUP)")]
    Group {
        /// Its name.
        group: String,
    },
    /// Every port of the range is taken.
    #[error("no free port on the loopback interface from {} to {}", ports.start(), ports.end())]
    Port {
        /// The range.
        ports: RangeInclusive<u16>,
        /// Of the last port.
        #[source]
        source: io::Error,
    },
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListenOptions {
    /// For the socket; the temporary directory when absent.
    pub(super) directory: Option<PathBuf>,
    /// Owns the socket, by name or number.
    pub(super) group: Option<String>,
    /// For TCP.
    pub(super) ports: RangeInclusive<u16>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { directory: None, group: None, ports: 0..=0 }
    }
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket in the file system.
    #[cfg_attr(not(unix), allow(dead_code))]
    Unix(PathBuf),
    /// A port.
    Tcp(SocketAddr),
}

impl Address {
    /// As the handshake calls it.
    pub(super) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// A bound and listening socket.
#[derive(Debug)]
pub(super) enum Listener {
    /// A socket in the file system.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    /// A port.
    Tcp(TcpListener),
}

/// What a listener takes up outside of the process: given back when this is dropped, whoever holds the listener.
#[derive(Debug)]
pub(super) struct Site {
    /// Where clients find the listener.
    pub(super) address: Address,
    _file: Option<TempPath>,
}

impl Listener {
    /// Binds: a Unix socket where there are such, unless no directory is short enough for its path; else TCP.
    pub(super) async fn bind(place: &ListenOptions) -> Result<(Self, Site), ListenError> {
        #[cfg(unix)]
        if let Some((listener, file)) = unix::bind(place)? {
            let site = Site { address: Address::Unix(file.to_path_buf()), _file: Some(file) };
            return Ok((Self::Unix(listener), site));
        }
        Self::bind_tcp(place).await
    }

    async fn bind_tcp(place: &ListenOptions) -> Result<(Self, Site), ListenError> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for port in place.ports.clone() {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => match listener.local_addr() {
                    Ok(address) => {
                        let site = Site { address: Address::Tcp(address), _file: None };
                        return Ok((Self::Tcp(listener), site));
                    }
                    Err(error) => last = error,
                },
                Err(error) => last = error,
            }
        }
        Err(ListenError::Port { ports: place.ports.clone(), source: last })
    }

    /// The next client.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Box::new(stream))
            }
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tcp_takes_the_first_free_port_of_the_range() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let place = ListenOptions { ports: port..=port.saturating_add(200), ..ListenOptions::default() };
        let Address::Tcp(address) = Listener::bind_tcp(&place).await.unwrap().1.address else { panic!("not TCP") };
        assert!(address.ip().is_loopback() && address.port() > port, "{address}");
    }

    #[tokio::test]
    async fn a_range_without_a_free_port_is_an_error_that_names_it() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let error =
            Listener::bind_tcp(&ListenOptions { ports: port..=port, ..ListenOptions::default() }).await.unwrap_err();
        assert_eq!(error.to_string(), format!("no free port on the loopback interface from {port} to {port}"));
    }
}
