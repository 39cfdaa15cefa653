//! Checks of the sources: modules import only from lower layers, and texts for people have no debug output.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers from the bottom up. Layers of one line may not import each other.
const ORDER: [&[&str]; 6] = [
    &["model"],
    &["validate", "build", "plan"],
    &["cache"],
    &["runtime"],
    &["stages"],
    &["reconcile", "preview"],
];

fn level(layer: &str) -> Option<usize> {
    ORDER.iter().position(|layers| layers.contains(&layer))
}

/// Returns `from → to` for each import in `text` that does not point down.
fn upward_imports(from: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Some(own) = level(from) else { return found };
    for layer in imported_layers(text) {
        let is_allowed = layer == from || level(&layer).is_none_or(|level| level < own);
        if !is_allowed {
            found.push(format!("{from} → {layer}"));
        }
    }
    found
}

/// Returns the layers in `crate::layer` and `crate::{layer, …}`.
fn imported_layers(text: &str) -> Vec<String> {
    let mut layers = Vec::new();
    for rest in text.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            layers.extend(top_level_items(list));
        } else {
            layers.push(identifier(rest));
        }
    }
    layers
}

/// Returns the first identifier of each item of a list up to its closing brace.
fn top_level_items(list: &str) -> Vec<String> {
    let (mut depth, mut is_start, mut items) = (0, true, Vec::new());
    for (position, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_start = true,
            _ if is_start && character.is_ascii_alphabetic() => {
                items.push(identifier(&list[position..]));
                is_start = false;
            }
            _ => {}
        }
    }
    items
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn imports_of_layers_point_down() {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut found = Vec::new();
    for path in sources(source) {
        let relative = path.strip_prefix(source).unwrap().with_extension("");
        let layer = relative.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        found.extend(
            upward_imports(&layer, &text).into_iter().map(|arrow| format!("{}: {arrow}", path.display())),
        );
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn texts_for_people_are_formatted_without_debug_output() {
    let folders = ["/src", "/../crds/src"].map(|folder| format!("{}{folder}", env!("CARGO_MANIFEST_DIR")));
    let files = folders.iter().flat_map(|folder| sources(Path::new(folder)));
    let is_of_tests = |path: &Path| path.iter().any(|part| part == "tests") || path.ends_with("layers.rs");
    let files = files.filter(|path| !path.ends_with("tests.rs") && !is_of_tests(path));
    let found = files.filter(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]").next().unwrap_or_default().contains(":?}")
    });
    assert_eq!(found.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn import_of_a_higher_or_neighbouring_layer_is_found() {
    let text = "use crate::{model::kind::Kind, stages::{apply, x}, build::build};\nuse crate::runtime::queue::Queue;";
    assert_eq!(
        upward_imports("validate", text),
        ["validate → stages", "validate → build", "validate → runtime"]
    );
    assert_eq!(upward_imports("reconcile", text), Vec::<String>::new());
}
