//! Where each phase lies: on a scale of time where dates are known, and after it, in order, where they are not.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, Unit};

use crate::{Document, Rollout, Status};

/// The axis and what lies on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Places {
    /// The part of the axis that is a scale of time, from 0 to this share of it; 0 when no dates are known.
    pub(super) dated: f64,
    /// Days that are marked on the scale, with their place.
    pub(super) days: Vec<(Date, f64)>,
    /// Where each phase begins and ends, in the order of the phases; the whole axis is 1.
    pub(super) phases: Vec<(f64, f64)>,
}

/// The most days that are marked.
const MARKS: i64 = 4;
/// Distances of marks, in days.
const DISTANCES: [i64; 14] = [1, 2, 3, 5, 7, 14, 28, 56, 91, 182, 365, 730, 1_825, 3_650];

impl Places {
    /// Places the phases of a rollout.
    ///
    /// Time is used when all phases that were worked on say when; one without dates among them could lie anywhere.
    pub(super) fn of(rollout: &Rollout) -> Self {
        let phases = rollout.phases();
        let spans: Vec<Option<(Timestamp, Timestamp)>> = phases.iter().map(span).collect();
        let worked = |phase: &Document| matches!(phase.status, Status::Completed | Status::InProgress);
        let all = phases.iter().zip(&spans).all(|(phase, span)| span.is_some() || !worked(phase));
        let scale = Scale::of(&spans).filter(|_| all);
        let spans = if scale.is_some() { spans } else { vec![None; phases.len()] };
        let slots = slots(phases, &spans);
        let columns = slots.iter().flatten().max().map_or(0, |last| last + 1);
        let dated = match (&scale, columns) {
            (None, _) => 0.0,
            (Some(_), 0) => 1.0,
            (Some(_), columns) => {
                let dated = spans.iter().flatten().count();
                (ratio(dated, dated + columns)).clamp(0.35, 0.65)
            }
        };
        let places = spans.iter().zip(&slots).map(|(span, slot)| match (span, &scale) {
            (Some((start, end)), Some(scale)) => (scale.at(*start) * dated, scale.at(*end) * dated),
            _ => {
                let slot = slot.unwrap_or(0);
                let at = |slot: usize| dated + (1.0 - dated) * ratio(slot, columns.max(1));
                (at(slot), at(slot + 1))
            }
        });
        Self { dated, phases: places.collect(), days: scale.map(|scale| scale.marks(dated)).unwrap_or_default() }
    }
}

/// From when to when a phase lies. One that goes on, or that says only one date, is a day long at least.
fn span(phase: &Document) -> Option<(Timestamp, Timestamp)> {
    let start = phase.started_at.as_ref().or(phase.completed_at.as_ref())?;
    let end = phase.completed_at.as_ref().unwrap_or(start);
    let (start, end) = (start.earliest(), end.latest());
    Some((start, end.max(start)))
}

/// The columns of phases without dates: each after those that it comes after, or after the one before it.
fn slots(phases: &[Document], spans: &[Option<(Timestamp, Timestamp)>]) -> Vec<Option<usize>> {
    let mut slots: Vec<Option<usize>> = Vec::with_capacity(phases.len());
    for (index, phase) in phases.iter().enumerate() {
        let before =
            phases[..index].iter().zip(&slots).filter(|(other, _)| phase.depends_on_phases.contains(&other.phase));
        let slot = if phase.depends_on_phases.is_empty() {
            slots.iter().flatten().max().map_or(0, |last| last + 1)
        } else {
            before.filter_map(|(_, slot)| *slot).max().map_or(0, |last| last + 1)
        };
        slots.push(spans[index].is_none().then_some(slot));
    }
    slots
}

/// The time that dated phases lie in, in whole days.
struct Scale {
    first: Date,
    days: i64,
}

impl Scale {
    fn of(spans: &[Option<(Timestamp, Timestamp)>]) -> Option<Self> {
        let day = |time: Timestamp| time.to_zoned(jiff::tz::TimeZone::UTC).date();
        let first = day(spans.iter().flatten().map(|(start, _)| *start).min()?);
        let last = day(spans.iter().flatten().map(|(_, end)| *end).max()?);
        let days = i64::from(first.until((Unit::Day, last)).ok()?.get_days());
        Some(Self { first, days: days.max(1) })
    }

    /// Where a time lies, from 0 to 1.
    fn at(&self, time: Timestamp) -> f64 {
        let Ok(first) = self.first.to_zoned(jiff::tz::TimeZone::UTC) else { return 0.0 };
        (time.duration_since(first.timestamp()).as_secs_f64() / (real(self.days) * 86_400.0)).clamp(0.0, 1.0)
    }

    fn marks(&self, dated: f64) -> Vec<(Date, f64)> {
        let distance = DISTANCES.into_iter().find(|distance| self.days / distance < MARKS).unwrap_or(self.days);
        (0..)
            .map(|index| index * distance)
            .take_while(|day| *day <= self.days)
            .filter_map(|day| Some((self.first.checked_add(day.days()).ok()?, real(day) / real(self.days) * dated)))
            .collect()
    }
}

// Counts of phases and of days are far below what a float holds exactly.
#[allow(clippy::cast_precision_loss)]
fn real(number: i64) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss)]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{self, at, id};
    use super::*;

    fn phase(name: &str, after: &[&str], dates: Option<(&str, &str)>) -> Document {
        let mut phase = Document::new(id(name), "A phase");
        phase.depends_on_phases = after.iter().map(|name| id(name)).collect();
        if let Some((start, end)) = dates {
            phase.status = Status::Completed;
            phase.started_at = Some(at(start));
            phase.completed_at = Some(at(end));
        }
        phase
    }

    fn places(phases: &[Document]) -> Places {
        Places::of(&Rollout::new(phases.to_vec()))
    }

    #[test]
    fn phases_with_dates_lie_where_their_dates_are() {
        let dated = places(&[
            phase("1", &[], Some(("2026-02-02", "2026-02-02"))),
            phase("2", &["1"], Some(("2026-02-03", "2026-02-05"))),
        ]);
        assert_eq!((dated.dated, dated.phases), (1.0, vec![(0.0, 0.25), (0.25, 1.0)]));
    }

    #[test]
    fn without_dates_phases_lie_in_their_order() {
        let ordered = places(&[phase("1", &[], None), phase("2", &["1"], None), phase("3", &["1"], None)]);
        assert_eq!((ordered.dated, ordered.phases), (0.0, vec![(0.0, 0.5), (0.5, 1.0), (0.5, 1.0)]));
    }

    #[test]
    fn phases_without_dates_come_after_those_with_dates() {
        let mixed = places(sample::rollout().phases());
        let last = mixed.phases[1].1;
        assert!(mixed.phases[2..].iter().all(|(start, _)| *start >= last), "{mixed:?}");
    }

    #[test]
    fn one_completed_phase_without_dates_makes_all_lie_in_order() {
        let mut undated = phase("2", &["1"], None);
        undated.status = Status::Completed;
        assert_eq!(places(&[phase("1", &[], Some(("2026-02-02", "2026-02-02"))), undated]).dated, 0.0);
    }

    #[test]
    fn a_few_days_are_marked_however_long_it_takes() {
        for end in ["2026-02-02", "2026-02-20", "2027-02-02", "2199-01-01"] {
            let marks = places(&[phase("1", &[], Some(("2026-02-02", end)))]).days.len();
            assert!((2..=5).contains(&marks), "{marks} until {end}");
        }
    }
}
