//! Generates `docs/metrics.md` and `docs/log-events.md` from the source of the programs.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    sync::LazyLock,
};

use ccx_e2e::{root, source_files};
use ccx_test_support::assert_generated;
use regex::Regex;

const METRICS: &str = "\
# Metrics

All metrics of the programs, generated from their source by `make generate`. Each process serves its own at `/metrics`, in the text
format of Prometheus. A metric with labels appears with its first value.

`NAMESPACE` is `writer.metrics_namespace`, `aggregator.metrics_namespace` or that of another workload
([configuration](configuration.md)).
";

const LOG_EVENTS: &str = "\
# Log events

All log events of the programs, generated from their source by `make generate`. The text is the field `message` of a line in JSON;
`{…}` stands for a value. The other fields of a line name the record, the cluster and the cause.
";

/// Crates whose metrics have a fixed prefix, or none; others have a configured one.
const PREFIXES: [(&str, &str); 5] = [
    ("ingress", ""),
    ("operator", "ccx_operator_"),
    ("insights-core", "ccx_insights_core_"),
    ("pipeline", ""),
    ("service", "ccx_"),
];

/// Names without the prefix of their crate.
const WITHOUT_PREFIX: [&str; 1] = ["rating_on_rules"];

/// Crates that are no part of a program.
const NO_PROGRAM: [&str; 3] = ["e2e", "benches", "test-support"];

#[test]
fn page_of_metrics_is_up_to_date() {
    let page = page(METRICS, "| metric | labels | meaning |\n|---|---|---|\n", metrics_of_crate);
    assert!(page.contains("| `ccx_pipeline_dead_letters_total` | `class` |"), "{page}");
    assert_generated("docs/metrics.md", &page);
}

#[test]
fn page_of_log_events_is_up_to_date() {
    let page = page(LOG_EVENTS, "| level | event |\n|---|---|\n", |_, source| log_events(source));
    assert!(page.contains("| info | partitions revoked |"), "{page}");
    assert_generated("docs/log-events.md", &page);
}

/// Writes a page with a section for each crate that has rows.
fn page(head: &str, header: &str, rows_of: impl Fn(&str, &str) -> BTreeSet<String>) -> String {
    let mut page = head.to_owned();
    for (name, sources) in sources() {
        let rows: BTreeSet<String> = sources.iter().flat_map(|source| rows_of(&name, source)).collect();
        if !rows.is_empty() {
            let _ = write!(page, "\n## {name}\n\n{header}");
            page.extend(rows);
        }
    }
    page
}

/// Returns the source files of each crate of a program, without tests.
fn sources() -> BTreeMap<String, Vec<String>> {
    let root = root();
    let mut sources: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in source_files("rs") {
        let Some((folder, file)) = path.split_once("/src/") else { continue };
        let name = folder.trim_start_matches("workloads/").to_owned();
        let is_test = file.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "testing.rs"));
        if is_test || NO_PROGRAM.contains(&&*name) {
            continue;
        }
        let source = fs::read_to_string(root.join(&path)).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        sources.entry(name).or_default().push(code.to_owned());
    }
    sources
}

/// Returns a row for each metric that a source file registers.
fn metrics_of_crate(name: &str, source: &str) -> BTreeSet<String> {
    // A name, a help text, and up to the end of the statement perhaps a list of labels.
    static CALL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\(\s*"([a-z][a-z0-9_]+)",\s*"([^"]+)"([^?;]*)"#).unwrap());
    static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""([a-z_]+)""#).unwrap());
    if !source.contains("MetricRegistrar") {
        return BTreeSet::new();
    }
    let prefix = PREFIXES.iter().find(|(known, _)| *known == name).map_or("NAMESPACE_", |(_, prefix)| prefix);
    let row = |call: regex::Captures<'_>| {
        let (metric, help, rest) = (&call[1], call[2].trim_end_matches('.'), &call[3]);
        let list = rest.split_once("&[").map_or("", |(_, list)| list.split(']').next().unwrap_or_default());
        let labels: Vec<String> = LABEL.captures_iter(list).map(|label| format!("`{}`", &label[1])).collect();
        let prefix = if WITHOUT_PREFIX.contains(&metric) { "" } else { prefix };
        format!("| `{prefix}{metric}` | {} | {help} |\n", labels.join(", "))
    };
    CALL.captures_iter(source).map(row).collect()
}

/// Returns a row for each log event of a source file.
fn log_events(source: &str) -> BTreeSet<String> {
    static MACRO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:tracing::)?(error|warn|info|debug|trace)!\(").unwrap());
    let calls = MACRO.captures_iter(source).filter_map(|call| {
        let message = message(&source[call.get(0).unwrap().end()..])?;
        Some(format!("| {} | {} |\n", &call[1], message.replace('|', "\\|")))
    });
    calls.collect()
}

/// Returns the message among the arguments of a log macro: the first text that is no value of a field.
fn message(arguments: &str) -> Option<String> {
    let mut depth = 0;
    let mut last = ',';
    let mut characters = arguments.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            '"' => {
                let text = literal(&mut characters);
                if depth == 0 && last == ',' {
                    return Some(text);
                }
            }
            _ => {}
        }
        if !character.is_whitespace() {
            last = character;
        }
    }
    None
}

/// Reads a string literal to its end, and joins its lines.
fn literal(characters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => text.extend(characters.next().map(|escaped| if escaped == '\n' { ' ' } else { escaped })),
            plain => text.push(plain),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn message_is_the_text_that_is_no_value_of_a_field() {
    assert_eq!(
        message(r#"topic = f("a"), class = "bug", "lost \"it\": {x}", x);"#),
        Some("lost \"it\": {x}".into())
    );
    assert_eq!(message("\"one \\\n    line\")"), Some("one line".into()));
    assert_eq!(message("?error)"), None);
}

#[test]
fn metric_has_its_prefix_labels_and_help() {
    let source =
        "use MetricRegistrar; registrar.counters(\n \"a_total\",\n \"All a.\",\n &[\"x\", \"y\"],\n)?";
    assert_eq!(
        metrics_of_crate("operator", source),
        BTreeSet::from(["| `ccx_operator_a_total` | `x`, `y` | All a |\n".to_owned()])
    );
}
