//! What is inside a value that is read: elements, members and variants.

use std::cell::Cell;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Error, Value};

use super::{ALONE, Reading};

/// The elements of a list or a tuple.
pub struct Items<'a> {
    pub items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
    pub of: Reading<'a>,
    pub is_tuple: bool,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        let place = match self.is_tuple {
            true => format!("{}.{index}", self.of.place),
            false => format!("{}[]", self.of.place),
        };
        seed.deserialize(self.of.at(item, place, &index.to_string())).map(Some)
    }
}

/// The members of an object.
pub struct Members<'a> {
    pub entries: serde_json::map::Iter<'a>,
    pub next: Option<(&'a str, &'a Value)>,
    pub of: Reading<'a>,
    /// Whether the keys are names of members: of a struct, also of one that has a flattened part.
    pub is_struct: Cell<bool>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.next = Some((key, value));
        seed.deserialize(Key { key, is_member: &self.is_struct }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (key, value) = self.next.take().ok_or_else(|| Error::custom("a value without key"))?;
        let place = match self.is_struct.get() {
            true => format!("{}.{key}", self.of.place),
            false => format!("{}{{}}", self.of.place),
        };
        seed.deserialize(self.of.at(value, place, key))
    }
}

/// A key, which tells whether the type takes it for the name of a member.
struct Key<'a, 'm> {
    key: &'a str,
    is_member: &'m Cell<bool>,
}

impl<'de> Deserializer<'de> for Key<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.key)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.is_member.set(true);
        visitor.visit_borrowed_str(self.key)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum ignored_any
    }
}

/// The variant of an enum, and its content.
pub struct Variant<'a> {
    pub variant: &'a str,
    pub has_content: bool,
    pub of: Reading<'a>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.of.note(ALONE);
        if self.has_content { Err(Error::custom("a variant without content")) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        if self.has_content {
            seed.deserialize(self.of)
        } else {
            Err(Error::custom(format!("{} needs content", self.variant)))
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.of.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let place = self.of.place.clone();
        self.of.note("struct");
        self.of.members((place.clone(), &place), fields, visitor)
    }
}
