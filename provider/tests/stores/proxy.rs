//! A man in the middle who loses requests and answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It is answered.
    Answered,
    /// It is answered when the test has let it pass.
    Held(Gate),
    /// The connection breaks before the server has seen it.
    LostBefore,
    /// The connection breaks after the server has done it.
    LostAfter,
}

/// Where a request waits for the test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    reached: Arc<Notify>,
    open: Arc<Notify>,
}

impl Gate {
    /// Waits until a request is there.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it pass.
    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

/// A proxy that hands one request to the server on each connection.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Starts in front of a server. `fate` is told the number of the request, from 1.
    pub(crate) async fn start(server: SocketAddr, fate: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fate, seen) = (Arc::new(fate), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (fate, seen) = (fate.clone(), seen.clone());
                // What breaks here is a connection, which is what this is for.
                tokio::spawn(
                    async move { hand_on(client, server, || fate(seen.fetch_add(1, Ordering::SeqCst) + 1)).await },
                );
            }
        });
        Self { address, task }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(mut client: TcpStream, server: SocketAddr, fate: impl FnOnce() -> Fate) -> std::io::Result<()> {
    let Some(request) = request(&mut client).await? else { return Ok(()) };
    let fate = fate();
    match &fate {
        Fate::LostBefore => return Ok(()),
        Fate::Held(gate) => {
            gate.reached.notify_one();
            gate.open.notified().await;
        }
        Fate::Answered | Fate::LostAfter => {}
    }
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&request).await?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await?;
    if !matches!(fate, Fate::LostAfter) {
        client.write_all(&answer).await?;
    }
    Ok(())
}

/// A whole request, with the wish that the server end the connection after its answer.
async fn request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut request = bytes[..head].to_vec();
    request.extend_from_slice(b"\r\nconnection: close");
    request.extend_from_slice(&bytes[head..]);
    Ok(Some(request))
}
