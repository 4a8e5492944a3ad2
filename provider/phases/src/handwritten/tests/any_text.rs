//! Any text gives a result, and nothing of it vanishes.

use encoding_rs::{MACINTOSH, WINDOWS_1252, WINDOWS_1254};
use proptest::prelude::*;

use super::super::{mojibake, parse};
use crate::Rollout;
use crate::report::{checkpoint_page, sample};

/// Lines that mean something, in any order.
fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "# Phase 2: Import - COMPLETE",
        "## Phase 2",
        "### Steps (1/2)",
        "#### Issues Fixed",
        "- [x] done",
        "  - [ ] nested",
        "1. ✅ HIGH: a problem - its cure",
        "```bash",
        "```",
        "~~~",
        "# Expected: nothing",
        "terraform plan",
        "| Risk | Probability |",
        "| Phase | Status |",
        "|---|---|",
        "| 2 | done |",
        "**Status:** 🔄 IN PROGRESS",
        "**Depends On:** Phase 1, 5-6",
        "**Current Phase:** Phase 3",
        "Week 1: ████░░ Phase 1 Complete ✅",
        "Phase 5-6: Shadow ⏳ PENDING",
        "├─ Step 1: Create ✅ DONE",
        "---",
        "",
        "**",
        "text in a paragraph",
        "Phase 1..2..3-4-5 5-6-7: 3.5.1",
        "\u{feff}â€” Ã© ð\u{9f}",
    ]);
    prop::collection::vec(prop_oneof![8 => line.prop_map(str::to_owned), 1 => ".{0,40}"], 0..40)
        .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_the_same_result_twice(text in prop_oneof![lines(), "(?s).{0,400}"]) {
        prop_assert_eq!(parse(&text), parse(&text));
    }

    #[test]
    fn phases_come_in_order_and_once(text in lines()) {
        let read = parse(&text);
        prop_assert!(read.phases.windows(2).all(|two| two[0].phase < two[1].phase), "{read:?}");
    }

    #[test]
    fn leftovers_are_lines_of_the_text(text in lines()) {
        let repaired = mojibake::repair(text.trim_start_matches('\u{feff}'));
        let lines: Vec<&str> = repaired.lines().collect();
        for left in parse(&text).unrecognized {
            for (line, kept) in lines[left.line - 1..].iter().zip(left.text.split('\n')) {
                prop_assert_eq!(line.trim_end(), kept.trim_end());
            }
        }
    }

    #[test]
    fn a_paragraph_anywhere_is_kept(before in lines(), after in lines()) {
        let text = format!("{before}\n\nQuernstones were ground here\n\n{after}");
        prop_assert!(serde_json::to_string(&parse(&text)).unwrap().contains("Quernstones"));
    }

    #[test]
    fn healthy_text_is_left_alone(text in "([ -~\n]|[éüñ→–—✅🔄█░][ a-z]){0,100}") {
        prop_assert_eq!(mojibake::repair(&text), text.as_str());
    }
}

#[test]
fn a_checkpoint_is_read_in_spite_of_damage() {
    let page = checkpoint_page(&sample::rollout());
    let read = parse(&page);
    for encoding in [WINDOWS_1252, WINDOWS_1254, MACINTOSH] {
        // What these encodings have no character for is lost.
        let (damaged, _) = encoding.decode_without_bom_handling(page.as_bytes());
        let again = parse(&damaged);
        assert_eq!(again.phases, read.phases, "{}", encoding.name());
        assert_ne!(damaged, page);
    }
}

/// A reader whose cost grows with the square of the text would take hours.
#[test]
fn a_long_text_is_read() {
    let page = checkpoint_page(&Rollout::new(vec![sample::import(), sample::under_way()]));
    let many = page.repeat(1_000_000 / page.len());
    assert_eq!(parse(&many).phases.len(), 2);
    for line in
        ["- item\n", "> ", "**a** ", "| a ", "`", "Phase 1 ", "  - x\n", "# Phase 2\n", "ð\u{9f}", "((((", "1-2-"]
    {
        parse(&line.repeat(400_000 / line.len()));
    }
}
