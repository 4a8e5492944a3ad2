//! A page of markdown, block by block. Only [`Inline`] gets into it, except code, which has its fence, and quoted markdown.

use std::fmt::Write as _;

use super::inline::{Container, Inline, is_visible, longest_run, opens_tag};

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    out: String,
}

/// An item of a list, with what stands under it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    marker: Marker,
    text: Inline,
    below: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
enum Marker {
    Bullet,
    Number,
    Box { ticked: bool },
}

impl Item {
    /// An item with a dot.
    pub(super) fn bullet(text: impl Into<Inline>) -> Self {
        Self { marker: Marker::Bullet, text: text.into(), below: Vec::new() }
    }

    /// An item with its number in the list.
    pub(super) fn number(text: impl Into<Inline>) -> Self {
        Self { marker: Marker::Number, text: text.into(), below: Vec::new() }
    }

    /// An item with a box to tick.
    pub(super) fn tick(ticked: bool, text: impl Into<Inline>) -> Self {
        Self { marker: Marker::Box { ticked }, text: text.into(), below: Vec::new() }
    }

    /// The item with others under it.
    pub(super) fn with(mut self, below: impl IntoIterator<Item = Self>) -> Self {
        self.below.extend(below);
        self
    }
}

impl Page {
    /// A heading; level 1 is the page's title.
    pub(super) fn heading(&mut self, level: usize, text: impl Into<Inline>) {
        let text = text.into().render(Container::Block);
        self.block(&format!("{} {text}", "#".repeat(level.clamp(1, 6))));
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, text: impl Into<Inline>) {
        let text = text.into().render(Container::Block);
        self.block(&text);
    }

    /// A list. One without items is left out.
    pub(super) fn list(&mut self, items: impl IntoIterator<Item = Item>) {
        let mut out = String::new();
        write_items(&mut out, &items.into_iter().collect::<Vec<_>>(), "");
        self.block(&out);
    }

    /// A table. A column that no row fills is left out, and so is a table without rows.
    pub(super) fn table<const N: usize>(&mut self, columns: [&str; N], rows: impl IntoIterator<Item = [Inline; N]>) {
        let rows: Vec<[Inline; N]> = rows.into_iter().collect();
        let filled = |column: &usize| rows.iter().any(|row| !row[*column].is_blank());
        let kept: Vec<usize> = (0..N).filter(filled).collect();
        if kept.is_empty() {
            return;
        }
        let mut out = String::new();
        let mut line = |cells: Vec<String>| {
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        };
        line(kept.iter().map(|column| Inline::text(columns[*column]).render(Container::Cell)).collect());
        line(kept.iter().map(|_| "---".to_owned()).collect());
        for row in &rows {
            line(kept.iter().map(|column| row[*column].render(Container::Cell)).collect());
        }
        self.block(&out);
    }

    /// Code, as it is but for characters that nobody could see.
    pub(super) fn code(&mut self, language: &'static str, text: &str) {
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.chars().filter(|character| *character == '\t' || is_visible(*character)).collect())
            .map(|line: String| line.trim_end().to_owned())
            .collect();
        let text = lines.join("\n");
        let text = text.trim_matches('\n');
        if !text.is_empty() {
            let fence = "`".repeat((longest_run(text) + 1).max(3));
            self.block(&format!("{fence}{language}\n{text}\n{fence}"));
        }
    }

    /// Somebody's own markdown, as a quotation: it ends where the quotation ends, whatever it leaves open. HTML in it is
    /// shown as text.
    pub(super) fn quote(&mut self, markdown: &str) {
        let lines: Vec<String> = markdown
            .lines()
            .map(|line| line.chars().filter(|character| *character == '\t' || is_visible(*character)).collect())
            .collect();
        let text = lines.join("\n");
        let mut out = String::new();
        for (line, code) in with_fences(text.trim_matches('\n')) {
            let line = if code { line.to_owned() } else { without_html(line) };
            let _ = writeln!(out, "{}", format!("> {line}").trim_end());
        }
        self.block(&out);
    }

    /// The page, which ends with a line break.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn block(&mut self, text: &str) {
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn write_items(out: &mut String, items: &[Item], indent: &str) {
    for (index, item) in items.iter().enumerate() {
        let (marker, tick) = match item.marker {
            Marker::Bullet => ("- ".to_owned(), ""),
            Marker::Number => (format!("{}. ", index + 1), ""),
            Marker::Box { ticked: true } => ("- ".to_owned(), "[x] "),
            Marker::Box { ticked: false } => ("- ".to_owned(), "[ ] "),
        };
        let _ = writeln!(out, "{indent}{marker}{tick}{}", item.text.render(Container::Block));
        write_items(out, &item.below, &format!("{indent}{}", " ".repeat(marker.len())));
    }
}

