//! The handshake of go-plugin: what Terraform says in the environment, and the one line that answers it on stdout.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::listen::{Address, ListenOptions};

/// The protocol's major version. A client that does not know it is told so all the same: it then says it best itself.
pub(super) const PROTOCOL_VERSION: u32 = 6;

const CORE_VERSION: u32 = 1;
const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE_VALUE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// What Terraform asked for when it started this process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invitation {
    /// Terraform's certificate as PEM; without it the connection is plain.
    pub(super) client_certificate: Option<String>,
    /// Where to listen.
    pub(super) place: ListenOptions,
    /// Whether the client knows [`PROTOCOL_VERSION`].
    pub(super) version_known: bool,
}

impl Invitation {
    /// Reads the environment; `None` when the program was started by hand.
    pub(super) fn read(environment: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        if set(COOKIE_NAME).as_deref() != Some(COOKIE_VALUE) {
            return None;
        }
        let port = |name: &str, otherwise| set(name).and_then(|text| text.trim().parse().ok()).unwrap_or(otherwise);
        Some(Self {
            client_certificate: set("PLUGIN_CLIENT_CERT"),
            place: ListenOptions {
                directory: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
                group: set("PLUGIN_UNIX_SOCKET_GROUP"),
                ports: port("PLUGIN_MIN_PORT", 10_000)..=port("PLUGIN_MAX_PORT", 25_000),
            },
            version_known: set("PLUGIN_PROTOCOL_VERSIONS").is_none_or(|versions| knows(&versions)),
        })
    }
}

/// The line that tells Terraform where to connect, newline included. `certificate` is the server's, as DER.
pub(super) fn line(address: &Address, certificate: Option<&[u8]>) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    format!("{CORE_VERSION}|{PROTOCOL_VERSION}|{}|{address}|grpc|{certificate}\n", address.network())
}

fn knows(versions: &str) -> bool {
    versions.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL_VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Option<Invitation> {
        Invitation::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn no_cookie_is_no_invitation() {
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_wrong_cookie_is_no_invitation() {
        assert_eq!(read(&[(COOKIE_NAME, "biscuit")]), None);
    }

    #[test]
    fn the_versions_come_in_any_order() {
        let known = |versions| {
            read(&[(COOKIE_NAME, COOKIE_VALUE), ("PLUGIN_PROTOCOL_VERSIONS", versions)]).map(|i| i.version_known)
        };
        assert_eq!(
            [known("5,6"), known("6,5"), known("6"), known("5"), known("16,60")],
            [Some(true), Some(true), Some(true), Some(false), Some(false)]
        );
    }

    #[test]
    fn an_empty_certificate_means_a_plain_connection() {
        let invitation = read(&[(COOKIE_NAME, COOKIE_VALUE), ("PLUGIN_CLIENT_CERT", "")]).unwrap();
        assert_eq!(invitation.client_certificate, None);
    }

    #[test]
    fn ports_default_to_those_of_go_plugin() {
        assert_eq!(read(&[(COOKIE_NAME, COOKIE_VALUE)]).unwrap().place.ports, 10_000..=25_000);
    }

    #[test]
    fn the_line_of_a_plain_connection_has_an_empty_last_field() {
        assert_eq!(line(&Address::Unix("/tmp/plugin1".into()), None), "1|6|unix|/tmp/plugin1|grpc|\n");
    }

    #[test]
    fn the_certificate_is_unpadded_standard_base64_at_every_length() {
        for (der, text) in [(&[0xfb_u8, 0xff, 0xbf][..], "+/+/"), (&[0xfb, 0xff], "+/8"), (&[0xfb], "+w")] {
            let line = line(&Address::Tcp(([127, 0, 0, 1], 7).into()), Some(der));
            assert_eq!(line, format!("1|6|tcp|127.0.0.1:7|grpc|{text}\n"));
        }
    }
}
