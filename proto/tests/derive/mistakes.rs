//! Declarations that do not compile, and what the compiler says: every `.rs` below `ui/` with its `.stderr` beside it.
//!
//! The real compiler runs on each against the library that this test is linked with: nothing is built again.
//! UPDATE_EXPECT=1 rewrites the texts.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect_file;
use serde_json::Value;

#[test]
fn every_mistake_is_told_with_its_place_and_its_cure() {
    let library = library();
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/derive/ui"));
    assert!(!cases.is_empty(), "no case was found");
    for case in cases {
        let said = compile(&case, &library);
        expect_file![case.with_extension("stderr")].assert_eq(&said);
    }
}

/// What the compiler says about `case`, a line per error.
fn compile(case: &Path, library: &Path) -> String {
    let folder = case.parent().expect("a case is in a folder");
    let output = tempfile::tempdir().expect("a temporary folder");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let run = Command::new(rustc)
        .current_dir(folder)
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=case", "--emit=metadata", "--error-format=short"])
        .args(["-A", "warnings", "--out-dir"])
        .arg(output.path())
        .arg("-L")
        .arg(joined("dependency=", library.parent().expect("a library is in a folder")))
        .arg("--extern")
        .arg(joined("tfplugin=", library))
        .arg(case.file_name().expect("a case is a file"))
        .output()
        .expect("rustc runs");
    assert!(!run.status.success(), "{} compiles, but should not", case.display());
    let said = String::from_utf8(run.stderr).expect("text");
    // The last line counts the errors; other lines without a place name a cause that another line names already.
    let name = case.file_name().and_then(|name| name.to_str()).expect("a plain name");
    said.lines().filter(|line| line.starts_with(name)).map(|line| format!("{line}\n")).collect()
}

fn joined(prefix: &str, path: &Path) -> OsString {
    let mut joined = OsString::from(prefix);
    joined.push(path);
    joined
}

/// The library that this test is linked with: cargo, asked to build the test again, finds all done and names it.
fn library() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let optimised = env::current_exe().expect("a test has a path").iter().any(|part| part == "release");
    let run = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["test", "--offline", "--no-run", "--test=derive", "--message-format=json"])
        .args(optimised.then_some("--release"))
        .output()
        .expect("cargo runs");
    let messages = String::from_utf8(run.stdout).expect("text");
    let artifact = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == "tfplugin");
    let Some(artifact) = artifact else {
        panic!("cargo names no library: {}", String::from_utf8_lossy(&run.stderr));
    };
    let files = artifact["filenames"].as_array().expect("an array");
    let library = files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".rlib")).expect("a library");
    PathBuf::from(library)
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut topics: Vec<_> = entries(folder);
    topics.sort();
    let mut cases: Vec<PathBuf> = topics.iter().flat_map(|topic| entries(topic)).collect();
    cases.retain(|case| case.extension().is_some_and(|extension| extension == "rs"));
    cases.sort();
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}
