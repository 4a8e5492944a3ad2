//! Mutual TLS as Terraform wants it: a certificate made for this process, and a client that holds one certain key.
//!
//! Terraform's certificate is an end-entity that says of itself to be an authority, on P-521: what verifies chains
//! refuses it. It came over a private channel, so it is pinned instead, byte for byte.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};

/// Why no secure connection can be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `PLUGIN_CLIENT_CERT` holds no certificate.
    #[error("the client's certificate in PLUGIN_CLIENT_CERT cannot be read")]
    ClientCertificate(#[source] rustls::pki_types::pem::Error),
    /// The server's own certificate could not be made.
    #[error("no certificate could be made for this process")]
    Generate(#[source] rcgen::Error),
    /// The TLS library refused the settings.
    #[error("the TLS library refused the settings")]
    Settings(#[source] rustls::Error),
}

/// This process's side of the connection.
#[derive(Debug)]
pub(super) struct Identity {
    /// For the acceptor.
    pub(super) config: Arc<ServerConfig>,
    /// The server's certificate as DER, for the handshake line.
    pub(super) certificate: CertificateDer<'static>,
}

impl Identity {
    /// Makes a key and a certificate, and admits the holder of `client_pem`'s key only.
    pub(super) fn for_client(client_pem: &str) -> Result<Self, TlsError> {
        let client = CertificateDer::from_pem_slice(client_pem.as_bytes()).map_err(TlsError::ClientCertificate)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(TlsError::Generate)?;
        let certificate =
            parameters().and_then(|parameters| parameters.self_signed(&key)).map_err(TlsError::Generate)?.der().clone();

        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Settings)?
            .with_client_cert_verifier(Arc::new(Pinned::new(client, &provider)))
            .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .map_err(TlsError::Settings)?;
        // Recent gRPC for Go drops a connection that did not agree on HTTP/2.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // There is one connection: nothing to resume.
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), certificate })
    }
}

fn parameters() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.distinguished_name.push(DnType::CommonName, "localhost");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Whole days, from yesterday: the two clocks are one, but may be set back in between.
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |date: jiff::civil::Date| {
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    parameters.not_before = day(today.yesterday().unwrap_or(today));
    parameters.not_after = day(today.saturating_add(jiff::Span::new().years(30)));
    Ok(parameters)
}

/// Admits the holder of one certificate's key.
#[derive(Debug)]
struct Pinned {
    client: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn new(client: CertificateDer<'static>, provider: &CryptoProvider) -> Self {
        Self { client, algorithms: provider.signature_verification_algorithms }
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.client {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::ClientConfig;
    use rustls::RootCertStore;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    struct Client {
        key: KeyPair,
        certificate: rcgen::Certificate,
    }

    /// A client like Terraform: it says that it is an authority.
    fn client() -> Client {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Client { key, certificate }
    }

    /// Connects over memory; what the server says of it.
    async fn accept(identity: &Identity, who: Option<&Client>) -> std::io::Result<Option<Vec<u8>>> {
        let mut roots = RootCertStore::empty();
        roots.add(identity.certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match who {
            None => builder.with_no_client_auth(),
            Some(client) => builder
                .with_client_auth_cert(
                    vec![client.certificate.der().clone()],
                    PrivatePkcs8KeyDer::from(client.key.serialize_der()).into(),
                )
                .unwrap(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (near, far) = tokio::io::duplex(1 << 16);
        let connecting = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), near);
        let accepting = TlsAcceptor::from(Arc::clone(&identity.config)).accept(far);
        let (_, accepted) = tokio::join!(connecting, accepting);
        accepted.map(|stream| stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    }

    #[tokio::test]
    async fn the_pinned_client_is_admitted_and_gets_http2() {
        let friend = client();
        let identity = Identity::for_client(&friend.certificate.pem()).unwrap();
        assert_eq!(accept(&identity, Some(&friend)).await.unwrap(), Some(b"h2".to_vec()));
    }

    #[tokio::test]
    async fn another_client_is_refused() {
        let identity = Identity::for_client(&client().certificate.pem()).unwrap();
        assert!(accept(&identity, Some(&client())).await.is_err());
    }

    #[tokio::test]
    async fn the_pinned_certificate_without_its_key_is_refused() {
        let friend = client();
        let identity = Identity::for_client(&friend.certificate.pem()).unwrap();
        // rustls checks that the two belong together, so the thief must lie about the key by a resolver of its own.
        let thief = Client { key: client().key, certificate: friend.certificate };
        let signing =
            aws_lc_rs::sign::any_supported_type(&PrivatePkcs8KeyDer::from(thief.key.serialize_der()).into()).unwrap();
        let stolen = rustls::sign::CertifiedKey::new(vec![thief.certificate.der().clone()], signing);
        let mut roots = RootCertStore::empty();
        roots.add(identity.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen)));
        let (near, far) = tokio::io::duplex(1 << 16);
        let connecting = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), near);
        let accepting = TlsAcceptor::from(Arc::clone(&identity.config)).accept(far);
        assert!(tokio::join!(connecting, accepting).1.is_err());
    }

    #[tokio::test]
    async fn a_client_without_a_certificate_is_refused() {
        let identity = Identity::for_client(&client().certificate.pem()).unwrap();
        assert!(accept(&identity, None).await.is_err());
    }

    #[test]
    fn a_certificate_that_is_none_is_an_error() {
        assert!(matches!(Identity::for_client("nonsense"), Err(TlsError::ClientCertificate(_))));
    }
}
