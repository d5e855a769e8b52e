//! The folders of samples: `tests/stored/0` has what releases before the first folder wrote, `tests/stored/1` what the
//! release of that folder wrote, and so on. A file has sections, and a section has samples by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use vestibule::domain::machine::Class;

/// The folders, in the order of their releases.
pub const FOLDERS: [&str; 3] = ["0", "1", TODAY];

/// The folder of what today's code writes. It changes until the release.
pub const TODAY: &str = "2";

/// What to do about a failing test here.
pub const ADVICE: &str = "Data that is stored must stay readable: add a migration or a default.";

/// A file: by section, by name.
pub type File = BTreeMap<String, BTreeMap<String, Value>>;

/// A sample.
pub struct Sample<'a> {
    /// Its folder.
    pub folder: &'a str,
    /// Its file, without `.json`.
    pub file: &'a str,
    /// The file that it is in.
    pub all: &'a File,
    pub section: &'a str,
    pub name: &'a str,
    pub value: &'a Value,
}

impl Sample<'_> {
    /// Where to find it.
    pub fn place(&self) -> String {
        let Self { folder, file, section, name, .. } = self;
        format!("tests/stored/{folder}/{file}.json, {section}, \"{name}\"")
    }

    /// The class whose machine its file is of.
    pub fn class(&self) -> Option<Class> {
        class_of(self.file)
    }
}

/// The class whose machine has this file.
pub fn class_of(file: &str) -> Option<Class> {
    let is_its = |class: &Class| class.name().to_lowercase() == file.replace('_', "");
    Class::ALL.iter().copied().find(is_its)
}

/// The folder of the folders.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored")
}

/// Calls `with` for each sample.
pub fn each(mut with: impl FnMut(&Sample<'_>)) {
    for folder in FOLDERS {
        for (file, all) in read(folder) {
            for (section, named) in &all {
                for (name, value) in named {
                    with(&Sample { folder, file: &file, all: &all, section, name, value });
                }
            }
        }
    }
}

/// The files of a folder.
pub fn read(folder: &str) -> BTreeMap<String, File> {
    let paths = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let samples = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let file = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    samples.map(file).collect()
}

/// Every file below a folder, with its path from [`root`].
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn the_folder_of_a_release_never_changes_again() {
    let sums = fs::read_to_string(root().join("SHA256SUMS")).unwrap();
    let sums: BTreeMap<String, &str> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(sum, file)| (file.to_owned(), sum))
        .collect();
    let found: BTreeMap<String, String> = FOLDERS
        .iter()
        .filter(|folder| **folder != TODAY)
        .flat_map(|folder| files(&root().join(folder)))
        .map(|file| {
            let digest = Sha256::digest(fs::read(root().join(&file)).unwrap());
            (file, base16ct::lower::encode_string(&digest))
        })
        .collect();
    for (file, sum) in &sums {
        let is = found.get(file).map(String::as_str);
        assert_eq!(is, Some(*sum), "{file}: releases wrote that. {ADVICE}");
    }
    assert_eq!(found.len(), sums.len(), "a file is not in tests/stored/SHA256SUMS");
}
