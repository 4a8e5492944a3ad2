//! The structure of a markdown text, with the lines that everything stands in.
//!
//! Sections begin with a heading, or with a label: a line in bold (`**Deliverables:**`) that heads what follows it.

use super::marks;

/// A label stands below all headings.
pub(super) const LABEL: u8 = 7;

/// Deeper lists are read as if they were this deep.
const DEEPEST_LIST: usize = 8;

/// Names longer than this are cut, so that what repeats them stays small.
const LONGEST_TITLE: usize = 300;

/// A text as a tree of sections. Lines count from 0.
pub(super) struct Outline<'a> {
    pub(super) lines: Vec<&'a str>,
    /// For each line the heading that it stands under: an index into `headings`.
    pub(super) owners: Vec<usize>,
    pub(super) headings: Vec<String>,
    pub(super) root: Section<'a>,
}

/// A heading and what stands under it.
pub(super) struct Section<'a> {
    /// 0 for the whole text, 1 to 6 for headings, [`LABEL`] for labels.
    pub(super) level: u8,
    /// As it was written, without number signs. Empty for what follows a rule without a heading.
    pub(super) title: &'a str,
    /// The line of the heading.
    pub(super) start: usize,
    /// The line after the last.
    pub(super) end: usize,
    pub(super) blocks: Vec<Block<'a>>,
    pub(super) children: Vec<Section<'a>>,
}

/// A part of a section.
pub(super) enum Block<'a> {
    Text { line: usize, text: &'a str },
    Item(Item<'a>),
    Table { start: usize, end: usize, header: Vec<String>, rows: Vec<Row> },
    Fence(Fence<'a>),
}

/// A row of a table.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// An item of a list.
pub(super) struct Item<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What its box says, if it has one.
    pub(super) ticked: Option<bool>,
    pub(super) text: String,
    pub(super) children: Vec<Block<'a>>,
}

/// A block of code, with its fences at the first and the last line.
pub(super) struct Fence<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) language: &'a str,
    pub(super) body: Vec<&'a str>,
}

impl Block<'_> {
    /// The first line, and the line after the last.
    pub(super) fn span(&self) -> (usize, usize) {
        match self {
            Self::Text { line, .. } => (*line, line + 1),
            Self::Item(item) => (item.start, item.end),
            Self::Table { start, end, .. } => (*start, *end),
            Self::Fence(fence) => (fence.start, fence.end),
        }
    }
}

/// Whether a line is a rule: three or more of `-`, `*` or `_`.
pub(super) fn is_rule(line: &str) -> bool {
    let marks: Vec<char> = line.chars().filter(|character| !character.is_whitespace()).take(4).collect();
    let same = |mark: char| line.chars().all(|character| character == mark || character.is_whitespace());
    marks.len() >= 3 && matches!(marks[0], '-' | '*' | '_') && same(marks[0])
}

/// Reads the structure.
pub(super) fn outline(text: &str) -> Outline<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let mut builder = Builder {
        lines: &lines,
        at: 0,
        sections: vec![Section { level: 0, title: "", start: 0, end: lines.len(), blocks: vec![], children: vec![] }],
        items: Vec::new(),
        after_rule: false,
        after_blank: true,
        owners: Vec::with_capacity(lines.len()),
        headings: vec![String::new()],
    };
    while builder.at < lines.len() {
        let before = builder.at;
        builder.step();
        // Lines of a fence or a table stand where their first line does.
        let owner = builder.headings.len() - 1;
        builder.owners.extend(std::iter::repeat_n(owner, builder.at - before));
    }
    builder.close_items();
    builder.close_sections(0);
    let Builder { mut sections, owners, headings, .. } = builder;
    let root = sections.swap_remove(0);
    Outline { lines, owners, headings, root }
}

struct Builder<'a, 'b> {
    lines: &'b [&'a str],
    at: usize,
    /// The open sections, outermost first; the whole text is always one.
    sections: Vec<Section<'a>>,
    /// The open items with the column of their text, outermost first.
    items: Vec<(usize, Item<'a>)>,
    after_rule: bool,
    after_blank: bool,
    owners: Vec<usize>,
    headings: Vec<String>,
}

