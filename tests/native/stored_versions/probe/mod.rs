//! Reads a JSON value into a type and notes what the type asks for on the way: its name, all of its variants and
//! members, and the kind of each value. So new variants and members are noted that no sample has.
//!
//! What is noted is what serde does, for types that implement `Deserialize` by hand, too, and no type needs a derive for
//! it. `schemars` needs one; `serde-reflection` refuses untagged and flattened types, and doesn't say which members may
//! be missing; to parse the source with `syn`, one would have to resolve names and repeat serde's rules.
//!
//! Untagged and flattened parts are read as a whole, so nothing is noted of them but the names of their members.

mod access;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Error, Value};

use access::{Items, Members, Variant};

/// The kind of a place where there is nothing: `null`, or a member that is missing.
pub const NOTHING: &str = "nothing";
/// The kind of a member that is missing.
pub const MISSING: &str = "missing";
/// The kind of a variant without content.
pub const ALONE: &str = "alone";
/// The kind of a place that can also have [`NOTHING`].
pub const OPTIONAL: &str = "optional";

/// What was noted of all the values that were read.
#[derive(Default)]
pub struct Probe {
    /// The kinds of values that were found at each place, such as `Grant.scope` or `Row::Session`. Every member and
    /// variant of a type that was met is here, without a kind if no value had it.
    pub places: RefCell<BTreeMap<String, BTreeSet<String>>>,
    /// The members of structs in the value that was read last.
    pub members: RefCell<Vec<Member>>,
    /// Whose types are read: other machines have types of the same names.
    pub owner: RefCell<String>,
    /// The names of the members of each struct, and of the variants of each enum.
    names: RefCell<BTreeMap<String, &'static [&'static str]>>,
}

/// A member of a struct in a value.
#[derive(Clone)]
pub struct Member {
    /// The place, such as `Grant.scope`.
    pub place: String,
    /// The JSON pointer of its struct (RFC 6901).
    pub parent: String,
    pub name: &'static str,
}

impl Probe {
    /// Reads a value that stands at `place`, and in a sample at the JSON pointer `parent`.
    pub fn read<T: DeserializeOwned>(
        &self,
        (place, parent): (&str, &str),
        value: &Value,
    ) -> Result<T, Error> {
        T::deserialize(Reading { value, place: place.into(), pointer: parent.into(), to: self })
    }

    /// A type, by its owner and its name.
    fn named(&self, name: &str) -> String {
        format!("{} {name}", self.owner.borrow())
    }

    pub fn note(&self, place: &str, kind: impl Into<String>) {
        self.places.borrow_mut().entry(place.to_owned()).or_default().insert(kind.into());
    }

    fn declare(&self, what: &str, names: &'static [&'static str]) {
        let known = *self.names.borrow_mut().entry(what.to_owned()).or_insert(names);
        assert_eq!(known, names, "two types have the same name: {what}");
    }
}

/// A value, on its way to a type.
pub struct Reading<'a> {
    value: &'a Value,
    place: String,
    pointer: String,
    to: &'a Probe,
}

impl<'a> Reading<'a> {
    fn at(&self, value: &'a Value, place: String, token: &str) -> Self {
        let pointer = format!("{}/{}", self.pointer, token.replace('~', "~0").replace('/', "~1"));
        Self { value, place, pointer, to: self.to }
    }

    fn note(&self, kind: impl Into<String>) {
        self.to.note(&self.place, kind);
    }

