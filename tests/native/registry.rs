//! The machines are registered in one list (`src/domain/machine/class.rs`). Cloudflare's configuration agrees with it.

use std::fs;

use vestibule::domain::machine::Class;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// All texts between `before` and the next quotation mark.
fn named<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_class_has_a_binding_and_a_migration() {
    let configuration = read("wrangler.toml");
    for class in Class::ALL {
        let (binding, name) = (class.binding(), class.name());
        let binding = format!(r#"{{ name = "{binding}", class_name = "{name}" }}"#);
        assert!(configuration.contains(&binding), "{binding}");
        let lists = configuration.lines().filter(|line| line.starts_with("new_sqlite_classes"));
        let created = lists.filter(|line| line.contains(&format!("\"{name}\""))).count();
        assert_eq!(created, 1, "{name} is created by one migration");
    }
    assert_eq!(named(&configuration, "class_name = \"").len(), Class::ALL.len());
}

#[test]
fn every_class_is_exported_to_the_platform() {
    let entry = read("crates/edge/src/entry.js");
    for class in Class::ALL {
        let name = class.name();
        let exported =
            format!("export class {name} extends Host {{\n  static machine = \"{name}\";");
        assert!(entry.contains(&exported), "{exported}");
    }
    assert_eq!(named(&entry, "static machine = \"").len(), Class::ALL.len());
}

#[test]
fn a_class_is_found_by_its_name() {
    for class in Class::ALL {
        assert_eq!(Class::of_name(class.name()), Some(*class));
    }
    assert_eq!(Class::of_name("Session"), None);
}
