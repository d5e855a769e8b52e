//! The packages that the worker is built on do their work in the deployed worker, and not only in tests.

use std::fs;
use std::path::Path;

const PACKAGES: [&str; 8] =
    ["worker", "serde", "serde_json", "jwt-compact", "getrandom", "p256", "url", "wasm-bindgen"];

/// What the worker is made of: the crate of the server, and those of the platform.
const CRATES: [&str; 4] = [".", "crates/edge", "crates/worker", "crates/on_demand"];

/// The packages in the sections of a crate's `Cargo.toml` that the worker is built from.
fn dependencies(of: &str) -> Vec<String> {
    let manifest = fs::read_to_string(Path::new(of).join("Cargo.toml")).unwrap();
    let mut is_for_worker = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            is_for_worker = section == "dependencies]"
                || section == "target.'cfg(target_arch = \"wasm32\")'.dependencies]";
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| is_for_worker) {
            found.push(name.trim_start_matches("# ").to_owned());
        }
    }
    found
}

/// The lines of code in a folder, without comments.
fn code(folder: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, lines);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let of_code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
            lines.extend(of_code.map(str::to_owned));
        }
    }
}

#[test]
fn each_package_is_a_dependency_of_the_worker_and_called_by_it() {
    let dependencies: Vec<String> = CRATES.into_iter().flat_map(dependencies).collect();
    let mut lines = Vec::new();
    for of in CRATES {
        code(&Path::new(of).join("src"), &mut lines);
    }
    for package in PACKAGES {
        assert!(dependencies.iter().any(|name| name == package), "{package} is a dependency");
        let path = format!("{}::", package.replace('-', "_"));
        let calls = |line: &str| {
            line.match_indices(&path).any(|(at, _)| {
                let before = line.get(..at).and_then(|before| before.chars().next_back());
                before.is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before))
            })
        };
        assert!(lines.iter().any(|line| calls(line)), "{package} is called");
    }
}
