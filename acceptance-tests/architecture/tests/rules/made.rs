//! A crate out of a few files.

use architecture::Violation;
use architecture::source::Tree;

/// The crate of these files; `lib.rs` is its root.
pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    Tree::read("made", &folder.path().join("lib.rs"), folder.path()).expect("a crate")
}

/// What identifies the violations.
pub(crate) fn lines(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|violation| violation.line.as_str()).collect()
}
