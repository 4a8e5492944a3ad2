//! The tests that a page names as proofs exist.
//!
//! A page names one as [`name`](path/to/the/file.rs): the file has to have a function of that name.

use std::path::Path;

use crate::Violation;

/// Pages that promise something.
const PAGES: [&str; 3] = ["README.md", "SECURITY.md", "SUPPORT.md"];

/// Each proof that is none, on the pages of the workspace at `root`.
///
/// # Errors
/// When a page cannot be read.
pub fn violations(root: &Path) -> std::io::Result<Vec<Violation>> {
    let mut found = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root.join(page))?;
        let missing = proofs(&text).filter(|(name, file)| !has_function(&root.join(file), name));
        found.extend(missing.map(|(name, file)| Violation {
            line: format!("proof {page}: {name}"),
            explanation: format!("a page names a test that does not exist\n    {page}: {file} has no function {name}"),
        }));
    }
    Ok(found)
}

/// The names of tests that a page links to, and the files that they shall be in.
pub fn proofs(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("[`").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("`](")?;
        let (file, _) = rest.split_once(')')?;
        file.ends_with(".rs").then_some((name, file))
    })
}

fn has_function(file: &Path, name: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}
