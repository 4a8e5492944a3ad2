//! Exact decimal numbers.
//!
//! Terraform's numbers are wider than any machine type and travel as decimal text whenever a double would round them.
//! A [`Number`] keeps the digits it was given, so that what goes in comes out, and compares by value.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The longest text that is read as a number. Terraform itself computes with some 150 digits.
const MAX_TEXT: usize = 16 * 1024;
/// The most significant digits.
const MAX_DIGITS: usize = 2048;
/// How far the decimal point may be from the digits.
const MAX_SCALE: i64 = 8192;

/// An exact decimal number. Equality, order and hash go by value: `1.0` is `1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Number(Box<Decimal>);

/// Apart, because numbers are rare in trees and large.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Decimal {
    negative: bool,
    /// Significant digits, without zeros at either end; empty is zero.
    digits: String,
    /// The power of ten that the digits, read as an integer, are multiplied with; 0 for zero.
    exponent: i64,
}

/// Why a text or a float is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Something other than digits, a point and an exponent.
    #[error("this is not a decimal number")]
    Syntax,
    /// More digits, or a larger exponent, than a configuration can mean.
    #[error("the number has too many digits")]
    TooLong,
    /// Not a number, or infinite.
    #[error("a number must be finite")]
    NotFinite,
}

impl Number {
    /// The number as a whole `i64`, if it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.0.exponent < 0 || self.0.exponent > 19 {
            return None;
        }
        self.to_string().parse().ok()
    }

    /// The number as a whole `u64`, if it is one and fits.
    pub fn to_u64(&self) -> Option<u64> {
        if self.0.exponent < 0 || self.0.exponent > 20 || self.0.negative {
            return None;
        }
        self.to_string().parse().ok()
    }

    /// The nearest `f64`; infinite when it is out of range.
    pub fn to_f64(&self) -> f64 {
        let sign = if self.0.negative { "-" } else { "" };
        let digits = if self.0.digits.is_empty() { "0" } else { &self.0.digits };
        format!("{sign}{digits}e{}", self.0.exponent).parse().unwrap_or(f64::NAN)
    }

    /// Whether there is nothing behind the decimal point.
    pub fn is_integer(&self) -> bool {
        self.0.exponent >= 0
    }

    fn from_parts(negative: bool, digits: &str, exponent: i64) -> Result<Self, NumberError> {
        let digits = digits.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Ok(Self::default());
        }
        let shift = i64::try_from(digits.len() - significant.len()).map_err(|_| NumberError::TooLong)?;
        let exponent = exponent.checked_add(shift).ok_or(NumberError::TooLong)?;
        if significant.len() > MAX_DIGITS || exponent.abs() > MAX_SCALE {
            return Err(NumberError::TooLong);
        }
        Ok(Self(Box::new(Decimal { negative, digits: significant.to_owned(), exponent })))
    }

    /// The position of the first digit relative to the decimal point; decides which of two numbers is larger.
    fn magnitude(&self) -> i64 {
        // At most MAX_DIGITS + MAX_SCALE: cannot overflow.
        self.0.exponent + self.0.digits.len() as i64
    }

    fn sign(&self) -> i8 {
        match (self.0.digits.is_empty(), self.0.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() > MAX_TEXT {
            return Err(NumberError::TooLong);
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(NumberError::Syntax);
        }
        let digits = format!("{whole}{fraction}");
        // The fraction is at most MAX_TEXT long.
        let exponent = exponent.checked_sub(fraction.len() as i64).ok_or(NumberError::TooLong)?;
        Self::from_parts(negative, &digits, exponent)
    }
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    // The plus sign is understood by the parser of integers; what does not fit is absurd.
    text.parse().map_err(|_| NumberError::TooLong)
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    /// The shortest decimal that reads back as this double.
    fn try_from(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotFinite);
        }
        format!("{value:e}").parse()
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => { $(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                // A machine integer has at most 20 digits and no exponent: it is always within the bounds.
                value.to_string().parse().unwrap_or_default()
            }
        }
    )* };
}

from_integers!(i64 u64 i32 u32);

impl fmt::Display for Number {
    /// The shortest decimal text, without an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.digits.is_empty() {
            return f.write_str("0");
        }
        if self.0.negative {
            f.write_str("-")?;
        }
        let zeros = |f: &mut fmt::Formatter<'_>, count: i64| (0..count).try_for_each(|_| f.write_str("0"));
        let point = self.magnitude();
        if self.0.exponent >= 0 {
            f.write_str(&self.0.digits)?;
            zeros(f, self.0.exponent)
        } else if point <= 0 {
            f.write_str("0.")?;
            zeros(f, -point)?;
            f.write_str(&self.0.digits)
        } else {
            // `point` lies inside the digits: 0 < point < digits.len().
            let (whole, fraction) = self.0.digits.split_at(point as usize);
            write!(f, "{whole}.{fraction}")
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size =
            || self.magnitude().cmp(&other.magnitude()).then_with(|| self.0.digits.as_str().cmp(&other.0.digits));
        self.sign().cmp(&other.sign()).then_with(|| if self.0.negative { by_size().reverse() } else { by_size() })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        for (a, b) in [("1", "1.0"), ("1e3", "1000"), ("0.10", ".1"), ("-0", "0"), ("+5", "5"), ("1E+2", "100")] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
    }

    #[test]
    fn text_keeps_every_digit() {
        for text in [
            "0",
            "0.1",
            "-2.5",
            "9007199254740993",
            "0.12345678901234567890123",
            "123456789.123456789123",
            "18446744073709551617",
        ] {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number("1e30").to_string(), format!("1{}", "0".repeat(30)));
    }

    #[test]
    fn absurd_numbers_are_refused() {
        let refused = |text: &str| text.parse::<Number>().unwrap_err();
        assert_eq!(refused("1e999999999"), NumberError::TooLong);
        assert_eq!(refused("1e99999999999999999999999"), NumberError::TooLong);
        assert_eq!(refused(&"9".repeat(5000)), NumberError::TooLong);
        for text in ["", "-", ".", "1.2.3", "1e", "e5", "0x10", "1_000", "NaN", "1e--5", "--1", "1e5.5", "é"] {
            assert_eq!(refused(text), NumberError::Syntax, "{text}");
        }
        assert_eq!(Number::try_from(f64::NAN), Err(NumberError::NotFinite));
    }

    #[test]
    fn integers_convert_only_when_they_fit() {
        assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(number("-9223372036854775808").to_i64(), Some(i64::MIN));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("1.5").to_i64(), None);
        assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn order_agrees_with_integers(a: i64, b: i64) {
            prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), a.cmp(&b));
        }

        #[test]
        fn order_agrees_with_floats(a in -1e300..1e300f64, b in -1e-300..1e300f64) {
            prop_assert_eq!(Number::try_from(a).unwrap().partial_cmp(&Number::try_from(b).unwrap()), a.partial_cmp(&b));
        }

        #[test]
        fn floats_come_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            prop_assert_eq!(Number::try_from(value).unwrap().to_f64(), value);
        }

        #[test]
        fn display_parses_to_the_same(whole in "[0-9]{1,40}", fraction in "[0-9]{0,40}", exponent in -50i32..50) {
            let number: Number = format!("-{whole}.{fraction}e{exponent}").parse().unwrap();
            prop_assert_eq!(number.to_string().parse::<Number>().unwrap(), number);
        }

        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = text.parse::<Number>();
        }
    }
}
