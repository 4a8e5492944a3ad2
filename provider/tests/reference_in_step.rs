//! `docs/` is what the schemas, the examples and the hand-written sections give.
//!
//! `make docs` (this test with `UPDATE=1`) writes it anew. Guides are written by hand and left alone.
#![allow(clippy::unwrap_used, reason = "a test says by failing where it failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use terraform_provider_mlops::reference::{self, Examples};

/// What of `docs/` is generated, beside the index.
const GENERATED: [&str; 4] = ["resources", "data-sources", "functions", "ephemeral-resources"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages as they should be, by path.
fn wanted() -> BTreeMap<PathBuf, String> {
    let examples = Examples::read(|file| read(&root().join("examples").join(file)));
    let docs = root().join("docs");
    reference::pages(&examples).into_iter().map(|page| (docs.join(page.path), page.text)).collect()
}

/// The generated pages as they are.
fn found() -> BTreeMap<PathBuf, String> {
    let docs = root().join("docs");
    let in_folders = GENERATED.iter().flat_map(|folder| fs::read_dir(docs.join(folder)).into_iter().flatten());
    let pages = in_folders.map(|entry| entry.unwrap().path()).chain([docs.join("index.md")]);
    pages.filter(|path| path.is_file()).map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn the_pages_are_in_step_with_the_code() {
    let (wanted, found) = (wanted(), found());
    if std::env::var_os("UPDATE").is_some() {
        for (path, text) in &wanted {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for stale in found.keys().filter(|path| !wanted.contains_key(*path)) {
            fs::remove_file(stale).unwrap();
        }
        return;
    }
    let problems: Vec<String> = wanted
        .iter()
        .filter_map(|(path, text)| difference(found.get(path).map(String::as_str), text).map(|what| (path, what)))
        .chain(
            found.keys().filter(|path| !wanted.contains_key(*path)).map(|path| (path, "nothing makes it".to_owned())),
        )
        .map(|(path, what)| format!("  {}: {what}", path.strip_prefix(root()).unwrap().display()))
        .collect();
    assert!(problems.is_empty(), "run `make docs` and commit the result:\n{}", problems.join("\n"));
}

/// The first place where two texts differ.
fn difference(found: Option<&str>, wanted: &str) -> Option<String> {
    let Some(found) = found else { return Some("it is missing".to_owned()) };
    if found == wanted {
        return None;
    }
    let line = found.lines().zip(wanted.lines()).take_while(|(found, wanted)| found == wanted).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    Some(format!("line {} is\n    {}\n  and should be\n    {}", line + 1, at(found), at(wanted)))
}
