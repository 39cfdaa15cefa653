//! Types whose reading never fails on valid JSON: what has another type than expected is empty.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref, slice};

use ccx_archive::File;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// The most that is read of one input. The operator stops at 24 MiB for all that it records, so no honest archive has more.
const MAX_INPUT_BYTES: usize = 24 * 1024 * 1024;

/// The most objects that are read of one input. An object of two bytes of JSON takes some hundred of memory, hence the bound;
/// the archive of a cluster of a thousand nodes has a tenth.
const MAX_INPUT_OBJECTS: usize = 500_000;

/// The objects in the files; a file that is no JSON object is left out. None when the files are too large together.
pub(super) fn parse_objects<'a, T: Deserialize<'a>>(files: &[File<'a>]) -> Vec<T> {
    parse_objects_with_paths(files).map(|(_, object)| object).collect()
}

/// The objects in the files, each with the path of its file, as [`parse_objects`].
pub(super) fn parse_objects_with_paths<'a, 'f, T: Deserialize<'a>>(
    files: &'f [File<'a>],
) -> impl Iterator<Item = (&'a str, T)> + use<'a, 'f, T> {
    let files = if is_too_large(files) { &[] } else { files };
    files.iter().filter_map(|file| {
        let Maybe(fields) = serde_json::from_slice(file.content).ok()?;
        fields.map(|Fields(value)| (file.path, value))
    })
}

/// The object in a file, unless it is too large.
pub(super) fn parse_object<'a, T: Deserialize<'a>>(file: &File<'a>) -> Option<T> {
    parse_objects(slice::from_ref(file)).pop()
}

/// The list of objects in a file, unless it is too large.
pub(super) fn parse_list<'a, T: Deserialize<'a>>(file: &File<'a>) -> Option<Vec<T>> {
    if is_too_large(slice::from_ref(file)) {
        return None;
    }
    let Maybe(items) = serde_json::from_slice(file.content).ok()?;
    items.map(List::into_vec)
}

/// The name of a document's file, without `.json`.
pub(super) fn file_stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".json").unwrap_or(name)
}

/// The lists of strings in the list that a file is, unless it is too large.
pub(super) fn parse_text_lists<'a>(file: &File<'a>) -> Option<Vec<Texts<'a>>> {
    if is_too_large(slice::from_ref(file)) {
        return None;
    }
    let Maybe(lists) = serde_json::from_slice(file.content).ok()?;
    lists.map(|TextLists(lists)| lists)
}

/// Whether reading the files would take more memory than an honest archive can need.
fn is_too_large(files: &[File<'_>]) -> bool {
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    // Braces and a comma: fewer bytes can't have too many objects, and need not be counted.
    let may_have_too_many = bytes / 3 > MAX_INPUT_OBJECTS;
    let objects = || files.iter().map(|file| memchr::memchr_iter(b'{', file.content).count()).sum::<usize>();
    bytes > MAX_INPUT_BYTES || (may_have_too_many && objects() > MAX_INPUT_OBJECTS)
}

/// A string, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(Cow<'a, str>);

/// A whole number, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Int(pub Option<i64>);

/// `true` or `false`, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bool(pub Option<bool>);

/// A whole number or a text such as `50%`, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IntOrText<'a> {
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// Neither.
    #[default]
    Missing,
}

/// An object, or one whose fields are all empty.
#[derive(Clone, Debug, Default)]
pub struct Object<T>(T);

/// A list of objects, or an empty one. Elements that are no objects are left out.
#[derive(Clone, Debug)]
pub struct List<T>(Vec<T>);

/// An object whose keys are data and whose values are strings; other values are left out.
#[derive(Clone, Debug, Default)]
pub struct Map<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// A list of strings, or an empty one. Elements that are no strings are left out.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a>(Vec<Text<'a>>);

/// The names of an object's fields, whatever their values; none of what is no object.
#[derive(Clone, Debug, Default)]
pub struct Keys<'a>(Vec<Text<'a>>);

/// An object whose keys are data, with values of any one type.
#[derive(Clone, Debug)]
pub struct Entries<'a, T>(Vec<(Text<'a>, T)>);

impl Map<'_> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// The keys and their values, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl<T> Object<T> {
    /// The object itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> List<T> {
    /// The elements.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T> Deref for Entries<'a, T> {
    type Target = [(Text<'a>, T)];

    fn deref(&self) -> &[(Text<'a>, T)] {
        &self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a> Deref for Texts<'a> {
    type Target = [Text<'a>];

    fn deref(&self) -> &[Text<'a>] {
        &self.0
    }
}

impl<'a> Deref for Keys<'a> {
    type Target = [Text<'a>];

    fn deref(&self) -> &[Text<'a>] {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(text)| Self(text.unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(number)| Self(number))
    }
}

impl<'de> Deserialize<'de> for Bool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(value)| Self(value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for IntOrText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(value)| value.unwrap_or_default())
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(fields)| Self(fields.map(|Fields(value)| value).unwrap_or_default()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(items)| items.unwrap_or_default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Map<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(entries)| entries.unwrap_or_default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(texts)| texts.unwrap_or_default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(keys)| keys.unwrap_or_default())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|Maybe(entries)| entries.unwrap_or_default())
    }
}

/// A value, if it has the one JSON type that `T` accepts.
struct Maybe<T>(Option<T>);

/// A type that is read from one JSON type, or from a few. The defaults skip the value, whatever it is.
trait FromOneType<'de>: Sized {
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

/// The fields of an object.
struct Fields<T>(T);

impl<'de, T: Deserialize<'de>> FromOneType<'de> for Fields<T> {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|fields| Some(Self(fields)))
    }
}

