//! The rollout as a picture for a wiki: a row per phase, on one axis.
//!
//! `place` says where in time each phase lies, `layout` turns that into labels, bars and arrows with coordinates, and
//! `draw` writes these as SVG. `measure` guesses how wide texts are, `paint` has the colours for light and dark.

mod draw;
mod layout;
mod measure;
mod paint;
mod place;

use self::layout::Layout;
use crate::Rollout;

/// The rollout as an SVG image: one row per phase with its state, progress, dates and what it comes after.
///
/// It stands alone: no scripts, no fonts to load, light or dark as the reader prefers. States differ by sign, pattern and
/// word as well as by colour, and a description in words is in it for those who do not see it.
pub fn timeline_svg(rollout: &Rollout) -> String {
    draw::svg(&Layout::of(rollout))
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use proptest::prelude::*;

    use super::super::{hostile, sample};
    use super::*;

    fn texts(svg: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(svg).unwrap();
        document.descendants().filter_map(|node| node.text()).map(str::to_owned).collect()
    }

    #[test]
    fn the_sample_is_drawn_as_it_was() {
        expect_file!["expected/timeline.svg"].assert_eq(&timeline_svg(&sample::rollout()));
    }

    #[test]
    fn it_describes_itself_in_words() {
        let svg = timeline_svg(&sample::rollout());
        let document = roxmltree::Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let named = |id: &str| {
            document.descendants().find(|node| node.attribute("id") == Some(id)).and_then(|node| node.text()).unwrap()
        };
        let labels: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').map(named).collect();
        assert_eq!(labels[0], "CT Scan MLOps Infrastructure as Code: timeline of 7 phases");
        assert!(
            labels[1].contains(
                "Phase 2: Import Existing Resources: completed, 100%, 2026-02-02 to 2026-02-05 (3 days), after phase 1."
            ),
            "{}",
            labels[1]
        );
    }

    #[test]
    fn it_needs_nothing_from_elsewhere() {
        let svg = timeline_svg(&sample::rollout());
        for word in ["<script", "href", "url(http", "@import", "@font-face", "<image", "<foreignObject"] {
            assert!(!svg.contains(word), "{word}");
        }
    }

    #[test]
    fn a_title_that_is_too_long_is_told_in_full_where_one_points() {
        let mut phase = sample::validation();
        phase.title = "Prove that a change reaches the cloud and can be taken back ".repeat(3).trim().to_owned();
        let svg = timeline_svg(&Rollout::new(vec![phase.clone()]));
        let texts = texts(&svg);
        assert!(texts.iter().any(|text| text.ends_with('…')), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains(&phase.title)), "{texts:?}");
    }

    #[test]
    fn an_empty_rollout_says_so() {
        assert!(texts(&timeline_svg(&Rollout::default())).iter().any(|text| text == "No phase is recorded yet."));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_users_write_it_stays_the_same_tree(text in hostile::hostile()) {
            let tree = |text: &str| {
                let svg = timeline_svg(&hostile::rollout(text));
                let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
                document.descendants().filter(|node| node.is_element())
                    // Whether a text is shortened, and so has a title, depends on it.
                    .filter(|node| !node.has_tag_name("title"))
                    .map(|node| node.tag_name().name().to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(tree(&text), tree("x"));
        }
    }
}
