//! Blocks of addresses: `10.0.0.0/16`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why the text is not a block of addresses as EC2 keeps it, and what it may have meant; `None` for one that is.
pub fn refuse(text: &str, is_ipv6: bool) -> Option<String> {
    let form = if is_ipv6 { "2001:db8::/32" } else { "10.0.0.0/16" };
    let not_one = || Some(format!("{text:?} is not a block of addresses such as {form}."));
    let Some((address, length)) = text.split_once('/') else { return not_one() };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u32>()) else { return not_one() };
    let first = match address {
        IpAddr::V4(address) if !is_ipv6 && length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) if is_ipv6 && length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        _ => return not_one(),
    };
    let canonical = format!("{first}/{length}");
    (canonical != text).then(|| format!("{text:?} is kept as {canonical:?}. Write that."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_begins_with_its_first_address() {
        for (text, is_ipv6) in [("10.0.0.0/16", false), ("0.0.0.0/0", false), ("::/0", true), ("2001:db8::/32", true)] {
            assert_eq!(refuse(text, is_ipv6), None, "{text}");
        }
        for (text, is_ipv6, meant) in
            [("10.0.0.1/16", false, "10.0.0.0/16"), ("2001:DB8:0::1/32", true, "2001:db8::/32")]
        {
            assert!(refuse(text, is_ipv6).is_some_and(|why| why.contains(meant)), "{text}");
        }
        for (text, is_ipv6) in [("10.0.0.0", false), ("10.0.0.0/33", false), ("::/0", false), ("10.0.0.0/8", true)] {
            assert!(refuse(text, is_ipv6).is_some_and(|why| why.contains("not a block")), "{text}");
        }
    }
}
