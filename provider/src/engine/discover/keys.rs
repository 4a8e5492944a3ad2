//! KEYs for imported components.

use std::collections::BTreeSet;

use crate::engine::Address;
use crate::engine::kind::AnyKind;

/// The longest KEY.
const LIMIT: usize = 63;

/// A KEY made of a name: snake case, beginning with a letter.
pub(super) fn from_name(name: &str, noun: &str) -> String {
    let mut key = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            key.push(letter.to_ascii_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    let key = key.trim_end_matches('_');
    let key = if key.starts_with(|first: char| first.is_ascii_lowercase()) {
        key.to_owned()
    } else {
        format!("{}_{key}", noun.replace(' ', "_")).trim_end_matches('_').to_owned()
    };
    key.chars().take(LIMIT).collect()
}

/// The addresses of components in the order given, each KEY made unique within its kind.
pub(super) fn keys(wanted: impl Iterator<Item = (&'static AnyKind, String)>) -> Vec<Address> {
    let mut taken = BTreeSet::new();
    wanted
        .map(|(kind, key)| {
            let mut address = Address::new(kind, key.clone());
            let mut number = 2;
            while !taken.insert(address.clone()) {
                let suffix = format!("_{number}");
                let stem: String = key.chars().take(LIMIT - suffix.len()).collect();
                address = Address::new(kind, format!("{stem}{suffix}"));
                number += 1;
            }
            address
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::kinds::KINDS;

    #[test]
    fn a_key_is_the_name_in_snake_case() {
        for (name, key) in [
            ("ct-scan-api", "ct_scan_api"),
            ("[P0] API Downtime!", "p0_api_downtime"),
            ("482907-data", "bucket_482907_data"),
            ("Ünïcode", "n_code"),
        ] {
            assert_eq!(from_name(name, "bucket"), key);
        }
    }

    #[test]
    fn equal_keys_of_one_kind_are_numbered() {
        let kind = KINDS[0];
        let keys = keys([(kind, "a".to_owned()), (kind, "a".to_owned()), (KINDS[1], "a".to_owned())].into_iter());
        assert_eq!(keys.iter().map(|address| address.key.as_str()).collect::<Vec<_>>(), ["a", "a_2", "a"]);
    }
}
