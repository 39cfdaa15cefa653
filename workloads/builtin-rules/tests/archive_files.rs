//! Generates `docs/archive-files.md` from the inputs that the built-in rules declare.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use ccx_rules::{Input, Versions};
use ccx_test_support::assert_generated;

const HEAD: &str = "\
# Files of an archive

Files of an Insights archive that the built-in rules read, generated from the declarations of the rules by `make generate`. A rule of
your own can read these and every other file of an archive; the Insights Operator documents
[all files](https://github.com/openshift/insights-operator/blob/master/docs/gathered-data.md).

- `*` in a path matches any characters except `/`.
- **Releases** are those whose Insights Operator records the file, including backports; empty means all supported releases.
- **Read by** is the number of built-in rules.

| data | path | releases | read by |
|---|---|---|---|
";

const METRICS: &str = "
## Metrics

Families in `config/metrics`.

| family | releases | read by |
|---|---|---|
";

#[test]
fn page_of_archive_files_is_up_to_date() {
    assert_generated("docs/archive-files.md", &page());
}

fn page() -> String {
    let engine = ccx_builtin_rules::engine();
    let mut inputs: BTreeMap<&str, (&Input, BTreeSet<&str>)> = BTreeMap::new();
    let mut families: BTreeMap<&str, (Versions, BTreeSet<&str>)> = BTreeMap::new();
    for meta in engine.rules() {
        for input in meta.inputs() {
            inputs.entry(input.name()).or_insert((input, BTreeSet::new())).1.insert(meta.rule.as_str());
        }
        for family in &meta.metric_families {
            let entry = families.entry(&family.name).or_insert((family.versions, BTreeSet::new()));
            entry.1.insert(meta.rule.as_str());
        }
    }
    let mut page = HEAD.to_owned();
    for (name, (input, rules)) in inputs {
        for (path, versions) in input.locations() {
            let _ = writeln!(page, "| {name} | `{path}` | {versions} | {} |", rules.len());
        }
    }
    page.push_str(METRICS);
    for (name, (versions, rules)) in families {
        let _ = writeln!(page, "| `{name}` | {versions} | {} |", rules.len());
    }
    page
}
