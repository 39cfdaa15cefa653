//! Types whose reading never fails on valid JSON: what has another type than expected is empty.

use std::{borrow::Cow, collections::HashSet, ops::Deref, slice};

use ccx_archive::File;
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

use self::maybe::{Fields, Maybe, TextLists};

mod maybe;

/// The most bytes that are parsed of one input. The operator records at most 24 MiB in all.
const MAX_INPUT_BYTES: usize = 24 * 1024 * 1024;

/// The most objects that are read of one input. An object of two bytes of JSON takes some hundred of memory,
/// hence the bound; the archive of a cluster of a thousand nodes has a tenth.
const MAX_INPUT_OBJECTS: usize = 500_000;

/// Parses the objects in the files; files that are not JSON objects are skipped. Empty when the files are too
/// large together.
pub(super) fn parse_objects<'a, T: Deserialize<'a>>(files: &[File<'a>]) -> Vec<T> {
    parse_objects_with_paths(files).map(|(_, object)| object).collect()
}

/// Parses the objects in the files as [`parse_objects`], each with the path of its file.
///
/// An object without fields is left out: it says nothing, and must not be taken for one that has the
/// defaults.
pub(super) fn parse_objects_with_paths<'a, 'f, T: Deserialize<'a>>(
    files: &'f [File<'a>],
) -> impl Iterator<Item = (&'a str, T)> + use<'a, 'f, T> {
    let objects = parse_any_objects(files);
    objects.filter_map(|(path, fields)| (!fields.is_empty).then_some((path, fields.value)))
}

/// Parses the objects in the files as [`parse_objects`], each object once: archives of some releases have an
/// object both at its older and at its newer path. `name` returns the namespace and the name.
pub(super) fn parse_named_objects<'a, T: Deserialize<'a>>(
    files: &[File<'a>],
    name: impl Fn(&T) -> (&str, &str),
) -> Vec<T> {
    let mut objects = parse_objects(files);
    if has_equal_names(files) {
        let mut seen = HashSet::new();
        objects.retain(|object| {
            let (namespace, name) = name(object);
            name.is_empty() || seen.insert((namespace.to_owned(), name.to_owned()))
        });
    }
    objects
}

/// Returns whether two files in different folders have the same name, as those of one object have.
fn has_equal_names(files: &[File<'_>]) -> bool {
    let mut names: Vec<&str> = files.iter().map(|file| file_stem(file.path)).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Returns the paths of the files that are objects.
pub(super) fn paths_of_objects<'a>(files: &[File<'a>]) -> Vec<&'a str> {
    parse_any_objects::<IgnoredAny>(files).map(|(path, _)| path).collect()
}

fn parse_any_objects<'a, 'f, T: Deserialize<'a>>(
    files: &'f [File<'a>],
) -> impl Iterator<Item = (&'a str, Fields<T>)> + use<'a, 'f, T> {
    let files = if is_too_large(files) { &[] } else { files };
    files.iter().filter_map(|file| {
        let Maybe(fields) = serde_json::from_slice(file.content).ok()?;
        Some((file.path, fields?))
    })
}

/// Parses the object in a file, unless it is too large.
pub(super) fn parse_object<'a, T: Deserialize<'a>>(file: &File<'a>) -> Option<T> {
    parse_objects(slice::from_ref(file)).pop()
}

/// Parses the object in a file whose keys are data, unless it is too large. Without fields it says that
/// there is no data.
pub(super) fn parse_map<'a, T: Deserialize<'a>>(file: &File<'a>) -> Option<T> {
    let mut objects = parse_any_objects(slice::from_ref(file));
    objects.next().map(|(_, fields)| fields.value)
}

/// Parses the list of objects in a file, unless it is too large.
pub(super) fn parse_list<'a, T: Deserialize<'a>>(file: &File<'a>) -> Option<Vec<T>> {
    if is_too_large(slice::from_ref(file)) {
        return None;
    }
    let Maybe(items) = serde_json::from_slice(file.content).ok()?;
    items.map(List::into_vec)
}

/// Returns the name of a document's file, without `.json`.
pub(super) fn file_stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".json").unwrap_or(name)
}

/// Parses the list of lists of strings in a file, unless it is too large.
pub(super) fn parse_text_lists<'a>(file: &File<'a>) -> Option<Vec<Texts<'a>>> {
    if is_too_large(slice::from_ref(file)) {
        return None;
    }
    let Maybe(lists) = serde_json::from_slice(file.content).ok()?;
    lists.map(|TextLists(lists)| lists)
}

/// Returns whether parsing the files would take more memory than the archive of a real cluster needs.
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
#[derive(Clone, Debug)]
pub struct Object<T> {
    value: T,
    is_empty: bool,
}

/// A list of objects, or an empty one. Elements that are not objects are skipped.
#[derive(Clone, Debug)]
pub struct List<T>(Vec<T>);

/// An object whose keys are data and whose values are strings; other values are skipped.
#[derive(Clone, Debug, Default)]
pub struct Map<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// A list of strings, or an empty one. Elements that are not strings are skipped.
#[derive(Clone, Debug, Default)]
pub struct Texts<'a>(Vec<Text<'a>>);

/// The names of an object's fields; empty when the value is not an object.
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
        self.value
    }

    /// Returns whether the document has no such object, or one without fields, which says nothing: not even
    /// that the defaults hold.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl<T: Default> Default for Object<T> {
    fn default() -> Self {
        Self { value: T::default(), is_empty: true }
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
        &self.value
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
        let Maybe(fields) = Maybe::deserialize(deserializer)?;
        Ok(fields.map_or_else(Self::default, |Fields { value, is_empty }| Self { value, is_empty }))
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

#[cfg(test)]
mod tests;
