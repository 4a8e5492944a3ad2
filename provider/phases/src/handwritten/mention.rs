//! Where a text speaks of phases: `Phase 5-6: Monitoring Shadow Mode (Weeks 5-6) - PENDING`.

use super::dates;
use super::marks::{self, Mark, leading_status, plain};
use crate::{Moment, PhaseId, Status};

/// A phase that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) phase: PhaseId,
    /// Where it stands in the text.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text that is about one phase and begins with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    pub(super) phase: PhaseId,
    pub(super) title: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) schedule: Option<String>,
    pub(super) date: Option<Moment>,
}

/// All phases that a text names, in order.
pub(super) fn mentions(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 5 < bytes.len() {
        let boundary = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if !(boundary && bytes[at..at + 5].eq_ignore_ascii_case(b"phase")) {
            at += 1;
            continue;
        }
        let start = at;
        at += 5;
        let rest = &text[at..];
        let id = rest.trim_start();
        let gap = rest.len() - id.len();
        let candidate: String =
            id.chars().take(30).take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '–')).collect();
        let candidate = candidate.trim_end_matches(['.', '-', '–']);
        if gap > 0
            && let Some(phase) = longest_id(candidate)
        {
            let end = at + gap + phase.1;
            found.push(Mention { phase: phase.0, start, end });
            at = end;
        }
    }
    found
}

/// The phase that a text begins with, and how many bytes name it.
fn longest_id(text: &str) -> Option<(PhaseId, usize)> {
    let single = text.split(['-', '–']).next().unwrap_or_default();
    [text, single].into_iter().find_map(|text| {
        let phase = text.replace('–', "-").parse().ok()?;
        Some((phase, text.len()))
    })
}

/// Phases in a list of them: `Phase 2 (COMPLETE)`, `Phases 1, 2 and 3.5`.
pub(super) fn listed(text: &str) -> Vec<PhaseId> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '+' | '&' | '(' | ')' | '*' | '`'));
    let mut phases: Vec<PhaseId> = Vec::new();
    for phase in words.filter_map(|word| word.replace('–', "-").parse().ok()).take(100) {
        if !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    phases
}

/// Every phase whose status a text tells: `✅ Phase 1 Complete | 🔄 Phase 2 Starting`.
pub(super) fn statements(text: &str) -> Vec<(PhaseId, Status)> {
    text.split('|').take(MOST_STATEMENTS).flat_map(clause).collect()
}

/// One line does not tell of more phases than this.
const MOST_STATEMENTS: usize = 50;

fn clause(text: &str) -> Vec<(PhaseId, Status)> {
    let statement = |mention: Mention| {
        let rest = text[mention.end..].trim_start();
        let rest = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')).map_or(rest, |(_, rest)| rest);
        let rest = rest.trim_start_matches([':', ' ', '*', '-', '–', '—']);
        let stated = match leading_status(rest) {
            Some((status, _)) => Some(status),
            None if plain(rest).is_empty() => marks::mark(text).map(Mark::status),
            None => None,
        };
        stated.map(|status| (mention.phase, status))
    };
    mentions(text).into_iter().take(MOST_STATEMENTS).filter_map(statement).collect()
}

/// Reads a heading or a line that begins with the name of a phase.
///
/// `None` when it only speaks of one: `Phase 2 Import Issues`, `After Phase 2`.
pub(super) fn declaration(text: &str) -> Option<Declaration> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '`');
    let mention = mentions(text).into_iter().next().filter(|first| first.start == 0)?;
    let rest = text[mention.end..].trim_start_matches(['*', ' ']);
    let begins = rest.starts_with([':', '-', '–', '—', '(']) || rest.is_empty() || rest.starts_with(marks::is_ornament);
    if !begins && leading_status(rest).is_none() {
        return None;
    }
    let mut declared = Declaration { phase: mention.phase, title: None, status: None, schedule: None, date: None };
    let (title, mark) = match marks::split_at_mark(rest) {
        Some((before, mark, after)) => {
            let after = declared.take_brackets(&plain(after));
            if let Some((status, _)) = leading_status(&after) {
                declared.status = Some(status);
            }
            (before, Some(mark))
        }
        None => (rest, None),
    };
    let mut title = declared.take_brackets(plain(title).trim_start_matches([':', '-', '–', '—', ' ']));
    if let Some((status, "")) = leading_status(&title) {
        declared.status.get_or_insert(status);
        title.clear();
    }
    for separator in [" - ", " – ", " — ", ": "] {
        let Some((before, after)) = title.rsplit_once(separator) else { continue };
        if let Some((status, rest)) = leading_status(after)
            && (rest.is_empty() || rest.starts_with('('))
        {
            declared.status.get_or_insert(status);
            title = declared.take_brackets(before);
            break;
        }
    }
    if let Some((before, kind)) = title.rsplit_once(" - ")
        && ["roadmap", "plan", "overview"].iter().any(|word| kind.to_ascii_lowercase().ends_with(word))
    {
        // What kind of text it is, not what the phase is called.
        title.truncate(before.trim_end().len());
    }
    declared.status = declared.status.or_else(|| mark.map(Mark::status));
    declared.title = Some(title).filter(|title| !title.is_empty());
    Some(declared)
}

