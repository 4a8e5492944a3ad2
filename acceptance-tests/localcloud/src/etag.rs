//! Etags, ids and hashes.
//!
//! All are derived from a counter in the state: two runs of one test see the same values, and a restart repeats none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The etag of a policy that nobody has written yet.
pub const EMPTY_POLICY: &str = "ACAB";

/// An IAM policy etag: eight bytes in base64, of the form `BwZ…=`.
pub fn policy(counter: u64) -> String {
    let mut bytes = [0x07, 0x06, 0, 0, 0, 0, 0, 0];
    let digest = digest(&["policy", &counter.to_string()]);
    bytes[2..].copy_from_slice(&digest[..6]);
    // Real ones count microseconds; in this century they begin with BwY or BwZ.
    bytes[2] = bytes[2] & 0x3f | 0x40;
    STANDARD.encode(bytes)
}

/// A short opaque etag in base64 (`MDEwMjE5MjA=` and the like), for the APIs that return it bare.
pub fn opaque(counter: u64) -> String {
    STANDARD.encode(&digest(&["etag", &counter.to_string()])[..8])
}

/// The etag of a storage bucket or object: base64 of the protobuf field that holds the metageneration.
pub fn storage(metageneration: u64) -> String {
    let mut bytes = vec![0x08];
    let mut rest = metageneration;
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap_or_default());
    STANDARD.encode(bytes)
}

/// `length` decimal digits that look random, never starting with zero.
pub fn digits(parts: &[&str], length: usize) -> String {
    let mut text = String::new();
    let mut round = 0u32;
    while text.len() < length {
        for byte in digest(&[&parts.join("\u{0}"), &round.to_string()]) {
            text.push(char::from(b'0' + byte % 10));
        }
        round += 1;
    }
    text.truncate(length);
    if text.starts_with('0') {
        text.replace_range(0..1, "1");
    }
    text
}

/// `length` hexadecimal digits (at most 64) that depend only on `parts`.
pub fn hex(parts: &[&str], length: usize) -> String {
    let mut text: String = digest(parts).iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(length);
    text
}

/// A version 4 UUID that depends only on `parts`.
pub fn uuid(parts: &[&str]) -> String {
    let h = hex(parts, 32);
    format!("{}-{}-4{}-a{}-{}", &h[0..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_etags_are_those_of_the_real_service() {
        assert_eq!(storage(1), "CAE=");
        assert_eq!(storage(5), "CAU=");
    }

    #[test]
    fn policy_etags_have_the_usual_shape() {
        let etag = policy(7);
        assert_eq!(etag.len(), 12);
        assert!(etag.starts_with("BwZ"), "{etag}");
    }

    #[test]
    fn uuids_have_the_right_shape() {
        let id = uuid(&["a"]);
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
    }
}
