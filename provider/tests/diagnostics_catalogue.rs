//! Every title that a user can meet, once, sorted: read it as somebody who searches the web for one.
//!
//! UPDATE_EXPECT=1 rewrites the list. A title is what went wrong, in the field's terms, without the value.

use std::path::Path;

use architecture::source::Tree;
use architecture::{gaps, titles};
use expect_test::expect_file;

/// The crates whose texts users see.
fn crates() -> Vec<Tree> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |(name, file): (&str, &str)| Tree::read(name, &root.join(file), &root).expect("the crate can be read");
    [("provider", "provider/src/lib.rs"), ("tfplugin", "proto/src/lib.rs")].map(read).into()
}

#[test]
fn no_text_has_a_gap() {
    let found: Vec<String> = crates().iter().flat_map(gaps::of).collect();
    assert_eq!(found, [] as [&str; 0]);
}

#[test]
fn every_title_is_in_the_catalogue() {
    let mut texts = std::collections::BTreeSet::new();
    for tree in crates() {
        let found = titles::of(&tree);
        assert!(found.unread.is_empty(), "titles that cannot be followed to their text: {:#?}", found.unread);
        texts.extend(found.texts);
    }
    let list: String = texts.into_iter().map(|title| format!("{title}\n")).collect();
    expect_file!["diagnostics_catalogue.txt"].assert_eq(&list);
}
