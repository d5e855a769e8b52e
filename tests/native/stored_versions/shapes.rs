//! The shape of what is stored or sent: names of members and variants and kinds of values, without the values. And the
//! samples: one for each shape, with a name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::folder::{File, class_of};
use crate::support::recorder::{Record, name_of};

/// The shapes of a folder, and where the sample of each is.
pub type Shapes = BTreeMap<String, String>;

/// Describes the shapes of values.
pub struct Describe {
    /// The names of all variants. JSON does not tell one without content from another text.
    pub variants: BTreeSet<String>,
}

impl Describe {
    fn shape(&self, value: &Value) -> String {
        match value {
            Value::Null => "null".into(),
            Value::Bool(_) => "bool".into(),
            Value::Number(_) => "number".into(),
            Value::String(text) if self.variants.contains(text) => text.clone(),
            Value::String(_) => "string".into(),
            Value::Array(items) => self.array(items),
            Value::Object(object) => self.object(object),
        }
    }

    /// Items of one shape, and objects, are a list, of which the number does not count. Others are a tuple.
    fn array(&self, items: &[Value]) -> String {
        let shapes: Vec<String> = items.iter().map(|item| self.shape(item)).collect();
        let different: BTreeSet<&String> = shapes.iter().collect();
        if different.len() == 1 || items.iter().all(Value::is_object) {
            format!("[{}]", different.into_iter().cloned().collect::<Vec<_>>().join(" | "))
        } else {
            format!("({})", shapes.join(", "))
        }
    }

    fn object(&self, object: &Map<String, Value>) -> String {
        let member = |(name, value): (&String, &Value)| {
            // The keys of a map are no names of members.
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            format!("{}: {}", if is_name { name } else { "*" }, self.shape(value))
        };
        let members: BTreeSet<String> = object.iter().map(member).collect();
        format!("{{{}}}", members.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// The shape of a sample. Names of samples of effects say whose they are.
    fn sample(&self, (file, section): (&str, &str), name: &str, value: &Value) -> String {
        let owner = match section {
            "effect" => name.split_once(": ").expect("the machine of an effect").0,
            _ => file,
        };
        let shape = match section {
            "state" => format!("version {} {}", value["version"], self.shape(&value["state"])),
            "row" => self.shape(&value["row"]),
            "reply" => format!("to {} {}", command_of(name), self.shape(value)),
            _ if file == "kv" => self.shape(&value["value"]),
            _ => self.shape(value),
        };
        format!("{owner} {section} {shape}")
    }

    /// The shapes of the samples in a folder.
    pub fn folder(&self, files: &BTreeMap<String, File>) -> Shapes {
        let mut shapes = Shapes::new();
        for (file, sections) in files {
            for (section, samples) in sections {
                for (name, value) in samples {
                    let shape = self.sample((file, section), name, value);
                    shapes.insert(shape, format!("{file}.json, {section}, \"{name}\""));
                }
            }
        }
        shapes
    }

    /// The first record of each shape, named by its command, else also by the step of the scenario.
    pub fn samples(&self, records: Vec<Record>) -> BTreeMap<String, File> {
        let mut files: BTreeMap<String, File> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for record in records {
            let owner = record.class.map_or("kv".into(), |class| words(class.name(), '_'));
            let file = if record.section == "effect" { "effects" } else { &owner };
            let name = name(&owner, &record);
            if !known.insert(self.sample((file, record.section), &name, &record.value)) {
                continue;
            }
            let sections = files.entry(file.to_owned()).or_default();
            let samples = sections.entry(record.section.to_owned()).or_default();
            let numbered = (2..).map(|number| format!("{name}, {} {number}", record.step));
            let mut names =
                [name.clone(), format!("{name}, {}", record.step)].into_iter().chain(numbered);
            let name = names.find(|name| !samples.contains_key(name)).expect("a number");
            samples.insert(name, record.value);
        }
        files
    }
}

fn name(owner: &str, record: &Record) -> String {
    let command = words(&record.command, ' ');
    let value = &record.value;
    match record.section {
        "effect" => {
            let sent = value.get("Send").and_then(|message| name_of(&message["command"]));
            let wanted = sent.map(|name| words(name, ' '));
            format!(
                "{owner}: {command}: {}",
                wanted.as_deref().or(name_of(value)).unwrap_or_default()
            )
        }
        "row" => format!("{command}: {}", name_of(&value["row"]).unwrap_or_default()),
        "state" => with_variant(command, &value["state"]),
        "reply" => match value.get("Err") {
            Some(error) => with_variant(command, error),
            None => command,
        },
        "command" => command,
        section => section.replace('_', " "),
    }
}

/// Also names the variant, if the value is one.
fn with_variant(command: String, value: &Value) -> String {
    let is_variant = |name: &&str| name.starts_with(|first: char| first.is_ascii_uppercase());
    match name_of(value).filter(is_variant) {
        Some(variant) if value.as_object().is_none_or(|object| object.len() == 1) => {
            format!("{command}: {variant}")
        }
        _ => command,
    }
}

/// `SignInWith` as `sign in with`.
pub fn words(name: &str, between: char) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(between);
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The command that the name of a sample begins with, in words.
pub fn command_of(name: &str) -> &str {
    name.split([':', ',']).next().unwrap_or_default()
}

#[test]
fn every_class_has_a_file() {
    use vestibule::domain::machine::Class;
    for class in Class::ALL {
        assert_eq!(class_of(&words(class.name(), '_')), Some(*class));
    }
}
