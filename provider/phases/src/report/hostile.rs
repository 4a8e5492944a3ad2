//! Whatever texts users give: the pages keep their structure, say what was said, and hold no markup but their own.

use std::ops::Range;

use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::inline::{Container, Inline, flat};
use super::{checkpoint_page, phase_page, resume_page, sample};
use crate::document::{Checklist, Document, Issue, Risk, Step, Task};
use crate::{Rollout, Status};

/// Texts of fragments that mean something in markdown, HTML or XML. Each holds a letter, so that it is never blank.
pub(super) fn hostile() -> impl Strategy<Value = String> {
    let fragments = prop::sample::select(vec![
        "x",
        "X9",
        " ",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "\n\n",
        "\u{2028}",
        "\u{85}",
        "\u{202e}",
        "\u{0}",
        "é",
        "日本",
        "🚀",
        "|",
        "\\",
        "\\|",
        "`",
        "``",
        "```",
        "~~~",
        "~",
        "*",
        "**",
        "_",
        "__",
        "#",
        "# ",
        "- ",
        "+ ",
        "1. ",
        "7) ",
        "> ",
        "---",
        "===",
        "[",
        "]",
        "[a](b)",
        "![i](j)",
        "[^1]",
        "[x]: y",
        "[ ] ",
        "<b>",
        "</table>",
        "<script>",
        "<!--",
        "-->",
        "<a href='x'>",
        "<",
        ">",
        "<?",
        "<![CDATA[",
        "]]>",
        "&",
        "&lt;",
        "&#124;",
        "&amp",
        ";",
        "$",
        "$$",
        "!",
        "\"",
        "'",
        "=",
        ":",
        "{",
        "}",
        "http://a.b/c_d*e|f",
        "https://a.b/(c).",
        "www.a.b",
        "me@a.b",
        "-- | --",
    ]);
    (prop::collection::vec(fragments.clone(), 0..8), prop::collection::vec(fragments, 0..8))
        .prop_map(|(before, after)| format!("{}x{}", before.concat(), after.concat()))
}

/// A rollout in which every text is this one.
pub(super) fn rollout(text: &str) -> Rollout {
    let tasks = || vec![Task { name: text.into(), done: true }, Task { name: text.into(), done: false }];
    let phase = |mut phase: Document, status| {
        let some = || Some(text.to_owned());
        phase.status = status;
        phase.title = text.into();
        phase.project_name = some();
        phase.owner = some();
        phase.schedule = some();
        phase.estimate = some();
        phase.priority = some();
        phase.objectives = vec![text.into(); 2];
        phase.steps = vec![
            Step { name: text.into(), done: true, estimate: some(), objective: some(), tasks: tasks() },
            Step { name: text.into(), ..Step::default() },
        ];
        phase.checklists = vec![Checklist { title: text.into(), items: tasks() }];
        let issue = Issue { severity: some(), title: text.into(), status: some(), fix: some() };
        phase.issues = vec![issue.clone(), Issue { status: Some("fixed".into()), ..issue }];
        phase.risks = vec![Risk { risk: text.into(), probability: some(), impact: some(), mitigation: some() }];
        phase.deliverables = vec![text.into()];
        phase.next_steps = vec![text.into()];
        phase.metrics = [(text.to_owned(), text.to_owned())].into();
        for evidence in phase.evidence.values_mut() {
            evidence.observed = text.into();
        }
        for change in &mut phase.history {
            change.by = text.into();
            change.reason = some();
        }
        phase.criteria = phase.criteria.into_values().map(|criterion| (text.to_owned(), criterion)).collect();
        phase.evidence = phase.evidence.into_values().map(|evidence| (text.to_owned(), evidence)).collect();
        phase.snapshot = [(text.to_owned(), text.to_owned())].into();
        phase.notes = some();
        for command in phase.commands.iter_mut().chain(&mut phase.verification) {
            command.name = some();
            command.command = format!("true {text}");
            command.expected = some();
        }
        phase
    };
    Rollout::new(vec![
        phase(sample::import(), Status::Completed),
        phase(sample::validation(), Status::Blocked),
        phase(sample::under_way(), Status::InProgress),
    ])
}

fn parse(markdown: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let github = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    Parser::new_ext(markdown, github).into_offset_iter()
}

/// The blocks of a page, without the texts in them and without what stands in a quotation.
fn structure(markdown: &str) -> Vec<String> {
    let mut quoted = 0_usize;
    let mut blocks = Vec::new();
    for (event, range) in parse(markdown) {
        match &event {
            Event::Start(Tag::BlockQuote(_)) => {
                quoted += 1;
                if quoted > 1 {
                    continue;
                }
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                quoted -= 1;
                continue;
            }
            Event::InlineHtml(html) if matches!(&**html, "<code>" | "</code>") => continue,
            Event::Html(_) | Event::InlineHtml(_) => panic!("{:?} in\n{markdown}", &markdown[range]),
            _ if quoted > 0 => continue,
            Event::Text(_) | Event::Code(_) => continue,
            Event::Start(Tag::Link { link_type: LinkType::Autolink, .. }) | Event::End(TagEnd::Link) => continue,
            _ => {}
        }
        blocks.push(format!("{event:?}"));
    }
    blocks
}

/// What is read, without white space and the backticks that mark code.
fn said(markdown: &str) -> String {
    let mut said = String::new();
    for (event, _) in parse(markdown) {
        if let Event::Text(text) | Event::Code(text) = event {
            said.push_str(&text);
        }
    }
    letters(&said)
}

fn letters(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != '`').collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_says_what_was_said(text in hostile()) {
        let line = format!("- {}\n", Inline::text(&text).render(Container::Block));
        prop_assert_eq!(said(&line), letters(&flat(&text)), "{}", line);
        let cell = Inline::text(&text).render(Container::Cell);
        let table = format!("| A | B |\n| --- | --- |\n| {cell} | {cell} |\n");
        prop_assert_eq!(said(&table), format!("AB{0}{0}", letters(&flat(&text))), "{}", table);
    }

    #[test]
    fn code_says_what_was_said(text in hostile()) {
        let cell = Inline::code(&text).render(Container::Cell);
        let table = format!("| A | B |\n| --- | --- |\n| {cell} | {cell} |\n");
        prop_assert_eq!(said(&table), format!("AB{0}{0}", letters(&flat(&text))), "{}", table);
    }

    #[test]
    fn pages_keep_their_structure(text in hostile()) {
        let (wanted, found) = (rollout("x"), rollout(&text));
        for page in [checkpoint_page, resume_page] {
            prop_assert_eq!(structure(&page(&found)), structure(&page(&wanted)), "{}", page(&found));
        }
        for (found, wanted) in found.phases().iter().zip(wanted.phases()) {
            prop_assert_eq!(structure(&phase_page(found)), structure(&phase_page(wanted)), "{}", phase_page(found));
        }
    }
}
