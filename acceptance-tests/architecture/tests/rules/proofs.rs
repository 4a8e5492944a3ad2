//! What a page names as a proof.

use architecture::proofs::{proofs, violations};

#[test]
fn a_link_to_a_function_of_a_file_is_a_proof() {
    let page = "Held by [`a_test`](tests/a.rs) and [`b_test`](tests/b.rs), as [the page](docs/page.md) and [`code`](other.md) say.";
    assert_eq!(proofs(page).collect::<Vec<_>>(), [("a_test", "tests/a.rs"), ("b_test", "tests/b.rs")]);
}

#[test]
fn a_proof_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("README.md", "[`there`](a.rs), [`gone`](a.rs), [`there`](b.rs)");
    write("SECURITY.md", "");
    write("SUPPORT.md", "");
    write("a.rs", "#[test]\nfn there() {}\n");
    let found = violations(folder.path()).expect("the pages");
    assert_eq!(
        found.iter().map(|one| one.line.as_str()).collect::<Vec<_>>(),
        ["proof README.md: gone", "proof README.md: there"]
    );
}
