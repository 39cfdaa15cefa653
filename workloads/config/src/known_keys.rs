//! The keys that a configuration may have, from the schema of [`Config`].

use std::sync::LazyLock;

use schemars::Schema;
use serde_json::Value as Json;

use crate::Config;

/// A key of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct KnownKey {
    /// The section, a subsection if there is one, and the key.
    pub(crate) path: Vec<String>,
    pub(crate) kind: Kind,
}

/// The type of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Boolean,
    List,
    /// A list of whole numbers.
    IntegerList,
    /// A table with arbitrary names.
    Map,
    Text,
}

/// Maximum edit distance of a misspelt word.
const MAX_EDITS: usize = 3;

/// A misspelt word has at most one edit in so many letters: nearly every short word is three edits from another.
const LETTERS_PER_EDIT: usize = 2;

/// Returns every key.
pub(crate) fn known_keys() -> &'static [KnownKey] {
    static KEYS: LazyLock<Vec<KnownKey>> = LazyLock::new(|| {
        let schema: Schema = schemars::schema_for!(Config);
        let root = schema.to_value();
        let mut keys = Vec::new();
        collect(&root, &root, &mut Vec::new(), &mut keys);
        keys
    });
    &KEYS
}

/// Returns the key at a path; for a path within a map, the map.
pub(crate) fn find(path: &[String]) -> Option<&'static KnownKey> {
    known_keys().iter().find(|key| match key.kind {
        Kind::Map => path.len() <= key.path.len() + 1 && path.starts_with(&key.path),
        _ => key.path == path,
    })
}

/// Returns whether a path is that of a section.
pub(crate) fn is_section(path: &[String]) -> bool {
    known_keys().iter().any(|key| key.path.len() > path.len() && key.path.starts_with(path))
}

/// Returns the key that is closest to an unknown path: a misspelt one, or one of another section.
pub(crate) fn closest(path: &[String]) -> Option<&'static KnownKey> {
    let written = path.join(".");
    let folded = fold(&written);
    let rated = known_keys().iter().map(|key| {
        let name = key.path.join(".");
        let is_same = fold(&name) == folded;
        (if is_same { 0 } else { strsim::damerau_levenshtein(&written, &name) }, key)
    });
    let misspelt =
        rated.min_by_key(|&(edits, _)| edits).filter(|&(edits, key)| edits <= max_edits(path, &key.path));
    misspelt.map(|(_, key)| key).or_else(|| {
        let mut same_name = known_keys().iter().filter(|key| key.path.last() == path.last());
        same_name.next().filter(|_| same_name.next().is_none())
    })
}

/// Returns the section that a misspelt one was probably meant to be.
pub(crate) fn closest_section(path: &[String]) -> Option<&'static [String]> {
    let written = path.join(".");
    let sections =
        known_keys().iter().filter_map(|key| key.path.get(..path.len())).filter(|path| is_section(path));
    let rated = sections.map(|section| {
        let name = section.join(".");
        let is_same = fold(&name) == fold(&written);
        (if is_same { 0 } else { strsim::damerau_levenshtein(&written, &name) }, section)
    });
    let closest =
        rated.min_by_key(|&(edits, _)| edits).filter(|&(edits, section)| edits <= max_edits(path, section));
    // Short names are soon similar: `nothing` and `logging` differ by three letters.
    let closest = closest
        .filter(|(edits, section)| *edits < 3 || section.join(".").chars().next() == written.chars().next());
    closest.map(|(_, section)| section)
}

/// Returns the maximum edit distance of a path from the one that was meant, by the length of the parts that differ.
fn max_edits(written: &[String], meant: &[String]) -> usize {
    let differing = written.iter().filter(|part| !meant.contains(part)).map(String::len).sum::<usize>();
    MAX_EDITS.min(differing.div_ceil(LETTERS_PER_EDIT))
}

/// Returns a name without separators, in which alone `CCX_KAFKA_TOPICS` and `kafka.topics` differ.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn collect(root: &Json, object: &Json, path: &mut Vec<String>, keys: &mut Vec<KnownKey>) {
    let Some(properties) = object["properties"].as_object() else { return };
    for (name, property) in properties {
        path.push(name.clone());
        let target = resolve(root, property);
        if target.get("properties").is_some() {
            collect(root, target, path, keys);
        } else {
            keys.push(KnownKey { path: path.clone(), kind: kind(target) });
        }
        path.pop();
    }
}

fn resolve<'a>(root: &'a Json, property: &'a Json) -> &'a Json {
    let option = property["anyOf"].as_array().and_then(|options| options.first());
    let reference = property.get("$ref").or_else(|| option?.get("$ref")).and_then(Json::as_str);
    reference.and_then(|path| root.pointer(path.trim_start_matches('#'))).unwrap_or(property)
}

fn kind(property: &Json) -> Kind {
    let types = &property["type"];
    let is =
        |name: &str| types == name || types.as_array().is_some_and(|types| types.iter().any(|of| of == name));
    let has_integers = property["items"]["type"] == "integer";
    if is("integer") {
        Kind::Integer
    } else if is("boolean") {
        Kind::Boolean
    } else if is("array") && has_integers {
        Kind::IntegerList
    } else if is("array") {
        Kind::List
    } else if is("object") {
        Kind::Map
    } else {
        Kind::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(key: &str) -> Vec<String> {
        key.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn find_of_known_keys_returns_their_kind() {
        let kind = |key: &str| find(&path(key)).map(|key| key.kind);
        assert_eq!(kind("database.port"), Some(Kind::Integer));
        assert_eq!(kind("rules.builtin"), Some(Kind::Boolean));
        assert_eq!(kind("kafka.bootstrap_servers"), Some(Kind::List));
        assert_eq!(kind("auth.internal_organizations"), Some(Kind::IntegerList));
        assert_eq!(kind("kafka.properties.linger.ms"), None, "four parts");
        assert_eq!(kind("kafka.properties.debug"), Some(Kind::Map));
        assert_eq!(kind("database.password"), Some(Kind::Text));
        assert_eq!(kind("kafka.topics"), None);
        assert!(
            is_section(&path("kafka.topics")) && is_section(&path("kafka")) && !is_section(&path("kafk"))
        );
    }

    #[test]
    fn closest_of_misspelt_key_is_the_key() {
        let closest = |key: &str| closest(&path(key)).map(|key| key.path.join("."));
        assert_eq!(closest("databse.port").as_deref(), Some("database.port"));
        assert_eq!(closest("kafka.bootstrap-servers").as_deref(), Some("kafka.bootstrap_servers"));
        assert_eq!(closest("addressing").as_deref(), Some("object_storage.addressing"));
        assert_eq!(closest("kafka_bootstrap_servers").as_deref(), Some("kafka.bootstrap_servers"));
        assert_eq!(closest("bucket"), None, "several sections have it");
        assert_eq!(closest("other.thing"), None);
        assert_eq!(closest("database.url"), None, "no word resembles it");
        assert_eq!(closest("database.prot").as_deref(), Some("database.port"));
    }

    #[test]
    fn closest_section_of_misspelt_section_is_the_section() {
        let closest = |section: &str| closest_section(&path(section)).map(|section| section.join("."));
        assert_eq!(closest("smartproxy").as_deref(), Some("smart_proxy"));
        assert_eq!(closest("databse").as_deref(), Some("database"));
        assert_eq!(closest("kafka.topic").as_deref(), Some("kafka.topics"));
        assert_eq!(closest("other"), None);
        assert_eq!(closest("nothing"), None);
    }
}
