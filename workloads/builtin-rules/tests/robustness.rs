//! Every rule on damaged archives: in the example that it hits, each value is replaced by a value of every
//! other JSON type and each field is left out. No rule may panic or run without end.
//!
//! `data/rule_examples.json` has for each key the files of a `hit`: JSON, or text where the value is a
//! string.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    thread,
};

use ccx_archive::{Archive, Limits};
use ccx_rules::Engine;
use serde::Deserialize;
use serde_json::{Value, json};

type Files = BTreeMap<String, Value>;

#[derive(Deserialize)]
struct Example {
    hit: Files,
}

/// Returns the examples, those with most files first.
fn examples() -> Vec<Files> {
    let examples: BTreeMap<String, Example> =
        serde_json::from_str(include_str!("data/rule_examples.json")).unwrap();
    let mut examples: Vec<Files> = examples.into_values().map(|example| example.hit).collect();
    examples.sort_by_key(|files| Reverse(files.len()));
    examples
}

/// Returns each file of the examples once, by path and content, with the largest example that contains it.
fn cases() -> Vec<(String, Files)> {
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for files in examples() {
        for (path, content) in &files {
            if seen.insert((path.clone(), content.to_string())) {
                cases.push((path.clone(), files.clone()));
            }
        }
    }
    cases
}

/// Replacements for a value: one of each JSON type, and numbers out of range.
fn other_values() -> [Value; 8] {
    [
        json!(null),
        json!("text"),
        json!(""),
        json!(-7),
        json!(1e300),
        json!(true),
        json!(["list"]),
        json!({"an": {"object": []}}),
    ]
}

/// Calls `visit` with the document once for each damage: a value replaced, or a field removed.
fn for_each_damage(document: &mut Value, visit: &mut dyn FnMut(&Value, &str)) {
    let mut pointers = Vec::new();
    collect_pointers(document, String::new(), &mut pointers);
    for pointer in pointers {
        let original = document.pointer(&pointer).unwrap().clone();
        for other in other_values() {
            *document.pointer_mut(&pointer).unwrap() = other;
            visit(document, &pointer);
        }
        for field in original.as_object().into_iter().flat_map(|fields| fields.keys()) {
            let mut without = original.clone();
            without.as_object_mut().unwrap().remove(field);
            *document.pointer_mut(&pointer).unwrap() = without;
            visit(document, &pointer);
        }
        *document.pointer_mut(&pointer).unwrap() = original;
    }
}

/// Returns the JSON pointers of the document and of all values in it.
fn collect_pointers(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                collect_pointers(value, format!("{pointer}/{escaped}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect_pointers(value, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// Runs all rules on these files. A rule that panics or exceeds its budget is a fault.
fn assert_no_fault(engine: &Engine, files: &Files, what: &str) {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    let archive = Archive::read(tar.into_inner().unwrap().into(), &Limits::default()).unwrap();
    let report = engine.run(&archive, Some("2026-01-15T12:00:00Z".parse().unwrap()));
    assert_eq!(report.faults, [], "{what}");
}

/// Runs the rules on each damage of one document; returns the number of runs.
fn damage(engine: &Engine, path: &str, files: &Files) -> usize {
    let (mut damaged_files, mut count) = (files.clone(), 0);
    for_each_damage(&mut files[path].clone(), &mut |damaged, pointer| {
        damaged_files.insert(path.to_owned(), damaged.clone());
        assert_no_fault(engine, &damaged_files, &format!("{path}{pointer}: {damaged}"));
        count += 1;
    });
    count
}

#[test]
fn rules_on_values_of_other_types_or_without_a_field_do_not_panic() {
    let mut documents = cases();
    documents.retain(|(path, files)| !files[path].is_string());
    let damage_all = |documents: &[(String, Files)]| -> usize {
        let engine = ccx_builtin_rules::engine();
        documents.iter().map(|(path, files)| damage(&engine, path, files)).sum()
    };
    let (first, second) = documents.split_at(documents.len() / 2);
    let count = thread::scope(|scope| {
        let half = scope.spawn(|| damage_all(second));
        damage_all(first) + half.join().unwrap()
    });
    assert!(count > 1000, "only {count} archives were tried");
}

#[test]
fn rules_on_truncated_or_binary_text_do_not_panic() {
    let engine = ccx_builtin_rules::engine();
    for (path, files) in cases() {
        let content = &files[&path];
        let text = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let half = &text[..text.floor_char_boundary(text.len() / 2)];
        for damaged in ["", half, "\u{0}\u{feff}\n\n", "{{{{", &format!("{text}{text}")] {
            let mut files = files.clone();
            files.insert(path.clone(), json!(damaged));
            assert_no_fault(&engine, &files, &format!("{path}: {damaged}"));
        }
    }
}
