//! Kubernetes quantities as Cloud Run takes them: cpu in thousandths of a core, memory in bytes.
//! Pure parsing; which sizes go together is said by `limits`.

/// Thousandths of a core: `1`, `0.5`, `1000m`.
pub(super) fn milli_cpu(text: &str) -> Option<u64> {
    match text.strip_suffix('m') {
        Some(number) => decimal(number, 1),
        None => decimal(text, 1_000),
    }
}

/// Bytes: `512Mi`, `1.5Gi`, `1G`, `536870912`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    UNITS
        .iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|number| decimal(number, *factor)))
        .unwrap_or_else(|| decimal(text, 1))
}

/// `text` times `factor`, when that is whole.
fn decimal(text: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let scale = 10u64.pow(u32::try_from(fraction.len()).ok()?);
    let part: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scaled = part.checked_mul(factor)?;
    (scaled % scale == 0).then(|| whole.checked_mul(factor)?.checked_add(scaled / scale)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_size_are_equal() {
        assert_eq!(milli_cpu("2"), milli_cpu("2000m"));
        assert_eq!(milli_cpu("0.5"), Some(500));
        assert_eq!(bytes("4Gi"), bytes("4096Mi"));
        assert_eq!(bytes("0.5Gi"), Some(512 << 20));
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        assert_eq!(milli_cpu("two"), None);
        assert_eq!(milli_cpu("0.0005"), None);
        assert_eq!(bytes("512MB"), None);
        assert_eq!(bytes(""), None);
    }
}
