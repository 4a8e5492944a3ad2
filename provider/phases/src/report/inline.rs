//! Markdown that stays within its line: texts of users are shown as they are, and cannot begin anything.
//!
//! What a text may hold besides words is code between backticks and web addresses. Everything else that means something
//! in GitHub-flavoured markdown or HTML is escaped, and only where it would mean it, so that the source reads well too.

use std::fmt::Write as _;

/// A piece of a line. Everything in it is text: there is no way to put markup into it but these functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inline(Vec<Span>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Span {
    Text(String),
    Code(String),
    Strong(Inline),
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// In a paragraph, a heading or an item of a list.
    Block,
    /// In a table.
    Cell,
}

impl Inline {
    /// A text, in which only code between backticks is markup. Line breaks become spaces.
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        let text = flat(text.as_ref());
        let mut spans = Vec::new();
        let mut rest = text.as_str();
        let mut plain = String::new();
        while let Some(start) = rest.find('`') {
            let (before, ticks) = rest.split_at(start);
            let fence = ticks.len() - ticks.trim_start_matches('`').len();
            plain.push_str(before);
            match closing(&ticks[fence..], fence) {
                Some(end) if !ticks[fence..fence + end].trim().is_empty() => {
                    spans.extend((!plain.is_empty()).then(|| Span::Text(std::mem::take(&mut plain))));
                    spans.push(Span::Code(ticks[fence..fence + end].trim().to_owned()));
                    rest = &ticks[2 * fence + end..];
                }
                _ => {
                    plain.push_str(&ticks[..fence]);
                    rest = &ticks[fence..];
                }
            }
        }
        plain.push_str(rest);
        spans.extend((!plain.is_empty()).then_some(Span::Text(plain)));
        Self(spans)
    }

    /// Code.
    pub(super) fn code(text: &str) -> Self {
        let text = flat(text).trim().to_owned();
        if text.is_empty() { Self::default() } else { Self(vec![Span::Code(text)]) }
    }

    /// A text in bold letters.
    pub(super) fn strong(text: impl AsRef<str>) -> Self {
        let inner = Self::text(text.as_ref().trim());
        if inner.is_blank() { Self::default() } else { Self(vec![Span::Strong(inner)]) }
    }

    /// Both, one after the other.
    pub(super) fn and(mut self, next: impl Into<Self>) -> Self {
        self.0.extend(next.into().0);
        self
    }

    /// All of them, with `separator` between them.
    pub(super) fn join(parts: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let mut joined = Self::default();
        for part in parts {
            if !joined.is_blank() {
                joined = joined.and(separator);
            }
            joined = joined.and(part);
        }
        joined
    }

    /// Whether nothing would be seen.
    pub(super) fn is_blank(&self) -> bool {
        self.0.iter().all(|span| match span {
            Span::Text(text) | Span::Code(text) => text.trim().is_empty(),
            Span::Strong(inner) => inner.is_blank(),
        })
    }

    /// The markdown.
    pub(super) fn render(&self, place: Container) -> String {
        let mut line = Line { out: String::new(), place, formula: self.dollars() > 1 };
        line.spans(&self.0);
        line.out.trim_end().to_owned()
    }

    /// How many dollar signs it holds.
    fn dollars(&self) -> usize {
        let of = |span: &Span| match span {
            Span::Text(text) | Span::Code(text) => text.matches('$').count(),
            Span::Strong(inner) => inner.dollars(),
        };
        self.0.iter().map(of).sum()
    }
}

impl From<&str> for Inline {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Inline {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<String> for Inline {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// The text in one line: white space of any kind is one space, and what cannot be seen but changes how text runs is gone.
pub(super) fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_visible(character) {
            out.push(character);
        }
    }
    out
}

/// Whether a character may be shown: control characters, marks that turn the direction of text, and what XML forbids may
/// not.
pub(super) fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        && !matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Where a run of exactly `fence` backticks begins.
fn closing(text: &str, fence: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = text[from..].find('`').map(|start| from + start) {
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence {
            return Some(start);
        }
        from = start + run;
    }
    None
}

/// The length of the longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A line that is being written.
struct Line {
    out: String,
    place: Container,
    /// Whether dollar signs could enclose a formula.
    formula: bool,
}

impl Line {
    fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            match span {
                Span::Text(text) if self.out.is_empty() => self.text(text.trim_start()),
                Span::Text(text) => self.text(text),
                Span::Code(code) => self.code(code),
                Span::Strong(inner) => {
                    self.out.push_str("**");
                    self.spans(&inner.0);
                    self.out.truncate(self.out.trim_end().len());
                    self.out.push_str("**");
                }
            }
        }
    }

    fn code(&mut self, code: &str) {
        if self.place == Container::Cell && code.contains('|') {
            // Within backticks a bar ends the cell, and what a backslash before it does depends on the reader.
            self.out.push_str("<code>");
            self.words(code);
            self.out.push_str("</code>");
            return;
        }
        let fence = "`".repeat(longest_run(code) + 1);
        let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
        let _ = write!(self.out, "{fence}{pad}{code}{pad}{fence}");
    }

    /// Words and web addresses.
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some((start, end)) = address(rest) {
            self.words(&rest[..start]);
            let _ = write!(self.out, "<{}>", &rest[start..end]);
            rest = &rest[end..];
        }
        self.words(rest);
    }

    /// Words, with a backslash before what would be more than a word.
    fn words(&mut self, text: &str) {
        let block = self.place == Container::Block;
        let first = block && self.out.is_empty();
        let mut before = None;
        for (at, character) in text.char_indices() {
            let rest = &text[at + character.len_utf8()..];
            let next = rest.chars().next();
            let blank_next = next.is_none_or(char::is_whitespace);
            let number = first && at > 0 && text[..at].bytes().all(|byte| byte.is_ascii_digit());
            let escaped = match character {
                '*' | '`' | '~' | '[' | ']' => true,
                '\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
                '_' => !(before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)),
                '#' => block && (blank_next || next == Some('#')),
                '$' => self.formula,
                '|' => !block,
                '>' | '=' => first && at == 0,
                '-' | '+' => first && at == 0 && (blank_next || next == Some('-')),
                '.' | ')' => number && blank_next,
                _ => false,
            };
            match character {
                '<' if opens_tag(next) => self.out.push_str("&lt;"),
                '&' if opens_entity(rest) => self.out.push_str("&amp;"),
                _ => {
                    self.out.extend(escaped.then_some('\\'));
                    self.out.push(character);
                }
            }
            before = Some(character);
        }
    }
}

