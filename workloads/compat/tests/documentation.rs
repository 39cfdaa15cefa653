//! `docs/compatibility.md`: every feature of the originals has a row, and every key that the page names exists.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, fs, path::Path};

use ccx_config::Config;

/// The number of features.
const FEATURES: usize = 87;

fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Returns the cells of the rows of features.
fn features(page: &str) -> Vec<Vec<&str>> {
    let (_, table) = page.split_once("## Every feature of the original services").unwrap();
    table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells[0].parse::<usize>().is_ok())
        .collect()
}

#[test]
fn every_feature_has_one_row_that_begins_with_the_decision() {
    let page = page("compatibility.md");
    let rows = features(&page);
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=FEATURES).collect::<Vec<_>>());
    for row in rows {
        let decision = row.get(2).unwrap_or(&"");
        let is_decided = ["same", "better", "left out"].iter().any(|word| decision.starts_with(word));
        assert!(row.len() == 3 && is_decided, "{row:?}");
    }
}

#[test]
fn keys_that_the_page_names_exist() {
    let sections = serde_json::to_value(Config::default()).unwrap();
    let sections: BTreeSet<&str> = sections.as_object().unwrap().keys().map(String::as_str).collect();
    let (page, configuration) = (page("compatibility.md"), page("configuration.md"));
    let mut checked = 0;
    for code in page.split('`').skip(1).step_by(2) {
        let Some((section, key)) = code.rsplit_once('.') else { continue };
        let is_key = code.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter == '.');
        if !is_key || !sections.contains(section.split('.').next().unwrap_or_default()) {
            continue;
        }
        let is_subsection = configuration.contains(&format!("## `[{code}]`"));
        let heading = format!("## `[{section}]`");
        let (_, table) = configuration.split_once(&heading).unwrap_or_else(|| panic!("{heading} of {code}"));
        let table = table.split("\n## ").next().unwrap_or_default();
        assert!(is_subsection || table.contains(&format!("| `{key}` |")), "{code} is not a key");
        checked += 1;
    }
    assert!(checked > 5, "{checked} keys");
}
