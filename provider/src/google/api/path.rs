//! Paths of requests, and names in links.

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

/// The relative name in a link: what it has from `projects/` on. Older APIs answer with links of any host and version, and
/// take the bare name as well.
pub fn relative(link: &str) -> Option<&str> {
    match link.find("/projects/") {
        Some(at) => Some(&link[at + 1..]),
        None => link.starts_with("projects/").then_some(link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_any_host_and_version_has_a_relative_name() {
        let name = "projects/p/global/networks/n";
        for prefix in ["", "https://www.googleapis.com/compute/v1/", "https://compute.googleapis.com/compute/beta/"] {
            assert_eq!(relative(&format!("{prefix}{name}")), Some(name));
        }
        assert_eq!((relative(""), relative("default")), (None, None));
    }

    #[test]
    fn a_segment_hides_slashes_and_keeps_parentheses() {
        assert_eq!(segment("models/a b+ü"), "models%2Fa%20b%2B%C3%BC");
        assert_eq!(segment("(default)"), "(default)");
    }
}