impl<'de, T: Deserialize<'de>> FromOneType<'de> for List<T> {
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(Maybe(item)) = seq.next_element::<Maybe<Fields<T>>>()? {
            items.extend(item.map(|Fields(value)| value));
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
struct TextLists<'a>(Vec<Texts<'a>>);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Thing<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        count: Int,
        inner: Object<Inner>,
        list: List<Inner>,
        labels: Map<'a>,
        is_on: Bool,
        limit: IntOrText<'a>,
        hosts: Texts<'a>,
        backends: Keys<'a>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Inner {
        count: Int,
    }

    fn thing(json: &str) -> Option<Thing<'_>> {
        parse_object(&File { path: "x", content: json.as_bytes() })
    }

    #[test]
    fn what_is_there_is_read() {
        let json =
            r#"{"name":"a\u00e9","count":3,"inner":{"count":-4},"list":[{"count":5},{}],"labels":{"x":"y"},"other":[]}"#;
        let thing = thing(json).unwrap();
        assert_eq!(&*thing.name, "a\u{e9}");
        assert_eq!((thing.count.0, thing.inner.count.0), (Some(3), Some(-4)));
        assert_eq!(thing.list.iter().map(|inner| inner.count.0).collect::<Vec<_>>(), [Some(5), None]);
        assert_eq!((thing.labels.get("x"), thing.labels.get("y")), (Some("y"), None));
    }

    #[test]
    fn flags_limits_lists_of_texts_and_names_of_fields_are_read() {
        let json = r#"{"is_on":true,"limit":"50%","hosts":["a",1,"b",null],"backends":{"s3":{},"pvc":null}}"#;
        let thing = thing(json).unwrap();
        let texts = |texts: &[Text<'_>]| texts.iter().map(|text| text.0.to_string()).collect::<Vec<_>>();
        assert_eq!((thing.is_on.0, thing.limit), (Some(true), IntOrText::Text("50%".into())));
        assert_eq!(texts(&thing.hosts), ["a", "b"]);
        assert_eq!(texts(&thing.backends), ["s3", "pvc"]);
    }

    #[test]
    fn lists_of_texts_may_be_in_a_list() {
        let lists = |json: &str| parse_text_lists(&File { path: "x", content: json.as_bytes() }).map(|lists| lists.len());
        assert_eq!(
            (lists(r#"[["a","b"],3,["c"],{}]"#), lists("[]"), lists("{}"), lists("[")),
            (Some(2), Some(0), None, None)
        );
    }

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        assert!(matches!(thing(r#"{"name":"plain"}"#).unwrap().name, Text(Cow::Borrowed("plain"))));
    }

    #[test]
    fn a_field_of_another_type_is_empty_and_its_neighbours_stay() {
        for wrong in ["null", "true", "1.5", "1e300", "18446744073709551615", r#"[[1],"a",{"b":{}}]"#] {
            let json = format!(
                r#"{{"name":{wrong},"count":{wrong},"inner":{wrong},"labels":{wrong},"list":[{wrong},{{"count":7}}],"backends":{wrong},"count2":1}}"#
            );
            let thing = thing(&json).unwrap();
            assert_eq!((&*thing.name, thing.count.0, thing.inner.count.0), ("", None, None), "{wrong}");
            assert_eq!((thing.list.len(), thing.list[0].count.0), (1, Some(7)), "{wrong}");
            assert_eq!((thing.labels.get("x"), thing.backends.len()), (None, 0), "{wrong}");
        }
    }

    #[test]
    fn an_object_of_objects_is_read_in_its_order() {
        let json = r#"{"b":{"x":1,"y":"?"},"a":[],"c":{"z":2}}"#;
        let file = File { path: "x", content: json.as_bytes() };
        let outer: Entries<'_, Entries<'_, Int>> = parse_object(&file).unwrap();
        let flat: Vec<_> =
            outer.iter().map(|(key, inner)| (&**key, inner.iter().map(|(_, count)| count.0).collect())).collect();
        assert_eq!(flat, [("b", vec![Some(1), None]), ("a", vec![]), ("c", vec![Some(2)])]);
    }

    #[test]
    fn a_label_that_is_no_string_is_left_out() {
        let thing = thing(r#"{"labels":{"a":1,"b":"c","d":{}}}"#).unwrap();
        assert_eq!((thing.labels.get("a"), thing.labels.get("b")), (None, Some("c")));
    }

    #[test]
    fn what_is_no_object_is_not_there() {
        for json in ["", "null", "[]", "[{}]", "3", "\"x\"", "{", "{}x", "\u{feff}{}"] {
            assert!(thing(json).is_none(), "{json}");
        }
        assert!(thing("{}").is_some());
    }

    #[test]
    fn an_input_that_would_fill_the_memory_is_not_there() {
        let objects = |count: usize| format!("[{}{{}}]", "{},".repeat(count - 1));
        let list = |json: &str| parse_list::<Inner>(&File { path: "x", content: json.as_bytes() }).map(|items| items.len());
        assert_eq!(list(&objects(MAX_INPUT_OBJECTS)), Some(MAX_INPUT_OBJECTS));
        assert_eq!(list(&objects(MAX_INPUT_OBJECTS + 1)), None);
        let padded = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
        assert!(thing(&padded(MAX_INPUT_BYTES)).is_some());
        assert!(thing(&padded(MAX_INPUT_BYTES + 1)).is_none());
    }

    #[test]
    fn a_field_that_is_a_tower_of_lists_is_skipped_without_recursion() {
        let deep = format!("{{\"inner\":{}1{},\"name\":\"x\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(&*thing(&deep).unwrap().name, "x");
    }
}
