//! Reads JSON as the release of a folder does, by the folder's `shape.txt`: its types may be gone by now.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The kind of a place where there is nothing: `null`, or a member that is missing.
const NOTHING: &str = "nothing";
/// The kind of a variant without content.
const ALONE: &str = "alone";

/// The kind of what no sample of that release has, or of what is read as a whole.
const ANY: &str = "any";

/// A place in JSON, such as `Grant.scope` or `Row::Session`.
struct Place {
    /// What a value there may be.
    kinds: Vec<String>,
    may_be_missing: bool,
}

/// The places that a release knew.
pub struct Reader(BTreeMap<String, Place>);

impl Reader {
    /// Reads the `shape.txt` in a folder.
    pub fn new(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("shape.txt")).expect("a shape");
        let line = |line: &str| {
            let (place, kinds) =
                line.split_once(": ").unwrap_or_else(|| panic!("no place: {line}"));
            let (kinds, end) = kinds.split_once("; ").unwrap_or((kinds, ""));
            let kinds = kinds.split(" | ").map(String::from).collect();
            (place.to_owned(), Place { kinds, may_be_missing: !end.is_empty() })
        };
        Self(text.lines().map(line).collect())
    }

    /// Whether that release knew the place.
    pub fn knows(&self, place: &str) -> bool {
        self.0.contains_key(place)
    }

    /// Whether that release could read the value at a place.
    pub fn check(&self, place: &str, value: &Value) -> Result<(), String> {
        let known = self.0.get(place).ok_or_else(|| format!("{place} is not known"))?;
        let errors = known.kinds.iter().map(|kind| self.check_kind(place, kind, value));
        let mut errors: Vec<String> = errors.filter_map(Result::err).collect();
        if errors.len() < known.kinds.len() { Ok(()) } else { Err(errors.swap_remove(0)) }
    }

    fn check_kind(&self, place: &str, kind: &str, value: &Value) -> Result<(), String> {
        let wrong = || Err(format!("{place} is no {kind}"));
        let is = |is| if is { Ok(()) } else { wrong() };
        let fits = |most: u64| value.as_u64().is_some_and(|value| value <= most);
        let (word, name) = kind.split_once(' ').unwrap_or((kind, ""));
        match (word, value) {
            (ANY, _) => Ok(()),
            ("bool", value) => is(value.is_boolean()),
            ("string", value) => is(value.is_string()),
            // serde_json reads a variant without content as its name alone, and with `null`.
            (NOTHING | ALONE, value) => is(value.is_null()),
            ("i64", value) => is(value.is_i64()),
            ("u64", value) => is(value.is_u64()),
            ("u32", _) => is(fits(u32::MAX.into())),
            ("u16", _) => is(fits(u16::MAX.into())),
            ("list", Value::Array(items)) => {
                items.iter().try_for_each(|item| self.check(&format!("{place}[]"), item))
            }
            ("tuple", Value::Array(items)) => {
                is(name == format!("of {}", items.len()))?;
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| self.check(&format!("{place}.{index}"), item))
            }
            ("map", Value::Object(object)) => object.iter().try_for_each(|(key, value)| {
                let places = [format!("{place}{{}}"), format!("{place}.{key}")];
                let place = places.iter().find(|place| self.0.contains_key(*place));
                place.map_or(Ok(()), |place| self.check(place, value))
            }),
            ("struct", Value::Object(object)) => {
                let prefix = if name.is_empty() { place } else { name };
                self.members(prefix).try_for_each(|(member, known)| match object.get(member) {
                    Some(value) => self.check(&format!("{prefix}.{member}"), value),
                    None if known.may_be_missing => Ok(()),
                    None => Err(format!("{prefix}.{member} is missing")),
                })
            }
            ("enum", Value::String(variant)) => {
                let place = format!("{name}::{variant}");
                let known = self.0.get(&place).ok_or_else(|| format!("{place} is not known"))?;
                is(known.kinds.iter().any(|kind| kind == ALONE || kind == ANY))
            }
            ("enum", Value::Object(object)) if object.len() == 1 => object
                .iter()
                .try_for_each(|(variant, value)| self.check(&format!("{name}::{variant}"), value)),
            _ => wrong(),
        }
    }

    /// The members of a struct. Places within a member are none.
    fn members<'s>(&'s self, prefix: &str) -> impl Iterator<Item = (&'s str, &'s Place)> {
        let prefix = format!("{prefix}.");
        let is_name = |name: &str| !name.contains(['.', '[', '{', ':']);
        self.0.iter().filter_map(move |(place, known)| {
            place.strip_prefix(&prefix).filter(|name| is_name(name)).map(|name| (name, known))
        })
    }
}
