//! Deserialization of values of an unexpected JSON type.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Entries, IntOrText, Keys, List, Map, Text, Texts};

/// A value, if it has the one JSON type that `T` accepts.
pub(super) struct Maybe<T>(pub Option<T>);

/// A type that is read from one JSON type, or from a few. The default methods skip the value.
pub(super) trait FromOneType<'de>: Sized {
    fn from_text(_text: Cow<'de, str>) -> Option<Self> {
        None
    }

    fn from_int(_number: i64) -> Option<Self> {
        None
    }

    fn from_bool(_value: bool) -> Option<Self> {
        None
    }

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl<'de> FromOneType<'de> for Cow<'de, str> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl FromOneType<'_> for i64 {
    fn from_int(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl FromOneType<'_> for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<'de> FromOneType<'de> for IntOrText<'de> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self::Text(text))
    }

    fn from_int(number: i64) -> Option<Self> {
        Some(Self::Int(number))
    }
}

/// An object.
pub(super) struct Fields<T> {
    /// The object's fields.
    pub value: T,
    /// Whether it has none, known or unknown.
    pub is_empty: bool,
}

impl<'de, T: Deserialize<'de>> FromOneType<'de> for Fields<T> {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        let mut map = NotingFields { map, is_empty: true };
        let value = T::deserialize(MapAccessDeserializer::new(&mut map))?;
        Ok(Some(Self { value, is_empty: map.is_empty }))
    }
}

/// The entries of an object, and whether one was seen.
struct NotingFields<A> {
    map: A,
    is_empty: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for NotingFields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = self.map.next_key_seed(seed)?;
        self.is_empty &= key.is_none();
        Ok(key)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

impl<'de, T: Deserialize<'de>> FromOneType<'de> for List<T> {
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(Maybe(item)) = seq.next_element::<Maybe<Fields<T>>>()? {
            items.extend(item.map(|fields| fields.value));
        }
        Ok(Some(Self(items)))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> FromOneType<'de> for Entries<'a, T> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry::<Text<'de>, T>()? {
            entries.push(entry);
        }
        Ok(Some(Self(entries)))
    }
}

impl<'de> FromOneType<'de> for Map<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut entries = Vec::new();
        while let Some((Text(key), Maybe(value))) = map.next_entry::<Text<'de>, Maybe<Cow<'de, str>>>()? {
            entries.extend(value.map(|value| (key, value)));
        }
        Ok(Some(Self(entries)))
    }
}

impl<'de> FromOneType<'de> for Texts<'de> {
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut texts = Vec::new();
        while let Some(Maybe(text)) = seq.next_element::<Maybe<Cow<'de, str>>>()? {
            texts.extend(text.map(Text));
        }
        Ok(Some(Self(texts)))
    }
}

/// A list of lists of strings.
pub(super) struct TextLists<'a>(pub Vec<Texts<'a>>);

impl<'de> FromOneType<'de> for TextLists<'de> {
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut lists = Vec::new();
        while let Some(Maybe(texts)) = seq.next_element::<Maybe<Texts<'de>>>()? {
            lists.extend(texts);
        }
        Ok(Some(Self(lists)))
    }
}

impl<'de> FromOneType<'de> for Keys<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<Text<'de>, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(Some(Self(keys)))
    }
}

impl<'de, T: FromOneType<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor(PhantomData)).map(Self)
    }
}

struct AnyVisitor<T>(PhantomData<T>);

impl<'de, T: FromOneType<'de>> Visitor<'de> for AnyVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.into())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().and_then(T::from_int))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_bool(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::from_seq(seq)
    }
}
