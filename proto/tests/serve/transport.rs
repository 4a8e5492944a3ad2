//! The handshake line, and who gets past it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use crate::world::{kill, provider};

/// The first bytes of a client of HTTP/2: the preface, and empty settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The kind of the frame that such a server sends first.
const SETTINGS: u8 = 4;

struct Client {
    key: KeyPair,
    certificate: Certificate,
}

impl Client {
    /// With a certificate like Terraform's.
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { key, certificate }
    }
}

struct Plugin {
    child: Child,
    line: String,
    _directory: tempfile::TempDir,
}

impl Plugin {
    fn start(client: Option<&Client>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(provider());
        command
            .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
            .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .env("PLUGIN_UNIX_SOCKET_DIR", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(client) = client {
            command.env("PLUGIN_CLIENT_CERT", client.certificate.pem());
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line, _directory: directory }
    }

    fn fields(&self) -> Vec<&str> {
        self.line.trim_end().split('|').collect()
    }

    fn socket(&self) -> PathBuf {
        self.fields()[3].into()
    }

    /// Connects with or without a certificate; the kind of the first frame, if the server talks at all.
    async fn talk(&self, client: Option<&Client>) -> std::io::Result<u8> {
        let certificate = base64::engine::general_purpose::STANDARD_NO_PAD.decode(self.fields()[5]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate)).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let key = PrivatePkcs8KeyDer::from(client.key.serialize_der());
                builder.with_client_auth_cert(vec![client.certificate.der().clone()], key.into()).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = UnixStream::connect(self.socket()).await?;
        let mut stream = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await?;
        stream.write_all(HELLO).await?;
        first_frame(&mut stream).await
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        kill("TERM", self.child.id());
        let _ = self.child.wait();
    }
}

async fn first_frame(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> std::io::Result<u8> {
    let mut header = [0; 9];
    stream.read_exact(&mut header).await?;
    Ok(header[3])
}

#[test]
fn the_line_has_six_fields_and_nothing_follows() {
    let plugin = Plugin::start(None);
    let fields = plugin.fields();
    assert_eq!([fields[0], fields[1], fields[2], fields[4], fields[5]], ["1", "6", "unix", "grpc", ""]);
    assert!(plugin.socket().exists() && plugin.line.ends_with("|grpc|\n"));
}

#[tokio::test]
async fn the_client_that_was_announced_is_served() {
    let client = Client::new();
    assert_eq!(Plugin::start(Some(&client)).talk(Some(&client)).await.unwrap(), SETTINGS);
}

#[tokio::test]
async fn a_client_with_another_certificate_is_refused() {
    assert!(Plugin::start(Some(&Client::new())).talk(Some(&Client::new())).await.is_err());
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    assert!(Plugin::start(Some(&Client::new())).talk(None).await.is_err());
}

#[tokio::test]
async fn a_client_without_encryption_is_refused() {
    let plugin = Plugin::start(Some(&Client::new()));
    let mut stream = UnixStream::connect(plugin.socket()).await.unwrap();
    stream.write_all(HELLO).await.unwrap();
    // What comes back, if anything, is an alert and no frame of HTTP/2.
    assert_ne!(first_frame(&mut stream).await.ok(), Some(SETTINGS));
}

#[tokio::test]
async fn a_refused_client_does_not_end_the_process() {
    let client = Client::new();
    let plugin = Plugin::start(Some(&client));
    assert!(plugin.talk(None).await.is_err());
    assert_eq!(plugin.talk(Some(&client)).await.unwrap(), SETTINGS);
}
