//! A room uses only rooms below it, and only the crates of the platform name it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::modules::{Modules, sources};

/// From the lowest to the highest.
const ROOMS: [&str; 9] =
    ["tenant", "protocol", "jose", "domain", "ports", "upstream", "host", "pages", "endpoints"];
/// Crates that only `crates/` may use.
const PLATFORM: [&str; 6] =
    ["worker::", "wasm_bindgen", "js_sys", "web_sys", "getrandom::", "use worker"];

fn room_of(path: &Path, root: &Path) -> Option<usize> {
    let first = path.strip_prefix(root).ok()?.iter().next()?.to_str()?;
    ROOMS.iter().position(|room| first == *room || first == format!("{room}.rs"))
}

/// The lines of code, without comments.
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
                // `pages` is beside these and doesn't know them; `endpoints` knows no host.
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
fn only_the_crates_of_the_platform_name_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
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

/// Which module uses which within a folder, with an example.
type Uses = BTreeMap<(String, String), String>;

/// The uses within each folder of `src/`, and within the edge.
fn folders() -> BTreeMap<String, Uses> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = folders_of(&root.join("src"));
    // Another test checks the order of the rooms.
    folders.remove("");
    let edge = folders_of(&root.join("crates/edge/src"));
    folders.extend(edge.into_iter().map(|(folder, uses)| (format!("edge/{folder}"), uses)));
    folders
}

fn folders_of(root: &Path) -> BTreeMap<String, Uses> {
    let mut folders: BTreeMap<String, Uses> = BTreeMap::new();
    for (user, used) in Modules::read(root).uses() {
        for used in used {
            let depth = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
            let at = |module: &[String]| module.get(depth).map_or("mod", |name| name).to_owned();
            let example = format!("{} uses {}", user.join("/"), used.join("/"));
            let folder = folders.entry(user[..depth].join("/")).or_default();
            folder.entry((at(&user), at(&used))).or_insert(example);
        }
    }
    folders
}

/// All modules that a module uses, directly or indirectly.
fn reachable<'u>(uses: &'u Uses, module: &'u str) -> BTreeSet<&'u str> {
    let (mut found, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(user) = next.pop() {
        let used = uses.keys().filter(|(other, _)| other == user).map(|(_, used)| used.as_str());
        next.extend(used.filter(|used| found.insert(*used)));
    }
    found
}

/// The cycles within a folder, each as a set of modules.
fn circles(uses: &Uses) -> BTreeSet<BTreeSet<&str>> {
    let modules: BTreeSet<&str> = uses.keys().map(|(user, _)| user.as_str()).collect();
    let circle_of = |module| {
        let used = reachable(uses, module).into_iter();
        used.filter(|other| reachable(uses, other).contains(module)).collect()
    };
    modules.into_iter().map(circle_of).filter(|circle: &BTreeSet<_>| !circle.is_empty()).collect()
}

#[test]
fn the_modules_of_a_folder_use_each_other_in_one_direction() {
    let folders = folders();
    assert!(folders.len() > 10, "the test looks at what it should");
    let mut wrong = Vec::new();
    for (folder, uses) in &folders {
        for circle in circles(uses) {
            wrong.push(format!("{folder}: {circle:?} use each other:"));
            let on_it = uses.iter().filter(|((user, used), _)| {
                circle.contains(user.as_str()) && circle.contains(used.as_str())
            });
            wrong.extend(on_it.map(|(_, example)| format!("  {example}")));
        }
    }
    assert!(wrong.is_empty(), "untie\n{}", wrong.join("\n"));
}