impl Declaration {
    /// Takes what brackets at the end of a text say, and gives the text before them.
    fn take_brackets(&mut self, text: &str) -> String {
        let mut text = text.trim();
        while let Some((before, inside)) = text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
            if let Some((status, "")) = leading_status(inside) {
                self.status.get_or_insert(status);
            } else if dates::is_date(inside) {
                self.date = dates::moment(inside);
            } else if is_schedule(inside) {
                self.schedule = Some(inside.trim().to_owned());
            } else if !is_share(inside) {
                break;
            }
            text = before.trim_end();
        }
        text.to_owned()
    }
}

/// `Week 3`, `Weeks 5-6`, `Day 1`, `November 26 to 30`, `Q3`.
fn is_schedule(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let units = ["week", "weeks", "day", "days", "month", "months", "sprint", "sprints", "q1", "q2", "q3", "q4"];
    units.contains(&first.as_str()) || dates::is_month(&first) && text.len() < 60
}

/// `100%`, `7/7 fixed`.
fn is_share(text: &str) -> bool {
    let number = text.trim().trim_end_matches('%');
    text.contains('%') && number.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, Option<Status>, String) {
        let found = declaration(text).unwrap_or_else(|| panic!("{text:?} declares nothing"));
        let more = found.schedule.or(found.date.map(|date| date.as_str().to_owned())).unwrap_or_default();
        (found.phase.to_string(), found.title.unwrap_or_default(), found.status, more)
    }

    #[test]
    fn headings_give_title_status_and_schedule() {
        let cases = [
            (
                "✅ Phase 1: Terraform Foundation (Week 1) - COMPLETED",
                "1",
                "Terraform Foundation",
                Some(Status::Completed),
                "Week 1",
            ),
            (
                "Phase 1: Terraform Foundation ✅ COMPLETED (2026-02-02)",
                "1",
                "Terraform Foundation",
                Some(Status::Completed),
                "2026-02-02",
            ),
            (
                "⏳ Phase 5-6: Shadow Mode (Weeks 5-6) - PENDING",
                "5-6",
                "Shadow Mode",
                Some(Status::NotStarted),
                "Weeks 5-6",
            ),
            ("Phase 2: Import Existing   🔄 STARTING (0%)", "2", "Import Existing", Some(Status::InProgress), ""),
            ("Phase 2 - Import (IN PROGRESS)", "2", "Import", Some(Status::InProgress), ""),
            ("🏗️ Phase 3.5: Hardening - Complete Roadmap", "3.5", "Hardening", None, ""),
            ("**Phase 4**", "4", "", None, ""),
            ("Phase 7 Complete ✅", "7", "", Some(Status::Completed), ""),
        ];
        for (text, phase, title, status, more) in cases {
            assert_eq!(read(text), (phase.to_owned(), title.to_owned(), status, more.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_text_that_only_speaks_of_a_phase_declares_none() {
        for text in ["Phase 2 Import Issues (7 Found)", "After Phase 2 is Complete", "PHASE 3.5 BREAKDOWN", "Phases"] {
            assert_eq!(declaration(text), None, "{text}");
        }
    }

    #[test]
    fn statements_of_status_are_found_in_running_text() {
        let found = statements("✅ Phase 1 Complete | 🔄 Phase 2 Starting | Phase 3 (Validation) waits");
        let id = |text: &str| text.parse::<PhaseId>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, [(id("1"), Status::Completed), (id("2"), Status::InProgress)]);
    }
}