/// The lines, each with whether it belongs to a block of code.
///
/// A fence counts at the beginning of a line only. Where one stands elsewhere, readers differ about what is code, and
/// nothing is taken for code.
fn with_fences(text: &str) -> Vec<(&str, bool)> {
    let clear = text.lines().all(|line| {
        let body = line.trim_start_matches(['`', '~']);
        !body.contains("```") && !body.contains("~~~")
    });
    let mut open: Option<(char, usize)> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let character = line.chars().next().filter(|character| clear && "`~".contains(*character)).unwrap_or(' ');
        let body = line.trim_start_matches(character);
        let length = line.len() - body.len();
        let mut code = open.is_some();
        match open {
            Some((fence, least)) if character == fence && length >= least && body.trim().is_empty() => open = None,
            None if character != ' ' && length >= 3 && !(character == '`' && body.contains('`')) => {
                open = Some((character, length));
                code = !body.contains('<');
            }
            _ => {}
        }
        lines.push((line, code));
    }
    lines
}

/// The line with HTML as text.
fn without_html(line: &str) -> String {
    let mut out = String::new();
    for (at, character) in line.char_indices() {
        let next = line[at + character.len_utf8()..].chars().next();
        if character == '<' && opens_tag(next) {
            out.push_str("&lt;");
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn page(write: impl FnOnce(&mut Page)) -> String {
        let mut page = Page::default();
        write(&mut page);
        page.finish()
    }

    #[test]
    fn what_is_empty_does_not_appear() {
        let text = page(|page| {
            page.list([]);
            page.table(["A", "B"], [] as [[Inline; 2]; 0]);
            page.code("bash", "\n\n");
            page.quote("\n");
        });
        assert_eq!(text, "");
    }

    #[test]
    fn items_stand_under_the_text_of_their_parent() {
        let items = (1..=10).map(|number| {
            let below = (number == 10).then(|| Item::tick(true, "a part"));
            Item::number(format!("step {number}")).with(below)
        });
        let text = page(|page| page.list(items));
        assert!(text.ends_with("10. step 10\n    - [x] a part\n"), "{text}");
    }

    #[test]
    fn a_column_that_no_row_fills_is_left_out() {
        let rows = [["1".into(), "".into(), "x".into()], ["2".into(), " ".into(), Inline::default()]];
        expect![[r"
            | A | C |
            | --- | --- |
            | 1 | x |
            | 2 |  |
        "]]
        .assert_eq(&page(|page| page.table(["A", "B", "C"], rows)));
    }

    #[test]
    fn a_fence_is_longer_than_those_in_the_code() {
        assert_eq!(page(|page| page.code("text", "a\n```\nb\u{0}")), "````text\na\n```\nb\n````\n");
    }

    #[test]
    fn quoted_markdown_keeps_its_code_and_loses_its_html() {
        expect![[r"
            > # Held on <2% &lt;details>
            >
            > ```html
            > <b>
            > ```
            > &lt;b>
        "]]
        .assert_eq(&page(|page| page.quote("# Held on <2% <details>\n\n```html\n<b>\n```\n<b>")));
    }

    #[test]
    fn a_fence_in_a_list_hides_no_html() {
        expect![[r"
            > - a
            >   ```
            > &lt;b>
        "]]
        .assert_eq(&page(|page| page.quote("- a\n  ```\n<b>")));
    }
}