impl<'a> Builder<'a, '_> {
    fn step(&mut self) {
        let raw = self.lines[self.at];
        let line = raw.trim();
        if line.is_empty() {
            self.after_blank = true;
            self.at += 1;
            return;
        }
        let column = column(raw);
        if let Some((level, title)) = heading(line).filter(|_| column < 4) {
            self.open(level, title);
            self.at += 1;
        } else if is_rule(line) {
            self.close_items();
            self.after_rule = true;
            self.at += 1;
        } else if let Some((fence, language)) = fence(line) {
            self.fence(column, fence, language);
        } else if line.starts_with('|') && self.lines.get(self.at + 1).is_some_and(|next| is_delimiter(next)) {
            self.table();
        } else if let Some((width, ticked, text)) = item(line) {
            self.item(column, width, ticked, text);
        } else if !self.items.is_empty() && (column >= 2 || column >= 1 && !self.after_blank) {
            self.leave_items(column);
            let end = self.at + 1;
            match self.items.last_mut() {
                Some((_, item)) => {
                    item.text.push(' ');
                    item.text.push_str(line);
                }
                None => self.push(Block::Text { line: self.at, text: line }),
            }
            self.items.iter_mut().for_each(|(_, item)| item.end = end);
            self.at += 1;
        } else if let Some(title) = label(line) {
            self.open(LABEL, title);
            self.at += 1;
        } else {
            self.close_items();
            self.push(Block::Text { line: self.at, text: line });
            self.at += 1;
        }
        self.after_blank = false;
    }

    fn open(&mut self, level: u8, title: &'a str) {
        self.close_items();
        if self.after_rule && level == LABEL {
            self.leave_section_at_rule();
        }
        self.after_rule = false;
        self.close_sections(level);
        if level < LABEL {
            self.headings.push(clipped(&marks::plain(title)).to_owned());
        }
        let (start, end) = (self.at, self.at + 1);
        self.sections.push(Section { level, title, start, end, blocks: vec![], children: vec![] });
    }

    /// What follows a rule without a heading stands in a section without a name.
    fn leave_section_at_rule(&mut self) {
        self.after_rule = false;
        self.close_sections(2);
        self.headings.push(String::new());
        let (start, end) = (self.at, self.at + 1);
        self.sections.push(Section { level: 2, title: "", start, end, blocks: vec![], children: vec![] });
    }

    /// Closes the sections that one of this level ends.
    fn close_sections(&mut self, level: u8) {
        while self.sections.len() > 1 && self.sections.last().is_some_and(|last| last.level >= level) {
            let Some(mut closed) = self.sections.pop() else { return };
            closed.end = self.at;
            if let Some(parent) = self.sections.last_mut() {
                parent.children.push(closed);
            }
        }
    }

    fn push(&mut self, block: Block<'a>) {
        if self.after_rule {
            self.leave_section_at_rule();
        }
        if let Some(section) = self.sections.last_mut() {
            section.blocks.push(block);
        }
    }

    fn item(&mut self, column: usize, width: usize, ticked: Option<bool>, text: &str) {
        self.leave_items(column);
        let item = Item { start: self.at, end: self.at + 1, ticked, text: text.to_owned(), children: vec![] };
        self.items.push((column + width, item));
        let end = self.at + 1;
        self.items.iter_mut().for_each(|(_, item)| item.end = end);
        self.at += 1;
    }

    /// Closes the items that something at this column does not belong to.
    fn leave_items(&mut self, column: usize) {
        while self.items.len() >= DEEPEST_LIST
            || self.items.last().is_some_and(|(inner, _)| *inner > column + usize::from(*inner > 2) && *inner > column)
        {
            self.close_item();
        }
    }

    fn close_item(&mut self) {
        let Some((_, item)) = self.items.pop() else { return };
        match self.items.last_mut() {
            Some((_, parent)) => parent.children.push(Block::Item(item)),
            None => self.push(Block::Item(item)),
        }
    }

    fn close_items(&mut self) {
        while !self.items.is_empty() {
            self.close_item();
        }
    }

    fn fence(&mut self, column: usize, fence: &str, language: &'a str) {
        let start = self.at;
        let closes = |line: &str| {
            let line = line.trim();
            line.len() >= fence.len() && line.bytes().all(|byte| Some(&byte) == fence.as_bytes().first())
        };
        let length = self.lines[start + 1..].iter().position(|line| closes(line));
        let last = length.map_or(self.lines.len(), |length| start + 1 + length);
        let body = self.lines[start + 1..last].iter().map(|line| outdented(line, column)).collect();
        self.at = (last + 1).min(self.lines.len());
        let fence = Fence { start, end: self.at, language, body };
        if column == 0 {
            self.close_items();
        } else {
            self.leave_items(column);
        }
        let end = self.at;
        match self.items.last_mut() {
            Some((_, item)) => {
                item.children.push(Block::Fence(fence));
                self.items.iter_mut().for_each(|(_, item)| item.end = end);
            }
            None => self.push(Block::Fence(fence)),
        }
    }

    fn table(&mut self) {
        self.close_items();
        let start = self.at;
        let length = self.lines[start..].iter().take_while(|line| line.trim().starts_with('|')).count();
        self.at = start + length;
        let rows = self.lines[start..self.at].iter().enumerate().skip(2);
        let rows = rows.map(|(index, line)| Row { line: start + index, cells: cells(line) }).collect();
        let header = cells(self.lines[start]);
        self.push(Block::Table { start, end: self.at, header, rows });
    }
}

