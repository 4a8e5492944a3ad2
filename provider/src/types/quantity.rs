//! Quantities as Kubernetes and Cloud Run write them: memory `4Gi`, `4096Mi`, `512M`; cpu `2`, `2000m`, `0.5`.
//! Exact down to a thousand-millionth of the unit, which is as fine as Kubernetes goes.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// An amount, equal to every other spelling of the same amount.
#[derive(Clone, Debug)]
pub struct Quantity {
    text: String,
    nanos: u128,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// No text.
    #[error("a quantity cannot be empty; write memory as 512Mi or 4Gi, cpu as 1, 0.5 or 500m")]
    Empty,
    /// Not a decimal number in front.
    #[error(
        "a quantity is a number with a suffix: memory as 512Mi or 4Gi, cpu as 1, 0.5 or 500m; it has no sign and no spaces"
    )]
    Number,
    /// A suffix that is none of Kubernetes'.
    #[error(
        "the suffix of a quantity is Ki, Mi, Gi, Ti, Pi, Ei (powers of 1024), k, M, G, T, P, E (powers of 1000) or m (thousandths); mind the case of letters"
    )]
    Suffix,
    /// Finer than a thousand-millionth.
    #[error("a quantity is at most exact to nine decimals")]
    TooFine,
    /// Larger than can be counted.
    #[error("the quantity is too large")]
    TooLarge,
}

const ONE: u128 = 1_000_000_000;

impl Quantity {
    /// The amount in whole units (bytes, cpus), if it is whole.
    pub fn whole(&self) -> Option<u128> {
        self.nanos.is_multiple_of(ONE).then_some(self.nanos / ONE)
    }

    /// The amount in thousandths (of a cpu), if those are whole.
    pub fn thousandths(&self) -> Option<u128> {
        self.nanos.is_multiple_of(ONE / 1000).then_some(self.nanos / (ONE / 1000))
    }

    /// The amount in thousandths, those that are not whole left out.
    pub fn thousandths_at_least(&self) -> u128 {
        self.nanos / (ONE / 1000)
    }

    /// As it is sent: in the user's spelling, which the APIs understand.
    pub fn to_wire(&self) -> String {
        self.text.clone()
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Empty);
        }
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (number, ""),
        };
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(QuantityError::Number);
        }
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let mantissa: u128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| QuantityError::TooLarge)? };
        let scale = Scale::of(suffix)?;
        let places = i64::try_from(fraction.len()).map_err(|_| QuantityError::TooFine)?;
        let nanos = scale.apply(mantissa, places)?;
        Ok(Quantity { text: text.to_owned(), nanos })
    }
}

/// A suffix as a power of two and one of ten.
struct Scale {
    twos: u32,
    tens: i64,
}

impl Scale {
    fn of(suffix: &str) -> Result<Scale, QuantityError> {
        let binary = |twos| Ok(Scale { twos, tens: 0 });
        let decimal = |tens| Ok(Scale { twos: 0, tens });
        match suffix {
            "" => decimal(0),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            exponent if exponent.starts_with(['e', 'E']) => {
                let exponent: i8 = exponent[1..].parse().map_err(|_| QuantityError::Suffix)?;
                decimal(i64::from(exponent))
            }
            sign if sign.starts_with(['-', '+', ' ']) => Err(QuantityError::Number),
            _ => Err(QuantityError::Suffix),
        }
    }

    /// The mantissa with `places` decimals, in thousand-millionths.
    fn apply(&self, mantissa: u128, places: i64) -> Result<u128, QuantityError> {
        if mantissa == 0 {
            return Ok(0);
        }
        let mut amount = mantissa.checked_mul(1 << self.twos).ok_or(QuantityError::TooLarge)?;
        let mut tens = self.tens - places + 9;
        while tens > 0 {
            amount = amount.checked_mul(10).ok_or(QuantityError::TooLarge)?;
            tens -= 1;
        }
        while tens < 0 {
            if amount % 10 != 0 {
                return Err(QuantityError::TooFine);
            }
            amount /= 10;
            tens += 1;
        }
        Ok(amount)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

super::text_scalar!(Quantity, canonical: |quantity: &Quantity| format!("{}n", quantity.nanos));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_amount_are_equal_and_keep_their_spelling() {
        for (one, other) in [
            ("4Gi", "4096Mi"),
            ("2", "2000m"),
            ("0.5", "500m"),
            ("1k", "1e3"),
            ("1E", "1e18"),
            ("0.5Gi", "512Mi"),
            ("1.50", "1500m"),
            ("0", "0Mi"),
        ] {
            assert_eq!(amount(one), amount(other), "{one} {other}");
        }
        assert_ne!(amount("512M"), amount("512Mi"));
        assert_eq!(amount("4096Mi").to_string(), "4096Mi");
    }

    #[test]
    fn bytes_and_millicpus_can_be_had() {
        assert_eq!(amount("512Mi").whole(), Some(536_870_912));
        assert_eq!(amount("0.5").thousandths(), Some(500));
        assert_eq!((amount("0.5").whole(), amount("1u").thousandths()), (None, None));
    }

    #[test]
    fn amounts_are_ordered() {
        assert!(amount("1000m") < amount("1001m") && amount("1Gi") > amount("1G"));
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        let cases = [
            ("", QuantityError::Empty),
            ("Mi", QuantityError::Number),
            (".", QuantityError::Number),
            ("1.2.3", QuantityError::Number),
            ("-1", QuantityError::Number),
            ("1 Gi", QuantityError::Number),
            ("1gb", QuantityError::Suffix),
            ("1mi", QuantityError::Suffix),
            ("1GiB", QuantityError::Suffix),
            ("1ex", QuantityError::Suffix),
            ("0.1n", QuantityError::TooFine),
            ("99999999999999999999999999Ei", QuantityError::TooLarge),
            ("1e99", QuantityError::TooLarge),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Quantity>(), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn suffixes_are_multiples(count in 0u64..1_000_000) {
            prop_assert_eq!(amount(&format!("{count}Gi")), amount(&format!("{}Mi", count * 1024)));
            prop_assert_eq!(amount(&format!("{count}")), amount(&format!("{}m", count * 1000)));
            prop_assert_eq!(amount(&format!("{count}M")), amount(&format!("{count}e6")));
        }

        #[test]
        fn trailing_zeros_mean_nothing(count in 0u64..1_000_000, zeros in 0usize..30) {
            prop_assert_eq!(amount(&format!("{count}.{}", "0".repeat(zeros + 1))), amount(&count.to_string()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            if let Ok(parsed) = text.parse::<Quantity>() {
                prop_assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
