//! A web server that knows nothing of registries: the files of a folder, over TLS.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use acceptance_tests::{OrFail, cannot_run};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

/// A running server; ends when dropped.
pub(crate) struct Server {
    /// `localhost:PORT`
    pub(crate) host: String,
    /// `https://localhost:PORT`
    pub(super) url: String,
    /// Its certificate: what `SSL_CERT_FILE` names.
    pub(crate) certificate: PathBuf,
    _runtime: Runtime,
    _files: TempDir,
}

impl Server {
    /// Serves a folder. Nothing, and a line that says so, where Go programs take no certificates from `SSL_CERT_FILE`.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            cannot_run("a test of a registry", "only on Linux does Terraform trust a certificate that the test makes");
            return None;
        }
        let key = rcgen::KeyPair::generate().or_fail("make a key");
        let parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).or_fail("name the certificate");
        let certificate = parameters.self_signed(&key).or_fail("sign the certificate");
        let files = tempfile::tempdir().or_fail("make a folder for the certificate");
        let path = files.path().join("certificate.pem");
        std::fs::write(&path, certificate.pem()).or_fail("write the certificate");

        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .or_fail("choose TLS versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .or_fail("use the certificate");

        let runtime = Runtime::new().or_fail("start a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).or_fail("listen");
        let port = listener.local_addr().or_fail("find the port").port();
        let app = Router::new().fallback(file).with_state(folder.to_owned());
        let tls = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
        runtime.spawn(async move { axum::serve(tls, app).await });
        let host = format!("localhost:{port}");
        Some(Self { url: format!("https://{host}"), host, certificate: path, _runtime: runtime, _files: files })
    }
}

/// What a plain web server answers: the type by the file's name, and nothing that the protocols ask for beyond that.
async fn file(State(folder): State<PathBuf>, uri: Uri) -> Response {
    let path = Path::new(uri.path().trim_start_matches('/'));
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match std::fs::read(folder.join(path)) {
        Ok(bytes) => {
            let json = path.extension().is_some_and(|extension| extension == "json");
            let kind = if json { "application/json" } else { "application/octet-stream" };
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            // Who does not trust the certificate goes away: that is for the client to say.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
