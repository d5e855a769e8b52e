//! The documents mention only files that exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder, by its path from the root of the project.
fn files(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let is_made = ["target", "node_modules", "dist", "build", ".git", ".cache", "package"];
        let last = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !is_made.contains(&last) {
            files(root, &path, found);
        } else if path.is_file() {
            found.push(name);
        }
    }
}

/// The texts that a document quotes in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn the_documents_name_files_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    files(&root, &root, &mut all);
    let documents = all.iter().filter(|name| name.ends_with(".md") && !name.starts_with("tests/"));
    let mut missing = Vec::new();
    let mut looked_at = 0;
    for document in documents.filter(|name| *name != "CHANGELOG.md") {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let is_source = |name: &&str| {
            let ends = [".rs", ".mjs", ".js", ".html"].iter().any(|end| name.ends_with(end));
            ends && !name.contains([' ', '*', '{', '$', ':', '('])
        };
        for name in quoted(&text).filter(is_source) {
            looked_at += 1;
            let name = name.trim_start_matches("./");
            let is_it = |file: &String| file == name || file.ends_with(&format!("/{name}"));
            if !all.iter().any(is_it) {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(looked_at > 50, "the test looks at what it should");
    assert!(missing.is_empty(), "no such file: {missing:#?}");
}