/// A heading as a name for what is below it: not longer than a line.
pub(super) fn clipped(title: &str) -> &str {
    title.char_indices().nth(LONGEST_TITLE).map_or(title, |(end, _)| &title[..end])
}

fn column(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

fn outdented(line: &str, column: usize) -> &str {
    let space = line.chars().take(column).take_while(|character| *character == ' ').count();
    line[space..].trim_end()
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let title = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - title.len()).ok().filter(|level| (1..=6).contains(level))?;
    let spaced = title.is_empty() || title.starts_with([' ', '\t']);
    spaced.then(|| (level, title.trim().trim_end_matches('#').trim_end()))
}

fn fence(line: &str) -> Option<(&str, &str)> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let length = line.len() - info.len();
    (length >= 3 && !info.contains('`')).then(|| (&line[..length], info.trim()))
}

fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The cells of a row; `\|` is a bar in a cell.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match character {
            '\\' if characters.peek() == Some(&'|') => cell.extend(characters.next()),
            '|' => cells.push(String::new()),
            character => cell.push(character),
        }
    }
    if cells.last().is_some_and(|last| last.trim().is_empty()) {
        cells.pop();
    }
    cells.iter_mut().for_each(|cell| *cell = cell.trim().to_owned());
    cells
}

/// The width of an item's marker, what its box says, and its text.
fn item(line: &str) -> Option<(usize, Option<bool>, &str)> {
    let number = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = line.len() - number.len();
    let (width, text) = match line.strip_prefix(['-', '*', '+']) {
        Some(text) => (2, text),
        None if (1..=9).contains(&digits) => (digits + 2, number.strip_prefix(['.', ')'])?),
        None => return None,
    };
    if !text.is_empty() && !text.starts_with([' ', '\t']) {
        return None;
    }
    let text = text.trim_start();
    let boxes = [("[ ]", false), ("[x]", true), ("[X]", true), ("[-]", false), ("[~]", false)];
    let ticked = boxes.iter().find_map(|(mark, ticked)| Some((*ticked, text.strip_prefix(mark)?)));
    match ticked {
        Some((ticked, text)) => Some((width, Some(ticked), text.trim_start())),
        None => Some((width, None, text)),
    }
}

/// A line that heads what follows: all of it bold, or a plain `Tasks:`.
fn label(line: &str) -> Option<&str> {
    let bare = line.trim_matches(|c: char| c.is_whitespace() || marks::is_ornament(c));
    if !bare.starts_with("**") {
        let word = bare.strip_suffix(':')?;
        return ["Tasks", "Steps", "Deliverables", "Objectives", "Issues", "Risks"].contains(&word).then_some(word);
    }
    let inner = bare.strip_suffix("**").or_else(|| bare.strip_suffix("**:"))?.strip_prefix("**")?;
    let sentence = inner.ends_with(['.', '!', '?']);
    (!inner.is_empty() && !inner.contains("**") && !sentence).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(section: &Section<'_>, depth: usize, out: &mut String) {
        use std::fmt::Write as _;
        let _ = writeln!(out, "{:depth$}{} {:?} {}..{}", "", section.level, section.title, section.start, section.end);
        for block in &section.blocks {
            let (start, end) = block.span();
            let kind = match block {
                Block::Text { text, .. } => format!("text {text}"),
                Block::Item(item) => format!("item {:?} {} +{}", item.ticked, item.text, item.children.len()),
                Block::Table { header, rows, .. } => format!("table {header:?} {}", rows.len()),
                Block::Fence(fence) => format!("fence {} {:?}", fence.language, fence.body),
            };
            let _ = writeln!(out, "{:depth$} {start}..{end} {kind}", "");
        }
        section.children.iter().for_each(|child| sketch(child, depth + 2, out));
    }

    #[test]
    fn sections_labels_lists_fences_and_tables_keep_their_lines() {
        let text = "# A\n**K:** v\n**L:**\n- [x] one\n  - two\n1. three\n   ```sh\n   ls\n   ```\n## B\n\n| a | b |\n|---|---|\n| 1 \\| 2 | 3 |\n---\n**end**: 1\n";
        let outline = outline(text);
        let mut found = String::new();
        sketch(&outline.root, 0, &mut found);
        let wanted = "0 \"\" 0..16\n  1 \"A\" 0..16\n   1..2 text **K:** v\n    7 \"**L:**\" 2..9\n     3..5 item Some(true) one +1\n     \
                      5..9 item None three +1\n    2 \"B\" 9..15\n     11..14 table [\"a\", \"b\"] 1\n    2 \"\" 15..16\n     15..16 text **end**: 1\n";
        assert_eq!(found, wanted);
        assert_eq!(outline.headings[outline.owners[13]], "B");
    }
}
