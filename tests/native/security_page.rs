//! `SECURITY.md` maps each attack to its rule and its tests. Each of these tests must exist.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_security_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, table) = page.split_once("## Attacks, rules and tests").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains("`tests/")) {
        rows += 1;
        let tests = row.trim_end_matches('|').rsplit_once('|').unwrap().1;
        // Each has the form `tests/file`: test name. In a Rust file, `_` replaces spaces and apostrophes.
        for test in tests.split("<br>") {
            let (file, name) = test.trim().split_once("`: ").unwrap_or_else(|| panic!("{test}"));
            let file = file.trim_start_matches('`');
            let source = fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("{file}"));
            let found = match file.ends_with(".rs") {
                true => source.contains(&format!("fn {}(", name.replace([' ', '\''], "_"))),
                false => source.contains(name),
            };
            assert!(found, "{file} has no test {name:?}");
        }
    }
    assert!(rows > 20, "the page has a row for each attack");
}
