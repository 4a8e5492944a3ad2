//! Durations as Google's JSON has them: seconds with a unit, and the longer units that Artifact Registry also takes.

/// The nanoseconds of `90d`, `36h`, `5m`, `7776000s` or `1.5s`; none for anything else.
pub(crate) fn nanoseconds(text: &str) -> Option<i128> {
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let factor: i128 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |rest| (true, rest));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    let total = (whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)?).checked_mul(factor)?;
    Some(if negative { -total } else { total })
}

/// The text that an answer carries: whole seconds without a fraction, else three, six or nine digits.
pub(crate) fn text(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let (seconds, rest) = (nanoseconds.abs() / 1_000_000_000, nanoseconds.abs() % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let digits = format!("{rest:09}");
    let digits = digits.strip_suffix("000000").or_else(|| digits.strip_suffix("000")).unwrap_or(&digits);
    format!("{sign}{seconds}.{digits}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_units_become_seconds() {
        for (given, answered) in [("90d", "7776000s"), ("2h", "7200s"), ("60.0s", "60s"), ("1.5s", "1.500s")] {
            assert_eq!(nanoseconds(given).map(text).as_deref(), Some(answered));
        }
        assert_eq!(nanoseconds("5"), None);
        assert_eq!(nanoseconds("five s"), None);
    }
}
