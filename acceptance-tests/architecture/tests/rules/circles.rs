//! Which imports make a circle, and how it is told.

use architecture::circles::violations;

use crate::made::{lines, tree};

/// `a` and `b` import each other.
const CIRCLE: [&str; 2] = ["circle made crate: a -> b", "circle made crate: b -> a"];

/// The violations of two modules with these texts.
fn between(a: &str, b: &str) -> Vec<String> {
    let found = violations(&tree(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]));
    lines(&found).into_iter().map(str::to_owned).collect()
}

#[test]
fn one_way_is_no_circle() {
    assert_eq!(between("use crate::b::B;", "pub struct B;"), [""; 0]);
}

#[test]
fn two_uses_are_a_circle() {
    assert_eq!(between("use crate::b::B; pub struct A;", "use crate::a::A; pub struct B;"), CIRCLE);
}

#[test]
fn a_use_of_super_counts() {
    assert_eq!(between("use super::b::B; pub struct A;", "use super::{a::{A}}; pub struct B;"), CIRCLE);
}

#[test]
fn a_path_through_self_counts() {
    let root = "mod a { pub struct A; pub fn f(_: self::inner::super_b::B) {} mod inner { pub use super::super::b as super_b; } } \
                mod b { pub struct B(super::a::A); }";
    assert_eq!(lines(&violations(&tree(&[("lib.rs", root)]))), CIRCLE);
}

#[test]
fn a_qualified_path_in_an_expression_counts() {
    assert_eq!(between("pub fn f() { crate::b::g() }", "pub fn g() { let _ = || crate::a::f(); }"), CIRCLE);
}

#[test]
fn a_path_in_a_type_a_pattern_or_a_bound_counts() {
    for use_of_a in ["pub struct B(crate::a::A);", "fn f() { let crate::a::A = x; }", "fn f<T: crate::a::A>() {}"] {
        assert_eq!(between("use crate::b; pub struct A;", use_of_a), CIRCLE, "{use_of_a}");
    }
}

#[test]
fn a_path_in_a_macro_or_an_attribute_counts() {
    for use_of_a in [
        "fn f() { println!(\"{}\", crate::a::A) }",
        "#[derive(X)] #[x(with = \"crate::a::A\")] struct S;",
        "#[x(ext(super::a::A))] struct S;",
        "macro_rules! m { () => { $crate::a::A } }",
    ] {
        assert_eq!(between("use crate::b; pub struct A;", use_of_a), CIRCLE, "{use_of_a}");
    }
}

#[test]
fn an_import_inside_a_function_counts() {
    assert_eq!(between("use crate::b; pub struct A;", "fn f() { use crate::a::A; }"), CIRCLE);
}

#[test]
fn a_re_export_is_looked_through() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use b::B;"),
        ("a.rs", "use crate::B; pub struct A;"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ];
    assert_eq!(lines(&violations(&tree(&files))), CIRCLE);
}

#[test]
fn a_re_export_under_another_name_or_of_everything_is_looked_through() {
    for facade in ["pub use crate::b::B as Other;", "pub use inner::*; mod inner { pub use crate::b::B as Other; }"] {
        let root = format!(
            "mod a {{ use crate::facade::Other; pub struct A; }} mod b {{ pub struct B(crate::a::A); }} mod facade {{ {facade} }}"
        );
        let found = violations(&tree(&[("lib.rs", &root)]));
        let found = lines(&found);
        assert!(CIRCLE.iter().all(|line| found.contains(line)), "{facade}: {found:?}");
    }
}

#[test]
fn the_crates_own_name_leads_into_the_crate() {
    let root =
        "extern crate self as made; mod a { use ::made::b::B; pub struct A; } mod b { pub struct B(made::a::A); }";
    assert_eq!(lines(&violations(&tree(&[("lib.rs", root)]))), CIRCLE);
}

#[test]
fn another_crate_of_the_same_name_as_a_module_is_not_meant() {
    assert_eq!(between("use ::b::B; pub struct A;", "use crate::a::A;"), [""; 0]);
}

#[test]
fn a_name_that_is_a_module_and_a_function_does_not_go_round_for_ever() {
    let files = [
        ("lib.rs", "mod serve; pub use serve::serve; mod b;"),
        ("serve.rs", "pub fn serve() {}"),
        ("b.rs", "use crate::serve;"),
    ];
    assert_eq!(lines(&violations(&tree(&files))), [""; 0]);
}

#[test]
fn parent_and_child_may_see_each_other() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a.rs", "mod inner; use inner::Inner; pub struct A;"),
        ("a/inner.rs", "mod core; use super::A; pub struct Inner;"),
        ("a/inner/core.rs", "use crate::a::A; use super::super::A as Again;"),
    ];
    assert_eq!(lines(&violations(&tree(&files))), [""; 0]);
}

#[test]
fn siblings_may_not_even_below_one_parent() {
    let files = [
        ("lib.rs", "mod p;"),
        ("p/mod.rs", "mod a; mod b; pub use self::b::B;"),
        ("p/a.rs", "use super::B; pub struct A;"),
        ("p/b.rs", "use super::a::A; pub struct B;"),
    ];
    assert_eq!(lines(&violations(&tree(&files))), ["circle made crate::p: a -> b", "circle made crate::p: b -> a"]);
}

#[test]
fn folders_make_a_circle_though_their_files_do_not() {
    let root = "mod a { mod one { use crate::b::two::Two; } pub mod other { pub struct Other; } } \
                mod b { pub mod two { pub struct Two; } mod three { use crate::a::other::Other; } }";
    assert_eq!(lines(&violations(&tree(&[("lib.rs", root)]))), CIRCLE);
}

#[test]
fn what_is_for_tests_only_makes_no_circle() {
    for b in [
        "#[cfg(test)] mod tests { use crate::a::A; }",
        "#[cfg(test)] use crate::a::A;",
        "#[cfg(any(test, feature = \"x\"))] fn f(_: crate::a::A) {}",
        "#[test] fn f() { crate::a::A; }",
        "struct B; impl B { #[cfg(test)] fn f(_: crate::a::A) {} }",
    ] {
        assert_eq!(between("use crate::b; pub struct A;", b), [""; 0], "{b}");
    }
}

#[test]
fn what_is_left_out_of_tests_counts() {
    assert_eq!(between("use crate::b; pub struct A;", "#[cfg(not(test))] use crate::a::A;"), CIRCLE);
}

#[test]
fn a_file_named_by_an_attribute_is_read() {
    let files = [
        ("lib.rs", "#[path = \"elsewhere.rs\"] mod a; mod b;"),
        ("elsewhere.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(lines(&violations(&tree(&files))), CIRCLE);
}

#[test]
fn the_shortest_circle_is_told_with_file_and_line_of_each_import() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub struct A;\nuse crate::b::B;"),
        ("b.rs", "\n\nuse crate::c::C;\nuse crate::a::A;\npub struct B;"),
        ("c.rs", "use crate::a::A;\npub struct C;"),
    ];
    let found = violations(&tree(&files));
    assert_eq!(found[0].explanation, "in crate (made): a -> b -> a\n    a.rs:2 crate::b::B\n    b.rs:4 crate::a::A");
}
