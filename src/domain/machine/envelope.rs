//! The form in which a command is sent: `{"Name": arguments}`.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::ser::Serializer;

/// A command as it is sent.
pub(super) struct Sent<'a, C>(pub &'static str, pub &'a C);

impl<C: Serialize> Serialize for Sent<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant("Command", 0, self.0, self.1)
    }
}

/// Maps the name of a command to its type.
pub(super) trait Take {
    /// The result of taking a command.
    type Output;

    /// Reads the arguments of the command with this name.
    ///
    /// # Errors
    /// There is no such command, or the arguments don't fit it.
    fn take<'de, D: Deserializer<'de>>(
        self,
        name: &str,
        arguments: D,
    ) -> Result<Self::Output, D::Error>;
}

/// Reads a command.
///
/// # Errors
/// The text is not a command.
pub(super) fn read<T: Take>(text: &str, take: T) -> Result<T::Output, serde_json::Error> {
    // Earlier releases wrote a command without arguments as its name alone.
    let text =
        if text.starts_with('"') { Cow::from(format!("{{{text}:null}}")) } else { text.into() };
    let mut json = serde_json::Deserializer::from_str(&text);
    json.deserialize_map(Named(take))
}

struct Named<T>(T);

impl<'de, T: Take> Visitor<'de> for Named<T> {
    type Value = T::Output;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a command")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T::Output, A::Error> {
        let name = map.next_key::<Cow<'de, str>>()?;
        let name = name.ok_or_else(|| A::Error::custom("a command has a name"))?;
        map.next_value_seed(Arguments { name, take: self.0 })
    }
}

struct Arguments<'a, T> {
    name: Cow<'a, str>,
    take: T,
}

impl<'de, T: Take> DeserializeSeed<'de> for Arguments<'_, T> {
    type Value = T::Output;

    fn deserialize<D: Deserializer<'de>>(self, arguments: D) -> Result<T::Output, D::Error> {
        self.take.take(&self.name, arguments)
    }
}