/// Where the first web address stands: from its scheme to its last character that is no punctuation of the sentence.
fn address(text: &str) -> Option<(usize, usize)> {
    let start = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let scheme = text[start..].find("://")? + 3;
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,=%".contains(character);
    let run = text[start..].find(|character| !allowed(character)).map_or(text.len(), |end| start + end);
    let mut found = &text[start..run];
    while let Some(last) = found.chars().last() {
        let closes = last == ')' && found.matches(')').count() > found.matches('(').count();
        if !closes && !".,:!?'*_~".contains(last) {
            break;
        }
        found = &found[..found.len() - 1];
    }
    (found.len() > scheme).then_some((start, start + found.len()))
}

/// Whether `<` before `next` would begin HTML.
pub(super) fn opens_tag(next: Option<char>) -> bool {
    next.is_none_or(|next| next.is_ascii_alphabetic() || "/!?".contains(next))
}

/// Whether an ampersand before `rest` would begin a named character.
fn opens_entity(rest: &str) -> bool {
    let name = rest.trim_start_matches(|character: char| character.is_ascii_alphanumeric() || character == '#');
    name.is_empty() || (name.starts_with(';') && name.len() < rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> String {
        Inline::text(text).render(Container::Block)
    }

    fn cell(text: &str) -> String {
        Inline::text(text).render(Container::Cell)
    }

    #[test]
    fn plain_sentences_stay_as_they_are() {
        for text in [
            "Tune thresholds for <2% false positives (P1/P2), at 5 & 6 o'clock!",
            "Changed drift_logs force_destroy to false; see docs/RUNBOOK.md",
            "Budget of $500: 50% > 25%, a-b + c = d, #1, 3.5 hours",
        ] {
            assert_eq!(block(text), text);
        }
    }

    #[test]
    fn code_between_backticks_stays_code() {
        assert_eq!(block("Run `terraform plan *` first"), "Run `terraform plan *` first");
    }

    #[test]
    fn a_lone_backtick_is_a_character() {
        assert_eq!(block("a ` b `` c"), "a \\` b \\`\\` c");
    }

    #[test]
    fn emphasis_links_and_html_are_text() {
        assert_eq!(
            block("*a* _b_ ~c~ [d](e) <b>f</b> <!-- &lt; \\* "),
            "\\*a\\* \\_b\\_ \\~c\\~ \\[d\\](e) &lt;b>f&lt;/b> &lt;!-- &amp;lt; \\\\\\*"
        );
    }

    #[test]
    fn a_block_does_not_begin_another() {
        assert_eq!(block(" # a"), "\\# a");
        assert_eq!(block("- a"), "\\- a");
        assert_eq!(block("12) a"), "12\\) a");
        assert_eq!(block("> a"), "\\> a");
        assert_eq!(block("---"), "\\---");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(cell("a | b"), "a \\| b");
        assert_eq!(cell("`a | b\\| c`"), "<code>a \\| b\\\\\\| c</code>");
    }

    #[test]
    fn line_breaks_and_invisible_characters_go() {
        assert_eq!(block("a\r\n\tb\u{2028}c\u{202e}d\u{0}"), "a b cd");
    }

    #[test]
    fn web_addresses_become_links_without_the_punctuation_after_them() {
        assert_eq!(block("See (https://a.b/c_d_(e)?f=*)."), "See (<https://a.b/c_d_(e)?f=>\\*).");
        assert_eq!(block("https:// is a scheme"), "https:// is a scheme");
    }

    #[test]
    fn two_dollars_are_no_formula() {
        assert_eq!(block("$a and b$"), "\\$a and b\\$");
    }
}
