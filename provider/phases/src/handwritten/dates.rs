//! Dates and times in running text.

use crate::Moment;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The first moment that a text names: `2026-02-05`, `2026-01-17T17:13 UTC`, `January 17, 2026`.
pub(super) fn moment(text: &str) -> Option<Moment> {
    iso(text).or_else(|| in_words(text))
}

/// Whether a text is a date and nothing else.
pub(super) fn is_date(text: &str) -> bool {
    text.trim().parse::<Moment>().is_ok() || in_words(text).is_some() && text.trim().len() < 20
}

/// Whether a word is a month, or short for one.
pub(super) fn is_month(word: &str) -> bool {
    month(word).is_some()
}

fn iso(text: &str) -> Option<Moment> {
    for (at, _) in text.char_indices().filter(|(_, character)| character.is_ascii_digit()) {
        let Some(day) = text.get(at..at + 10) else { continue };
        let Ok(moment) = day.parse::<Moment>() else { continue };
        return Some(time(&text[at + 10..]).and_then(|time| format!("{day}{time}").parse().ok()).unwrap_or(moment));
    }
    None
}

/// `T17:13 UTC` as RFC 3339 writes it.
fn time(rest: &str) -> Option<String> {
    let rest = rest.strip_prefix(['T', ' '])?;
    let clock: String = rest.chars().take_while(|character| character.is_ascii_digit() || *character == ':').collect();
    let zone = rest[clock.len()..].trim_start();
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock };
    let offset = zone.get(..6).filter(|offset| offset.starts_with(['+', '-']));
    match offset {
        Some(offset) => Some(format!("T{clock}{offset}")),
        None if zone.starts_with('Z') || zone.starts_with("UTC") || zone.starts_with("GMT") => {
            Some(format!("T{clock}Z"))
        }
        None => None,
    }
}

fn month(word: &str) -> Option<usize> {
    let word = word.trim_end_matches(['.', ',']).to_ascii_lowercase();
    let fits = |month: &str| month == word || word.len() == 3 && month.starts_with(&word);
    MONTHS.iter().position(|month| fits(month)).map(|index| index + 1)
}

fn in_words(text: &str) -> Option<Moment> {
    let number = |word: &str| {
        let word = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
        word.trim_end_matches(|character: char| character.is_ascii_lowercase()).parse::<u32>().ok()
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).find_map(|three| {
        let (month, day) = match (month(three[0]), month(three[1])) {
            (Some(month), _) => (month, number(three[1])?),
            (None, Some(month)) => (month, number(three[0])?),
            (None, None) => return None,
        };
        format!("{:04}-{month:02}-{day:02}", number(three[2])?).parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_as_people_write_them() {
        let cases = [
            ("2026-02-05 (Phase 2 COMPLETE)", "2026-02-05"),
            ("Deployment - January 17, 2026", "2026-01-17"),
            ("on 3rd Mar 2026", "2026-03-03"),
            ("paused at: 2026-01-17T17:13 UTC", "2026-01-17T17:13:00Z"),
            ("2026-01-17T16:41:42Z", "2026-01-17T16:41:42Z"),
        ];
        for (text, wanted) in cases {
            assert_eq!(moment(text).map(|moment| moment.as_str().to_owned()).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(moment("Week 3 of 2026-13"), None);
    }
}
