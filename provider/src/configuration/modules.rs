//! Which files a configuration has: those of the root module, and of every module that is called from there.
//!
//! The provider runs in Terraform's working directory, which is the root module's, after `-chdir` too. Where modules lie
//! was written down by `terraform init`. Nothing here fails: a file that cannot be read is not there.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::tree::File;
use super::{hcl, json};
use crate::regular_file;

/// Bytes of the largest file that is read.
const LARGEST: u64 = 4 << 20;
/// Bytes of all files that are read.
const ALL: u64 = 16 << 20;

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    /// As Terraform shows it: from the working directory.
    pub(super) path: PathBuf,
    /// The module that it belongs to: empty, or `module.net.`.
    pub(super) module: String,
    pub(super) file: File,
}

/// Where the files are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'p> {
    /// The root module.
    pub(super) root: &'p Path,
    /// What `TF_DATA_DIR` names, from the root module on.
    pub(super) data: &'p Path,
}

/// Every file of the configuration that parses, each once.
pub(super) fn sources(places: Places<'_>) -> Vec<Source> {
    let folders = manifest(places);
    let mut left = ALL;
    let mut sources = Vec::new();
    // A folder is read once, however often it is called; its calls are followed each time.
    let mut calls: HashMap<PathBuf, BTreeSet<String>> = HashMap::new();
    // Every key that is followed is one of the manifest, and followed once: this ends.
    let mut open = VecDeque::from([(String::new(), PathBuf::new())]);
    while let Some((key, folder)) = open.pop_front() {
        let found = calls.entry(folder).or_insert_with_key(|folder| {
            let read = read_module(places.root, folder, &module_address(&key), &mut left);
            let found = read.iter().flat_map(|source| source.file.calls.clone()).collect();
            sources.extend(read);
            found
        });
        for name in found.iter() {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            if let Some(folder) = folders.get(&inner) {
                open.push_back((inner, folder.clone()));
            }
        }
    }
    sources
}

/// `module.net.` for the key `net`, nothing for the root module.
fn module_address(key: &str) -> String {
    key.split('.').filter(|name| !name.is_empty()).map(|name| format!("module.{name}.")).collect()
}

fn read_module(root: &Path, folder: &Path, module: &str, left: &mut u64) -> Vec<Source> {
    let files = module_files(&root.join(folder)).into_iter().filter_map(|(name, syntax)| {
        let text = text(&root.join(folder).join(&name), left)?;
        // The mark that some editors put first.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let file = match syntax {
            Syntax::Native => hcl::read(text),
            Syntax::Json => json::read(text),
        };
        Some(Source { path: folder.join(name), module: module.to_owned(), file: file? })
    });
    files.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    modules: Vec<Installed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Installed {
    /// The names of the calls that lead to the module, with dots between them.
    key: String,
    dir: PathBuf,
}

/// The folders of the installed modules, by key.
fn manifest(places: Places<'_>) -> HashMap<String, PathBuf> {
    let file = places.root.join(places.data).join("modules").join("modules.json");
    let mut left = LARGEST;
    let manifest = text(&file, &mut left).and_then(|text| serde_json::from_str::<Manifest>(&text).ok());
    let modules = manifest.map(|manifest| manifest.modules).unwrap_or_default();
    modules.into_iter().map(|module| (module.key, module.dir)).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Native,
    Json,
}

impl Syntax {
    /// Of a file that Terraform or OpenTofu loads as part of a module, overrides included.
    fn of(name: &str) -> Option<Self> {
        // What editors leave behind is ignored.
        if name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#')) {
            return None;
        }
        if [".tf", ".tofu"].iter().any(|end| name.ends_with(end)) {
            Some(Self::Native)
        } else if [".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end)) {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// The names of a module's files, sorted.
fn module_files(folder: &Path) -> Vec<(String, Syntax)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let syntax = Syntax::of(&name)?;
        Some((name, syntax))
    });
    let mut files: Vec<_> = named.collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// The text of a regular file, if it is not too large.
fn text(path: &Path, left: &mut u64) -> Option<String> {
    let content = regular_file::read(path, LARGEST.min(*left)).ok()?;
    *left = left.saturating_sub(content.len() as u64);
    String::from_utf8(content).ok()
}
