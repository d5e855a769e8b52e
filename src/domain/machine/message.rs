//! Commands and replies between a worker and an object. They are JSON, so that tests can read them.
//!
//! A command is `{"Name": arguments}`, and a reply `{"Ok": reply}` or `{"Err": error}`. Two releases run side by side
//! while one replaces the other, so each reads what the other writes.

use serde::Serialize;
use serde::de::Error;
use serde::ser::Serializer;

use super::Command;

/// Declares the commands of a machine, in its `impl`: a command that is not in the list is not understood.
macro_rules! commands {
    ($($command:ty),+ $(,)?) => {
        fn take<'de, D, R>(name: &str, arguments: D, receiver: R) -> Result<R::Output, D::Error>
        where
            D: serde::Deserializer<'de>,
            R: $crate::domain::machine::Receive<Self>,
        {
            use $crate::domain::machine::Command;
            $(if name == <$command as Command>::NAME {
                let command = <$command as serde::Deserialize>::deserialize(arguments)?;
                return Ok(receiver.receive(command));
            })+
            Err(serde::de::Error::custom("no such command"))
        }
    };
}
pub(crate) use commands;

/// Serializes a struct as an array of its fields. Earlier releases did so for variants with unnamed fields.
macro_rules! as_array {
    ($type:ident { $($member:ident),+ $(,)? }) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&($(&self.$member,)+), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(array: D) -> Result<Self, D::Error> {
                let ($($member,)+) = serde::Deserialize::deserialize(array)?;
                Ok(Self { $($member),+ })
            }
        }
    };
}
pub(crate) use as_array;

/// The answer to a command: its reply or its error.
pub type Answer<C> = Result<<C as Command>::Reply, <C as Command>::Error>;

/// Writes an answer.
///
/// # Errors
/// It can't be written as JSON.
pub fn write_answer<C: Command>(answer: &Answer<C>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&answer.as_ref().map(Written::<C>))
}

/// Reads an answer. The JSON around the reply has the same form for every command, so it is removed by code that is
/// compiled once. With serde types it would be compiled for each command, which would make the worker larger.
///
/// # Errors
/// The text is not an answer to this command.
pub fn read_answer<C: Command>(text: &str) -> Result<Answer<C>, serde_json::Error> {
    Ok(match content(text, C::REPLY)? {
        Ok(reply) => Ok(serde_json::from_str(reply)?),
        Err(error) => Err(serde_json::from_str(error)?),
    })
}

/// The JSON of the reply or of the error in an answer that [`write_answer`] wrote.
fn content<'a>(
    answer: &'a str,
    name: Option<&str>,
) -> Result<Result<&'a str, &'a str>, serde_json::Error> {
    if let Some(error) = member(answer, "Err") {
        return Ok(Err(error));
    }
    let reply = member(answer, "Ok").ok_or_else(|| serde_json::Error::custom("not an answer"))?;
    let Some(name) = name else { return Ok(Ok(reply)) };
    // Earlier releases wrote a reply without content as its name alone.
    let is_bare = reply.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(name);
    let content = if is_bare { Some("null") } else { member(reply, name) };
    content.map(Ok).ok_or_else(|| serde_json::Error::custom("the reply to another command"))
}

/// The JSON of the one member of an object, which was written without spaces.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let rest = object.strip_prefix("{\"")?.strip_prefix(name)?;
    rest.strip_prefix("\":")?.strip_suffix('}')
}

/// A reply as it is written.
struct Written<'a, C: Command>(&'a C::Reply);

impl<C: Command> Serialize for Written<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match C::REPLY {
            Some(name) => serializer.serialize_newtype_variant("Reply", 0, name, self.0),
            None => self.0.serialize(serializer),
        }
    }
}
