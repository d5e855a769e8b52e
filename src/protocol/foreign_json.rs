//! JSON objects that other servers and clients wrote.
//!
//! A reader chooses for each member what happens if its form is unexpected:
//!
//! - A needed member makes the object unusable.
//! - An optional member counts as absent and affects no other (RFC 7519 §4, OpenID Connect Core §5.5.1). Its
//!   name is kept for the log.
//! - A restriction, such as `azp` or a key's `use`, makes the object unusable: if it counted as absent, more
//!   would be allowed.
//!
//! `null` means absent. Members that nobody reads aren't parsed, so they may have any form, such as a number too
//! large for any type or very deep nesting.

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Why an object can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignJsonError {
    /// Not JSON, or JSON of another kind.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A needed member is absent.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member has a form that its specification doesn't define.
    #[error("{0} has an unexpected form")]
    Odd(&'static str),
    /// A member appears more than once, so it is unclear which one counts (RFC 7515 §4, RFC 7519 §4).
    #[error("{0} appears more than once")]
    Repeated(&'static str),
}

/// The maximum depth of a claim in a provider's objects (`claims` in its settings). Deeper objects become `false`.
const MAX_DEPTH: usize = 8;

/// A JSON object that someone else wrote. Its members aren't parsed yet.
#[derive(Clone, Debug, Default)]
pub struct ForeignObject {
    members: Vec<(String, Box<RawValue>)>,
    odd: Vec<&'static str>,
    repeated: Option<&'static str>,
}

impl ForeignObject {
    /// Parses the text of an object.
    ///
    /// # Errors
    /// [`ForeignJsonError::NotAnObject`].
    pub fn parse(json: &str) -> Result<Self, ForeignJsonError> {
        serde_json::from_str(json).map_err(|_| ForeignJsonError::NotAnObject)
    }

    /// A member that restricts something: `None` if it is absent or `null`, an error if its form is unexpected.
    ///
    /// # Errors
    /// [`ForeignJsonError::Odd`], [`ForeignJsonError::Repeated`].
    pub fn restriction<T: DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ForeignJsonError> {
        let mut values = self.members.iter().filter(|(key, _)| key == name);
        let first = values.next();
        if values.next().is_some() {
            return Err(ForeignJsonError::Repeated(name));
        }
        match first.map(|(_, value)| value.get()) {
            None | Some("null") => Ok(None),
            Some(text) => {
                serde_json::from_str(text).map(Some).map_err(|_| ForeignJsonError::Odd(name))
            }
        }
    }

    /// A member that must exist.
    ///
    /// # Errors
    /// [`ForeignJsonError::Missing`], and the errors of [`ForeignObject::restriction`].
    pub fn needed<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, ForeignJsonError> {
        self.restriction(name)?.ok_or(ForeignJsonError::Missing(name))
    }

    /// A member that may be absent; `None` also if its form is unexpected.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.restriction(name).unwrap_or_else(|error| {
            match error {
                ForeignJsonError::Repeated(_) => self.repeated = Some(name),
                _ => self.note_odd(name),
            }
            None
        })
    }

    /// An optional string; an empty one counts as absent.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.optional::<String>(name).filter(|text| !text.is_empty())
    }

    /// An optional array of strings, without the entries that aren't strings.
    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let entries: Vec<Box<RawValue>> = self.optional(name).unwrap_or_default();
        let read = entries.iter().map(|entry| serde_json::from_str(entry.get()));
        let texts: Vec<String> = read.filter_map(Result::ok).collect();
        if texts.len() < entries.len() {
            self.note_odd(name);
        }
        texts
    }

    /// Whether a member exists in any form, `null` included.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(key, _)| key == name)
    }

    /// The number of members.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Records that a member has an unexpected form, for callers that check the form themselves.
    pub fn note_odd(&mut self, name: &'static str) {
        if !self.odd.contains(&name) {
            self.odd.push(name);
        }
    }

    /// All members, for callers that look up members by a path. A malformed or repeated member becomes `false`: it
    /// exists, but it isn't text and proves nothing.
    pub fn to_value(&self) -> Value {
        self.to_value_within(MAX_DEPTH)
    }

    fn to_value_within(&self, depth: usize) -> Value {
        let read = |text: &RawValue| match (Self::parse(text.get()), depth.checked_sub(1)) {
            (Ok(object), Some(depth)) => object.to_value_within(depth),
            (Ok(_), None) => Value::Bool(false),
            (Err(_), _) => serde_json::from_str(text.get()).unwrap_or(Value::Bool(false)),
        };
        let mut members = Map::new();
        for (name, text) in &self.members {
            if members.insert(name.clone(), read(text)).is_some() {
                members.insert(name.clone(), Value::Bool(false));
            }
        }
        Value::Object(members)
    }

    /// The names of the optional members that counted as absent because of their form, without repetitions.
    ///
    /// # Errors
    /// [`ForeignJsonError::Repeated`] if an optional member that was read appears more than once.
    pub fn finish(self) -> Result<Vec<&'static str>, ForeignJsonError> {
        match self.repeated {
            Some(name) => Err(ForeignJsonError::Repeated(name)),
            None => Ok(self.odd),
        }
    }
}

impl<'de> Deserialize<'de> for ForeignObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = ForeignObject;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ForeignObject, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Box<RawValue>, Box<RawValue>>()? {
                    // Names that aren't valid Unicode can be skipped, because nobody looks them up.
                    if let Ok(name) = serde_json::from_str(name.get()) {
                        members.push((name, value));
                    }
                }
                Ok(ForeignObject { members, ..ForeignObject::default() })
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A point in time in seconds since 1970 (`NumericDate`, RFC 7519 §2), rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericDate(pub i64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_i64().or_else(|| number.as_f64().and_then(floor));
        whole.map(Self).ok_or_else(|| de::Error::custom("a number of seconds is expected"))
    }
}

/// The largest integer that isn't above a number; `None` beyond 2^53, where a number no longer identifies one integer.
fn floor(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    (number.abs() <= EXACT).then(|| number.floor() as i64)
}
