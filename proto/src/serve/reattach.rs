//! `-debug`: a provider that was started by hand, and what Terraform must be told to use it.

use serde_json::{Value, json};

use super::handshake::PROTOCOL_VERSION;
use super::listen::Address;

/// The environment variable that Terraform reads.
const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// Where a source without a host is looked for: by Terraform, and by OpenTofu.
const PUBLIC: [&str; 2] = ["registry.terraform.io/", "registry.opentofu.org/"];

/// The value of the variable for the provider `source` that listens at `address` in the process `pid`.
pub(super) fn value(source: &str, address: &Address, pid: u32) -> Value {
    let process = json!({
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": pid,
        // Not a test: but Terraform takes this way for the newer protocol only, and crashes on the other.
        "Test": true,
        "Addr": { "Network": address.network(), "String": address.to_string() },
    });
    sources(source).into_iter().map(|source| (source, process.clone())).collect()
}

/// The names that either program has for the source; a name that no configuration mentions is passed over.
fn sources(source: &str) -> Vec<String> {
    match PUBLIC.iter().find_map(|host| source.strip_prefix(host)) {
        Some(name) => PUBLIC.iter().map(|host| format!("{host}{name}")).collect(),
        None => vec![source.to_owned()],
    }
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
    fn a_public_provider_is_named_as_opentofu_names_it_too() {
        let value = value("registry.terraform.io/a/b", &Address::Unix("/tmp/p".into()), 7);
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(names, ["registry.opentofu.org/a/b", "registry.terraform.io/a/b"]);
        assert_eq!(value[names[0]], value[names[1]]);
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
