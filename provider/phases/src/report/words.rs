//! Words for figures: states, dates, lengths of time, counts, bars.

use jiff::tz::TimeZone;

use crate::{Document, Moment, Status};

/// The sign for a state; its words stand beside it.
pub(super) fn mark(status: Status) -> &'static str {
    match status {
        Status::NotStarted => "⏸️",
        Status::Ready => "⏳",
        Status::InProgress => "🔄",
        Status::Blocked => "⛔",
        Status::Completed => "✅",
    }
}

/// A state, as a sentence begins: `✅ Completed`.
pub(super) fn state(status: Status) -> String {
    format!("{} {}", mark(status), capitalised(status.words()))
}

/// `Phase 5-6: Monitoring in shadow mode`.
pub(super) fn name(document: &Document) -> String {
    format!("Phase {}: {}", document.phase, document.title)
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The text with a capital at its beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// A bar of `width` characters.
pub(super) fn bar(percent: u8, width: usize) -> String {
    let full = (usize::from(percent) * width / 100).min(width);
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

/// A day as it is, and a point in time to the minute: `2026-02-05 14:03 UTC`.
pub(super) fn moment(moment: &Moment) -> String {
    if is_point(moment) {
        moment.earliest().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
    } else {
        moment.day().to_string()
    }
}

/// From when to when, as far as it is known: `2026-02-02 to 2026-02-05 (3 days)`, `since 2026-02-02`.
pub(super) fn dates(document: &Document) -> Option<String> {
    match (&document.started_at, &document.completed_at) {
        (Some(start), Some(end)) if start.day() == end.day() => {
            let length = duration(document).filter(|_| is_point(start) && is_point(end));
            Some(length.map_or_else(|| start.day().to_string(), |length| format!("{} ({length})", start.day())))
        }
        (Some(start), Some(end)) => {
            let length = duration(document).map(|length| format!(" ({length})")).unwrap_or_default();
            Some(format!("{} to {}{length}", start.day(), end.day()))
        }
        (Some(start), None) => Some(format!("since {}", start.day())),
        (None, Some(end)) => Some(end.day().to_string()),
        (None, None) => None,
    }
}

/// How long it took: whole days, or hours and minutes when both ends are points in time less than two days apart.
pub(super) fn duration(document: &Document) -> Option<String> {
    let (start, end) = (document.started_at.as_ref()?, document.completed_at.as_ref()?);
    let minutes = end.earliest().duration_since(start.earliest()).as_mins();
    if minutes < 0 {
        return None;
    }
    let minutes = usize::try_from(minutes).ok()?;
    let (hours, rest) = (minutes / 60, minutes % 60);
    if !(is_point(start) && is_point(end)) || hours >= 48 {
        let days = start.day().until(end.day()).ok()?.get_days();
        return Some(count(usize::try_from(days).ok()?.max(1), "day"));
    }
    Some(match (hours, rest) {
        (0, _) => count(rest.max(1), "minute"),
        (_, 0) => count(hours, "hour"),
        _ => format!("{} {}", count(hours, "hour"), count(rest, "minute")),
    })
}

fn is_point(moment: &Moment) -> bool {
    moment.earliest() == moment.latest()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(start: &str, end: &str) -> Document {
        let mut phase = Document::new("1".parse().unwrap(), "A phase");
        phase.started_at = (!start.is_empty()).then(|| start.parse().unwrap());
        phase.completed_at = (!end.is_empty()).then(|| end.parse().unwrap());
        phase
    }

    #[test]
    fn days_are_counted_from_day_to_day_and_at_least_one() {
        assert_eq!(duration(&phase("2026-02-02", "2026-02-05")).as_deref(), Some("3 days"));
        assert_eq!(duration(&phase("2026-02-02", "2026-02-02")).as_deref(), Some("1 day"));
        assert_eq!(duration(&phase("2025-12-31", "2026-03-01T10:00:00Z")).as_deref(), Some("60 days"));
    }

    #[test]
    fn less_than_two_days_between_points_in_time_are_hours_and_minutes() {
        let until = |end| duration(&phase("2026-02-02T08:00:00Z", end)).unwrap();
        assert_eq!(until("2026-02-02T09:30:00Z"), "1 hour 30 minutes");
        assert_eq!(until("2026-02-02T12:00:30Z"), "4 hours");
        assert_eq!(until("2026-02-02T08:00:10Z"), "1 minute");
        assert_eq!(until("2026-02-05T07:00:00Z"), "3 days");
    }

    #[test]
    fn an_end_before_the_start_has_no_length() {
        assert_eq!(duration(&phase("2026-02-05", "2026-02-02")), None);
    }

    #[test]
    fn dates_say_what_is_known() {
        assert_eq!(dates(&phase("", "")), None);
        assert_eq!(dates(&phase("2026-02-02T08:00:00Z", "")).as_deref(), Some("since 2026-02-02"));
        assert_eq!(dates(&phase("", "2026-02-02")).as_deref(), Some("2026-02-02"));
        assert_eq!(dates(&phase("2026-02-02", "2026-02-02")).as_deref(), Some("2026-02-02"));
        assert_eq!(dates(&phase("2026-02-02", "2026-02-05")).as_deref(), Some("2026-02-02 to 2026-02-05 (3 days)"));
    }

    #[test]
    fn a_point_in_time_is_told_to_the_minute_in_utc() {
        assert_eq!(moment(&"2026-02-05T14:03:59+02:00".parse().unwrap()), "2026-02-05 12:03 UTC");
    }

    #[test]
    fn a_bar_is_full_only_at_a_hundred_percent() {
        assert_eq!((bar(0, 4), bar(99, 4), bar(100, 4)), ("░░░░".into(), "███░".into(), "████".into()));
    }
}