    /// Reads the members of a struct, or of a variant that looks like one.
    fn members<V: Visitor<'a>>(
        self,
        (what, prefix): (String, &str),
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.to.declare(&what, fields);
        let object = self.value.as_object().ok_or_else(|| Error::custom("not an object"))?;
        for name in fields {
            let place = format!("{prefix}.{name}");
            if object.contains_key(*name) {
                self.to.places.borrow_mut().entry(place.clone()).or_default();
                let parent = self.pointer.clone();
                self.to.members.borrow_mut().push(Member { place, parent, name });
            } else {
                self.to.note(&place, MISSING);
            }
        }
        let unknown = object.keys().find(|key| !fields.contains(&key.as_str()));
        if let Some(unknown) = unknown {
            return Err(Error::custom(format!("{prefix} has no member {unknown}")));
        }
        visitor.visit_map(Members {
            entries: object.iter(),
            next: None,
            of: self.pointing(prefix),
            is_struct: Cell::new(true),
        })
    }

    fn pointing(self, place: &str) -> Self {
        Self { place: place.to_owned(), ..self }
    }

    /// Whatever JSON it is: a type that is not read member by member, such as an untagged enum.
    fn skeleton(&self) -> String {
        match self.value {
            Value::Null => "any null".into(),
            Value::Bool(_) => "any bool".into(),
            Value::Number(_) => "any number".into(),
            Value::String(_) => "any string".into(),
            Value::Array(_) => "any list".into(),
            Value::Object(members) => {
                let names: Vec<&str> = members.keys().map(String::as_str).collect();
                format!("any {{{}}}", names.join(", "))
            }
        }
    }
}

macro_rules! plain {
    ($($method:ident $kind:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.note($kind);
            self.value.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reading<'de> {
    type Error = Error;

    plain! {
        deserialize_bool "bool"
        deserialize_i8 "i8"
        deserialize_i16 "i16"
        deserialize_i32 "i32"
        deserialize_i64 "i64"
        deserialize_u8 "u8"
        deserialize_u16 "u16"
        deserialize_u32 "u32"
        deserialize_u64 "u64"
        deserialize_f32 "f32"
        deserialize_f64 "f64"
        deserialize_char "string"
        deserialize_str "string"
        deserialize_string "string"
        deserialize_bytes "bytes"
        deserialize_byte_buf "bytes"
        deserialize_unit "nothing"
        deserialize_identifier "string"
        deserialize_ignored_any "ignored"
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(self.skeleton());
        self.value.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(OPTIONAL);
        if self.value.is_null() {
            self.note(NOTHING);
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("list");
        let items = self.value.as_array().ok_or_else(|| Error::custom("not a list"))?;
        visitor.visit_seq(Items { items: items.iter().enumerate(), of: self, is_tuple: false })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(format!("tuple of {length}"));
        let items = self.value.as_array().ok_or_else(|| Error::custom("not a list"))?;
        if items.len() != length {
            return Err(Error::invalid_length(items.len(), &visitor));
        }
        visitor.visit_seq(Items { items: items.iter().enumerate(), of: self, is_tuple: true })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note("map");
        let object = self.value.as_object().ok_or_else(|| Error::custom("not an object"))?;
        let (entries, is_struct) = (object.iter(), Cell::new(false));
        visitor.visit_map(Members { entries, next: None, of: self, is_struct })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let name = self.to.named(name);
        let what = format!("struct {name}");
        self.note(what.clone());
        self.members((what, &name), fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // `Result` has other content in each place.
        let name = if name == "Result" { self.place.clone() } else { self.to.named(name) };
        let what = format!("enum {name}");
        self.note(what.clone());
        self.to.declare(&what, variants);
        for variant in variants {
            self.to.places.borrow_mut().entry(format!("{name}::{variant}")).or_default();
        }
        let (variant, content) = match self.value {
            Value::String(variant) => (variant.as_str(), None),
            Value::Object(object) if object.len() == 1 => {
                let (variant, content) = object.iter().next().expect("one member");
                (variant.as_str(), Some(content))
            }
            _ => return Err(Error::custom(format!("no variant of {name}"))),
        };
        let place = format!("{name}::{variant}");
        let of = self.at(content.unwrap_or(&Value::Null), place, variant);
        visitor.visit_enum(Variant { variant, has_content: content.is_some(), of })
    }
}
