//! Paths of requests.

/// Percent-encodes text as one path segment: `models/a b` becomes `models%2Fa%20b`.
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'(' | b')' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_hides_slashes_and_keeps_parentheses() {
        assert_eq!(segment("models/a b+ü"), "models%2Fa%20b%2B%C3%BC");
        assert_eq!(segment("(default)"), "(default)");
    }
}
