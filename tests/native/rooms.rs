//! The direction of the rooms holds by itself: a room uses only rooms below it.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up.
const ROOMS: [&str; 9] =
    ["protocol", "jose", "domain", "ports", "upstream", "host", "pages", "endpoints", "edge"];
/// What only the edge may name.
const PLATFORM: [&str; 6] =
    ["worker::", "wasm_bindgen", "js_sys", "web_sys", "getrandom::", "use worker"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn room_of(path: &Path, root: &Path) -> Option<usize> {
    let first = path.strip_prefix(root).ok()?.iter().next()?.to_str()?;
    ROOMS.iter().position(|room| first == *room || first == format!("{room}.rs"))
}

/// The lines of code, comments left out.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().map(code).collect()
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for path in sources(&root) {
        let Some(room) = room_of(&path, &root) else { continue };
        for line in code(&path) {
            for (height, other) in ROOMS.iter().enumerate() {
                let names = line.contains(&format!("crate::{other}"));
                looked_at += usize::from(names);
                // `pages` stands beside these and knows nothing of them; `endpoints` knows no host.
                let beside = match ROOMS[room] {
                    "pages" => matches!(*other, "ports" | "upstream" | "host"),
                    "endpoints" => *other == "host",
                    _ => false,
                };
                let allowed = height <= room && !beside;
                assert!(!names || allowed, "{}: {line}", path.display());
            }
        }
    }
    assert!(looked_at > 100, "the test looks at what it should");
}

#[test]
fn only_the_edge_names_the_platform() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        if room_of(&path, &root).is_none_or(|room| ROOMS[room] == "edge") {
            continue;
        }
        for line in code(&path) {
            let named = PLATFORM.iter().find(|name| line.contains(*name));
            assert!(named.is_none(), "{} names {named:?}", path.display());
        }
    }
}

#[test]
fn passwords_are_hashed_in_the_objects_alone() {
    // A request to a worker has 10 ms of CPU time on Cloudflare's free plan, and a hash takes more.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let code = code(&path).join("\n");
        let hashes = ["argon2::", "PasswordRecord", ".rehash("];
        let hashes = hashes.iter().any(|name| code.contains(name))
            || (code.contains("NewPassword") && code.contains(".hash("));
        let domain = root.join("domain");
        assert!(!hashes || path.starts_with(domain), "{} hashes passwords", path.display());
    }
}
