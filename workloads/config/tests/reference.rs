//! `docs/configuration.md` lists every key; this test generates it from the documentation of the types.

#![allow(clippy::unwrap_used, reason = "a test that can't read the schema should stop")]

use std::{collections::BTreeMap, fmt::Write as _};

use ccx_config::Config;
use ccx_test_support::assert_generated;
use serde_json::Value;

const INTRODUCTION: &str = "\
# Configuration

One TOML file for all workloads (`--config FILE`, or `CCX_CONFIG`); each reads the sections that it needs. Every key can be set by a
variable, which takes precedence: `CCX__`, the section, `__`, the key, all in upper case; lists are separated by commas. A variable
that looks like a key and is not one, such as `CCX_KAFKA__CLIENT_ID`, is an error.

`ccx config check` reports every problem at once, with its line or variable; files that are named must exist. `ccx config print`
shows the effective configuration without secrets. Errors never repeat a value, as it may be a secret.

Durations are written like `500ms`, `2h` or `1m 30s`; sizes like `64MiB`. A key without a default is unset.

This page is generated from the documentation in `workloads/config` by `make generate`.
";

#[test]
fn reference_of_every_key_is_up_to_date() {
    assert_generated("docs/configuration.md", &reference());
}

#[test]
fn every_key_has_documentation() {
    let schema = schema();
    for (section, keys) in sections(&schema) {
        for (key, property) in keys {
            assert!(property.get("description").is_some(), "{section}.{key} has no documentation");
        }
    }
}

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(Config)).unwrap()
}

/// Returns the sections ordered by name; `kafka.topics` is one of them.
fn sections(schema: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    let mut sections = BTreeMap::new();
    collect(schema, schema, "", &mut sections);
    sections
}

fn collect(
    schema: &Value,
    object: &Value,
    prefix: &str,
    sections: &mut BTreeMap<String, BTreeMap<String, Value>>,
) {
    for (name, property) in object["properties"].as_object().unwrap() {
        let target = resolve(schema, property);
        if target.get("properties").is_some() {
            let section = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            collect(schema, target, &section, sections);
        } else {
            sections.entry(prefix.to_owned()).or_default().insert(name.clone(), property.clone());
        }
    }
}

fn resolve<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let any_of = property["anyOf"].as_array().and_then(|options| options.first());
    let reference = property.get("$ref").or_else(|| any_of.and_then(|option| option.get("$ref")));
    match reference.and_then(Value::as_str) {
        Some(path) => schema.pointer(path.trim_start_matches('#')).unwrap(),
        None => property,
    }
}

fn reference() -> String {
    let schema = schema();
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let mut page = INTRODUCTION.to_owned();
    for (section, keys) in sections(&schema) {
        write!(page, "\n## `[{section}]`\n\n| key | default | meaning |\n|---|---|---|\n").unwrap();
        for (key, property) in keys {
            let default = default_of(&defaults, &section, &key);
            let meaning = [text(&property), choices(resolve(&schema, &property))].concat();
            writeln!(page, "| `{key}` | {default} | {meaning} |").unwrap();
        }
    }
    page
}

fn default_of(defaults: &Value, section: &str, key: &str) -> String {
    let pointer = format!("/{}/{key}", section.replace('.', "/"));
    match defaults.pointer(&pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(map)) if map.is_empty() => String::new(),
        Some(value) => format!("`{value}`"),
    }
}

fn text(property: &Value) -> String {
    property["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// Returns the values of an enumeration, each with its description.
fn choices(target: &Value) -> String {
    let Some(options) = target["oneOf"].as_array() else { return String::new() };
    let choice =
        |option: &Value| format!("`{}`: {}", option["const"].as_str().unwrap_or_default(), text(option));
    format!(" {}", options.iter().map(choice).collect::<Vec<_>>().join(" "))
}
