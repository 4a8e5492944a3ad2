//! A crate as a tree of modules: what each defines, imports and mentions. Items that exist only for tests are left out.
//!
//! Files are found as the compiler finds them (`mod`, `#[path]`); `mentions` collects the paths in the code.

pub(crate) mod mentions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, UseTree};

use crate::testing;

/// A module, by its place in [`Tree::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub(crate) usize);

/// One crate.
#[derive(Debug)]
pub struct Tree {
    /// The crate's name.
    pub name: String,
    /// Its modules; the first is its root.
    pub modules: Vec<Module>,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// Its path, without `crate`.
    pub path: Vec<String>,
    /// Its file, relative to the workspace.
    pub file: PathBuf,
    /// The module around it.
    pub parent: Option<Id>,
    /// What is said of it in its own file.
    pub attributes: Vec<Attribute>,
    /// Its items but its modules, those of tests left out.
    pub items: Vec<Item>,
    /// What its names stand for. One name can be a module and a function.
    pub(crate) names: BTreeMap<String, Vec<Binding>>,
    /// What it imports whole (`use a::*`).
    pub(crate) globs: Vec<Vec<String>>,
    /// The paths that it imports or mentions, each with the first line that has it.
    pub(crate) mentions: BTreeMap<Vec<String>, usize>,
}

/// What a name in a module stands for.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// An item that is defined there.
    Item,
    /// A module below.
    Module(Id),
    /// What a `use` brings in.
    Import(Vec<String>),
}

/// Why a crate cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file of a module cannot be read.
    #[error("{} cannot be read", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not Rust.
    #[error("{}:{line} cannot be parsed", .file.display())]
    Parse {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// Why.
        #[source]
        source: syn::Error,
    },
}

impl Tree {
    /// Reads the crate that begins with the file `root`; files are named relative to `base`.
    ///
    /// # Errors
    /// When a file of it cannot be read or parsed.
    pub fn read(name: &str, root: &Path, base: &Path) -> Result<Self, SourceError> {
        let mut tree = Self { name: name.to_owned(), modules: Vec::new() };
        let folder = root.parent().unwrap_or(base);
        tree.file(Vec::new(), None, root, folder, base)?;
        Ok(tree)
    }

    pub(crate) fn module(&self, id: Id) -> &Module {
        &self.modules[id.0]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.modules.len()).map(Id)
    }

    /// A module that is a file; those below it are in `folder`.
    fn file(
        &mut self,
        path: Vec<String>,
        parent: Option<Id>,
        file: &Path,
        folder: &Path,
        base: &Path,
    ) -> Result<Id, SourceError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| SourceError::Read { file: file.to_owned(), source })?;
        let parsed = syn::parse_file(&text).map_err(|source| SourceError::Parse {
            file: file.to_owned(),
            line: source.span().start().line,
            source,
        })?;
        self.add(path, parent, file, folder, base, parsed.attrs, parsed.items)
    }

    #[allow(clippy::too_many_arguments, reason = "the state of one recursion")]
    fn add(
        &mut self,
        path: Vec<String>,
        parent: Option<Id>,
        file: &Path,
        folder: &Path,
        base: &Path,
        attributes: Vec<Attribute>,
        items: Vec<Item>,
    ) -> Result<Id, SourceError> {
        let id = Id(self.modules.len());
        self.modules.push(Module {
            path: path.clone(),
            file: file.strip_prefix(base).unwrap_or(file).to_owned(),
            parent,
            attributes,
            items: Vec::new(),
            names: BTreeMap::new(),
            globs: Vec::new(),
            mentions: BTreeMap::new(),
        });
        for item in items {
            if testing::only_for_tests(testing::attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(item) => self.nested(id, &path, item, file, folder, base)?,
                item => self.item(id, testing::without_test_members(item)),
            }
        }
        Ok(id)
    }

    fn nested(
        &mut self,
        parent: Id,
        path: &[String],
        item: ItemMod,
        file: &Path,
        folder: &Path,
        base: &Path,
    ) -> Result<(), SourceError> {
        let name = item.ident.to_string();
        let path = [path, std::slice::from_ref(&name)].concat();
        let below = folder.join(&name);
        let id = match (item.content, own_path(&item.attrs)) {
            (Some((_, items)), _) => self.add(path, Some(parent), file, &below, base, item.attrs, items)?,
            (None, Some(named)) => {
                let named = file.parent().unwrap_or(base).join(named);
                self.file(path, Some(parent), &named, &below, base)?
            }
            (None, None) => {
                let beside = folder.join(format!("{name}.rs"));
                let inside = below.join("mod.rs");
                let file = if beside.exists() { beside } else { inside };
                self.file(path, Some(parent), &file, &below, base)?
            }
        };
        self.bind(parent, name, Binding::Module(id));
        Ok(())
    }

    fn item(&mut self, id: Id, item: Item) {
        let found = mentions::of(&item);
        let module = &mut self.modules[id.0];
        for mention in found.mentions {
            let first = module.mentions.entry(mention.path).or_insert(mention.line);
            *first = mention.line.min(*first);
        }
        module.globs.extend(found.globs);
        for (name, path) in found.imports {
            self.bind(id, name, Binding::Import(path));
        }
        if let Some(name) = defined(&item) {
            self.bind(id, name, Binding::Item);
        }
        self.modules[id.0].items.push(item);
    }

    fn bind(&mut self, id: Id, name: String, binding: Binding) {
        self.modules[id.0].names.entry(name).or_default().push(binding);
    }
}

impl Module {
    /// The path as code writes it.
    pub fn display(&self) -> String {
        std::iter::once("crate").chain(self.path.iter().map(String::as_str)).collect::<Vec<_>>().join("::")
    }
}

/// The file that `#[path = ".."]` names.
fn own_path(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The leaves of a `use`: the name that each brings in (`None`: all of them) and its path.
pub(crate) fn leaves(tree: &UseTree, prefix: &[String]) -> Vec<(Option<String>, Vec<String>)> {
    let under = |name: String| [prefix, &[name]].concat();
    // `use a::{self}` brings in `a` itself.
    let whole =
        |name: &str| if name == "self" && !prefix.is_empty() { prefix.to_vec() } else { under(name.to_owned()) };
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &under(path.ident.to_string())),
        UseTree::Name(name) => {
            let path = whole(&name.ident.to_string());
            vec![(path.last().cloned(), path)]
        }
        UseTree::Rename(rename) => vec![(Some(rename.rename.to_string()), whole(&rename.ident.to_string()))],
        UseTree::Glob(_) => vec![(None, prefix.to_vec())],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, prefix)).collect(),
    }
}
