//! `-debug`: a provider that was started by hand, and what Terraform must be told to use it.

use serde_json::{Value, json};

use super::handshake::PROTOCOL_VERSION;
use super::listen::Address;

/// The environment variable that Terraform reads.
const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// The value of the variable for the provider `source` that listens at `address` in the process `pid`.
pub(super) fn value(source: &str, address: &Address, pid: u32) -> Value {
    json!({
        source: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": pid,
            // Not a test: but Terraform takes this way for the newer protocol only, and crashes on the other.
            "Test": true,
            "Addr": { "Network": address.network(), "String": address.to_string() },
        }
    })
}

/// A line that a POSIX shell can evaluate, newline included.
pub(super) fn line(source: &str, address: &Address) -> String {
    let value = value(source, address, std::process::id()).to_string();
    format!("{VARIABLE}='{}'\n", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_what_terraform_reads() {
        let value = value("example.com/a/b", &Address::Unix("/tmp/p".into()), 7);
        let wanted = r#"{"example.com/a/b":{"Protocol":"grpc","ProtocolVersion":6,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/tmp/p"}}}"#;
        assert_eq!(value, serde_json::from_str::<Value>(wanted).unwrap());
    }

    #[test]
    fn a_quote_in_the_path_survives_the_shell() {
        let line = line("a/b", &Address::Unix("/tmp/it's".into()));
        assert!(
            line.starts_with("TF_REATTACH_PROVIDERS='{") && line.contains(r"it'\''s") && line.ends_with("}'\n"),
            "{line}"
        );
    }
}
