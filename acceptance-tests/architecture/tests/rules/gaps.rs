//! Which texts have a gap.

use architecture::gaps;

use crate::made::tree;

fn found(text: &str) -> Vec<String> {
    gaps::of(&tree(&[("lib.rs", text)]))
}

#[test]
fn a_sentence_whose_line_end_lost_its_backslash_is_found_in_macros_too() {
    let found = found("fn f() {\n  format!(\"It is there, or      it is not: {x}\");\n}");
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("2: It is there, or      it is not"), "{found:?}");
}

#[test]
fn an_indent_and_a_line_that_goes_on_are_no_gap() {
    assert_eq!(
        found("fn f() { let x = \"a = {\\n    b = 1\\n}\"; let y = \"one \\\n        two\"; }"),
        [] as [&str; 0]
    );
}
