//! Marks, words of status, and text without its decoration.

use crate::Status;

/// What a mark beside a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Done,
    Pending,
    InProgress,
    Blocked,
    Failed,
}

impl Mark {
    fn of(character: char) -> Option<Self> {
        Some(match character {
            '✅' | '✔' | '☑' | '✓' | '🟢' => Self::Done,
            '⏳' | '⌛' | '⏸' | '⬜' | '☐' | '🔲' | '⚪' | '⏭' => Self::Pending,
            '🔄' | '🚧' | '🟡' | '🟠' => Self::InProgress,
            '🔴' | '🚫' | '⛔' | '🛑' => Self::Blocked,
            '❌' | '✗' | '✘' | '✖' => Self::Failed,
            _ => return None,
        })
    }

    /// The status of a phase with this mark.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Done => Status::Completed,
            Self::Pending => Status::NotStarted,
            Self::InProgress => Status::InProgress,
            Self::Blocked | Self::Failed => Status::Blocked,
        }
    }
}

/// The first mark in a text, outside of code.
pub(super) fn mark(text: &str) -> Option<Mark> {
    split_at_mark(text).map(|(_, mark, _)| mark)
}

/// What stands before the first mark, the mark, and what stands after it.
pub(super) fn split_at_mark(text: &str) -> Option<(&str, Mark, &str)> {
    let mut code = false;
    for (at, character) in text.char_indices() {
        if character == '`' {
            code = !code;
        } else if !code && let Some(mark) = Mark::of(character) {
            return Some((&text[..at], mark, &text[at + character.len_utf8()..]));
        }
    }
    None
}

/// Whether a character is an ornament: emoji, dingbats, and what joins them.
pub(super) fn is_ornament(character: char) -> bool {
    matches!(character,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{23E9}'..='\u{23FA}'
        | '\u{231A}' | '\u{231B}' | '\u{FE0F}' | '\u{200D}' | '\u{20E3}' | '\u{FFFD}')
}

/// Whether a character draws a progress bar.
pub(super) fn is_bar(character: char) -> bool {
    matches!(character, '\u{2580}'..='\u{259F}' | '■' | '□' | '▰' | '▱')
}

/// The text without bold, ornaments, escapes and needless space. Code keeps all of it.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    let mut dropped = false;
    let mut address = false;
    let mut rest = text.trim().chars().peekable();
    while let Some(character) = rest.next() {
        if character == '`' {
            code = !code;
        }
        if code || character == '`' {
            out.push(character);
            continue;
        }
        match character {
            '\\' if rest.peek().is_some_and(char::is_ascii_punctuation) => out.extend(rest.next()),
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
            }
            '<' if rest.clone().take(4).eq("http".chars()) => address = true,
            '>' if address => address = false,
            character if is_ornament(character) => {
                dropped = true;
                continue;
            }
            character if character.is_whitespace() => {
                if dropped && out.ends_with(['(', '[']) {
                    continue;
                }
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            character => out.push(character),
        }
        dropped = false;
    }
    let out = out.trim();
    let slanted = out.len() > 2 && out.starts_with('*') && out.ends_with('*') && !out[1..out.len() - 1].contains('*');
    let out = if slanted { &out[1..out.len() - 1] } else { out };
    unescaped(out)
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#124;", "|"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

const WORDS: [(&str, Status); 32] = [
    ("not yet started", Status::NotStarted),
    ("not started", Status::NotStarted),
    ("not_started", Status::NotStarted),
    ("pending", Status::NotStarted),
    ("planned", Status::NotStarted),
    ("upcoming", Status::NotStarted),
    ("todo", Status::NotStarted),
    ("ready to start", Status::Ready),
    ("ready to begin", Status::Ready),
    ("ready for execution", Status::Ready),
    ("ready", Status::Ready),
    ("partially completed", Status::InProgress),
    ("partially complete", Status::InProgress),
    ("in progress", Status::InProgress),
    ("in_progress", Status::InProgress),
    ("in-progress", Status::InProgress),
    ("under way", Status::InProgress),
    ("underway", Status::InProgress),
    ("ongoing", Status::InProgress),
    ("incomplete", Status::InProgress),
    ("starting", Status::InProgress),
    ("started", Status::InProgress),
    ("active", Status::InProgress),
    ("blocked", Status::Blocked),
    ("on hold", Status::Blocked),
    ("stuck", Status::Blocked),
    ("failed", Status::Blocked),
    ("100% complete", Status::Completed),
    ("completed", Status::Completed),
    ("complete", Status::Completed),
    ("finished", Status::Completed),
    ("done", Status::Completed),
];

/// The status that a text begins with, and what follows it. A word that only begins like one (`Complete Roadmap`) is
/// none: after the words comes the end, a bracket, or a separator.
pub(super) fn leading_status(text: &str) -> Option<(Status, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || is_ornament(c) || c == '*');
    let (words, status) = WORDS
        .iter()
        .find(|(words, _)| text.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words)))?;
    let rest = &text[words.len()..];
    let after = rest.trim_start_matches(['*', ' ', '\t']);
    let ends = after.is_empty() || after.starts_with(['(', ')', '-', '–', '—', ':', ',', '.', ';', '|', '!', ']']);
    let ends = ends || after.starts_with(is_ornament);
    ends.then(|| (*status, after.trim()))
}

/// The status that a text is, and nothing but: its mark, its words, or both. Words say more than marks.
pub(super) fn whole_status(text: &str) -> Option<Status> {
    let words = plain(text);
    match leading_status(&words) {
        Some((status, rest)) if rest.is_empty() || rest.starts_with(['(', '-', '–', '—']) => Some(status),
        _ if words.is_empty() => mark(text).map(Mark::status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_more_than_marks() {
        assert_eq!(whole_status("❌ NOT STARTED"), Some(Status::NotStarted));
        assert_eq!(whole_status("⏳ **BLOCKED (runner queue)**"), Some(Status::Blocked));
        assert_eq!(whole_status("✅"), Some(Status::Completed));
    }

    #[test]
    fn a_word_that_only_begins_like_a_status_is_none() {
        assert_eq!(leading_status("Complete Roadmap"), None);
        assert_eq!(leading_status("Donepezil"), None);
        assert_eq!(leading_status("COMPLETE - Ready").map(|found| found.0), Some(Status::Completed));
    }

    #[test]
    fn decoration_goes_and_code_stays() {
        assert_eq!(plain("🚀 **Deploy**  the `a  **b**` \\| now ⭐"), "Deploy the `a  **b**` | now");
    }
}
