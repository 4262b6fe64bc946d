//! The files that the rules look at, read once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::source::Source;

/// Folders of the workspace that hold what we write.
const ROOTS: [&str; 6] = ["crates", "docs", "fuzz", "vectors", "xtask", "examples"];
/// Folders in them that hold what is built or found.
const OTHERS: [&str; 4] = ["target", "corpus", "artifacts", "coverage"];

/// Files by their path from the workspace's root, with `/` between folders.
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    sources: Vec<Source>,
}

impl Tree {
    /// Reads what lies below `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_file() {
                insert(&mut texts, &name, &entry.path())?;
            }
        }
        for folder in ROOTS {
            let path = root.join(folder);
            if path.is_dir() {
                walk(&mut texts, folder, &path)?;
            }
        }
        Ok(Self::with(texts))
    }

    /// Files that need not be on a disk.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self::with(files.iter().map(own).collect())
    }

    fn with(texts: BTreeMap<String, String>) -> Self {
        let rust = texts
            .iter()
            .filter(|(path, _)| Path::new(path).extension().is_some_and(|it| it == "rs"));
        let sources = rust.map(|(path, text)| Source::new(path, text)).collect();
        Self { texts, sources }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.texts.contains_key(path)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// All files with their texts.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (&**path, &**text))
    }

    /// The files in `folder`, and below it.
    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| path.starts_with(folder))
    }

    /// The Rust files in `folder`, and below it.
    pub(crate) fn sources<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(move |source| source.path.starts_with(folder))
    }
}

fn walk(texts: &mut BTreeMap<String, String>, name: &str, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{name}/{file}");
        if entry.file_type()?.is_file() {
            insert(texts, &path, &entry.path())?;
        } else if entry.file_type()?.is_dir() && !OTHERS.contains(&&*file) {
            walk(texts, &path, &entry.path())?;
        }
    }
    Ok(())
}

fn insert(texts: &mut BTreeMap<String, String>, path: &str, file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {path}"))?;
    texts.insert(path.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
    Ok(())
}
