//! An amount of money: whole units, and thousand-millionths of one.

use serde_json::Value as Json;
use tfplugin::{Dynamic, Number};

use crate::engine::marks::Codec;
use crate::engine::wire;

/// The specified amount, but for its currency.
pub(super) struct Amount;

const UNITS: &str = "amount.specifiedAmount.units";
const NANOS: &str = "amount.specifiedAmount.nanos";
const PLACES: usize = 9;

/// Units and nanos of a decimal text; digits beyond are dropped.
fn split(text: &str) -> (String, u32) {
    let (units, fraction) = text.split_once('.').unwrap_or((text, ""));
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(PLACES).collect();
    (units.to_owned(), nanos.parse().unwrap_or_default())
}

/// The amount as it is sent.
pub(super) fn sent(amount: &Number) -> Number {
    let (units, nanos) = split(&amount.to_string());
    format!("{units}.{nanos:09}").parse().unwrap_or_else(|_| amount.clone())
}

impl Codec for Amount {
    fn read(&self, body: &Json) -> Dynamic {
        if wire::get(body, "amount.specifiedAmount").is_none() {
            return Dynamic::Null;
        }
        let text = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let units = wire::get(body, UNITS).map_or_else(|| "0".to_owned(), text);
        let nanos = wire::get(body, NANOS).and_then(Json::as_u64).unwrap_or_default();
        format!("{units}.{nanos:09}").parse::<Number>().map_or(Dynamic::Null, Dynamic::Number)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let Some(amount) = value.as_number() else { return wire::remove(body, "amount.specifiedAmount") };
        let (units, nanos) = split(&amount.to_string());
        wire::put(body, UNITS, Json::from(units));
        wire::put(body, NANOS, if nanos == 0 { Json::Null } else { Json::from(nanos) });
    }
    fn masks(&self) -> &'static [&'static str] {
        &[UNITS, NANOS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_units_and_nanos() {
        assert_eq!(split("500"), ("500".to_owned(), 0));
        assert_eq!(split("99.5"), ("99".to_owned(), 500_000_000));
        assert_eq!(split("0.000000001"), ("0".to_owned(), 1));
    }

    #[test]
    fn places_beyond_the_ninth_are_not_sent() {
        let number = |text: &str| text.parse::<Number>().unwrap();
        assert_eq!(sent(&number("33.33333333333333333")), number("33.333333333"));
        assert_eq!(sent(&number("1e3")), number("1000"));
    }
}
