//! Which titles are found, and through what.

use architecture::titles;

use crate::made::tree;

/// The titles in a crate of one file.
fn found(text: &str) -> Vec<String> {
    let titles = titles::of(&tree(&[("lib.rs", text)]));
    assert!(titles.unread.is_empty(), "{:?}", titles.unread);
    titles.texts.into_iter().collect()
}

#[test]
fn errors_and_warnings_have_titles_and_nothing_else_has() {
    let text = "fn f() { Diagnostic::error(\"A\", \"detail\"); tfplugin::Diagnostic::warning(\"B\", \"\"); Other::error(\"C\", \"\"); }";
    assert_eq!(found(text), ["A", "B"]);
}

#[test]
fn a_format_keeps_its_placeholders() {
    assert_eq!(found("fn f() { Diagnostic::error(format!(\"No {what} in {}\", place), x); }"), ["No {what} in {}"]);
}

#[test]
fn a_title_is_followed_through_variables_and_branches() {
    let text = "fn f() { let (title, detail) = match x { 1 => (\"A\", d), 2 => return, _ => (if y { \"B\" } else { \"C\" }, d) };
                Diagnostic::error(title, detail); }";
    assert_eq!(found(text), ["A", "B", "C"]);
}

#[test]
fn a_title_is_followed_to_the_callers_of_a_function_and_a_closure() {
    let text = "fn refuse(path: &Path, title: &str) { Diagnostic::error(title, x); }
                fn f() { refuse(path, \"A\"); let mut error = |title: &str| Diagnostic::error(title, x); error(\"B\"); }";
    assert_eq!(found(text), ["A", "B"]);
}

#[test]
fn a_title_is_followed_to_a_constant_and_into_a_function() {
    let text = "const TITLE: &str = \"A\"; fn title() -> String { \"B\".to_owned() }
                fn f() { Diagnostic::error(TITLE, x); Diagnostic::error(title(), x); }";
    assert_eq!(found(text), ["A", "B"]);
}

#[test]
fn titles_of_tests_are_left_out() {
    assert_eq!(found("#[cfg(test)] mod tests { fn f() { Diagnostic::error(\"A\", x); } }"), [""; 0]);
}

#[test]
fn a_title_that_cannot_be_followed_is_named_with_its_place() {
    let titles = titles::of(&tree(&[("lib.rs", "fn f() {\n Diagnostic::error(self.title, x);\n}")]));
    assert_eq!(titles.unread.into_iter().collect::<Vec<_>>(), ["lib.rs:2"]);
}
