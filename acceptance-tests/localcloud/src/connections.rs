//! Connections of HTTP: a request in, an answer out, or the end of the connection.

use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::fault::{Answer, HUGE};

/// The connection ends without an answer, because a fault wants it.
#[derive(Debug, thiserror::Error)]
#[error("connection dropped by a fault")]
pub(crate) struct Dropped;

/// An answer, whole.
pub(crate) type HttpResponse = Response<Full<Bytes>>;

/// Answers every request of every connection, until it is dropped itself.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Result<HttpResponse, Dropped>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Small answers must not wait for the other side's acknowledgement.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no TCP_NODELAY");
                }
                let answer = answer.clone();
                connections.spawn(async move {
                    let served = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await;
                    if let Err(error) = served {
                        tracing::debug!(%error, "connection ended");
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// An answer.
pub(crate) fn response(status: u16, content_type: &str, body: Bytes) -> HttpResponse {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert("content-type", value);
    }
    response
}

/// An answer in JSON.
pub(crate) fn json_response(status: u16, body: &Value) -> HttpResponse {
    response(status, "application/json; charset=UTF-8", body.to_string().into())
}

/// What comes in place of an answer: `hollow` is one that says nothing, `malformed` one that breaks off.
pub(crate) fn in_place(answer: Answer, content_type: &str, hollow: Bytes, malformed: Bytes) -> HttpResponse {
    static SPACES: LazyLock<Bytes> = LazyLock::new(|| vec![b' '; HUGE].into());
    match answer {
        Answer::Empty | Answer::Never => response(200, content_type, Bytes::new()),
        Answer::Hollow => response(200, content_type, hollow),
        Answer::Malformed => response(200, content_type, malformed),
        Answer::Huge => response(200, content_type, SPACES.clone()),
        Answer::Redirect => {
            let mut response = response(302, "text/html", Bytes::from_static(b"<html>Sign in to the network</html>"));
            response.headers_mut().insert("location", HeaderValue::from_static("http://127.0.0.1:9/sign-in"));
            response
        }
    }
}
