//! Warnings about rules that have no errors.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::{
    DeclarativeRule,
    format::{Definition, Expectation, Expression, Located},
    inputs::Reads,
    parse::Source,
    pattern::MIN_LITERAL_BYTES,
    rule::Compiled,
    suggest::did_you_mean,
    texts,
    yaml::Node,
};

/// Top-level directories of archives.
const DIRECTORIES: [&str; 10] = [
    "aggregated",
    "cluster-scoped-resources",
    "conditional",
    "config",
    "customresources",
    "events",
    "insights-operator",
    "machinesets",
    "namespace",
    "namespaces",
];

/// The warning about a rule without texts. A content tree may have them.
pub(crate) const NO_CONTENT: &str =
    "the rule has no `content`; without an entry in a content tree, users see only its key";

/// Records the warnings of a rule without errors.
pub(crate) fn check(
    source: &mut Source<'_>,
    document: &Node,
    definition: &Definition,
    rule: &DeclarativeRule,
) {
    let rule = &*rule.0;
    unused(source, definition, rule);
    for ((name, _), input) in definition.inputs.iter().zip(&rule.inputs) {
        if let Reads::Logs { pattern, .. } = &input.reads
            && pattern.literals.is_empty()
        {
            source.warning(
                name.at,
                format!("the pattern of `{}` has no text of at least {MIN_LITERAL_BYTES} characters that every match contains, so it is tried on every line, which is slow", name.value),
            );
        }
        directory(source, name, &input.reads);
    }
    content(source, document, definition);
    texts::check(source, definition);
    nodes(source, definition);
    if definition.tests.is_empty() {
        source.warning(
            document.span.start,
            "the rule has no tests; add one that hits and its healthy neighbour under `tests`",
        );
    }
}

fn unused(source: &mut Source<'_>, definition: &Definition, rule: &Compiled) {
    let expressions = rule.details.iter().map(|(_, detail)| detail).chain([&rule.when]);
    let mut read: BTreeSet<usize> = BTreeSet::new();
    for expression in expressions {
        read.extend(&expression.program.reads);
        for &fact in &expression.facts {
            read.insert(rule.facts[fact].slot);
            read.extend(&rule.facts[fact].program.reads);
        }
    }
    let inputs = definition.inputs.iter().map(|(name, _)| ("input", name));
    let facts = definition.facts.iter().map(|(name, _)| ("fact", name));
    for (position, (kind, name)) in inputs.chain(facts).enumerate() {
        if !read.contains(&position) {
            source.warning(name.at, format!("the {kind} `{}` is never used", name.value));
        }
    }
}

fn directory(source: &mut Source<'_>, name: &Located<String>, reads: &Reads) {
    let files = reads.files();
    for directory in files.globs().filter_map(|glob| glob.split('/').next()) {
        if !DIRECTORIES.contains(&directory) {
            let hint = did_you_mean(directory, DIRECTORIES);
            source.warning(name.at, format!("no archive is known to have a directory `{directory}`{hint}"));
        }
    }
}

/// Warns about a detail `nodes` without a test that hits. Some clients drop the whole report of a cluster if
/// `nodes` is not a list of strings, so such a hit fails; only a test that hits shows its type.
fn nodes(source: &mut Source<'_>, definition: &Definition) {
    let Some((name, _)) = definition.details.iter().find(|(name, _)| name.value == "nodes") else { return };
    let mut expectations = definition.tests.iter().filter_map(|test| test.expect.as_ref());
    let has_hit = expectations.any(|expectation| matches!(expectation.value, Expectation::Hit(_)));
    if !has_hit && !definition.tests.is_empty() {
        source.warning(
            name.at,
            "clients take `nodes` for a list of strings; add a test that hits, which shows that it is one",
        );
    }
}

fn content(source: &mut Source<'_>, document: &Node, definition: &Definition) {
    let Some(content) = &definition.content else {
        source.warning(document.span.start, NO_CONTENT);
        return;
    };
    let texts = [
        ("description", &content.description),
        ("reason", &content.reason),
        ("resolution", &content.resolution),
    ];
    for (field, text) in texts {
        match text {
            Some(text) if !text.value.trim().is_empty() => template(source, text, &definition.details),
            _ => source.warning(content.at, format!("the content has no `{field}`")),
        }
    }
}

/// Warns about fields in a template that the details do not have.
fn template(source: &mut Source<'_>, text: &Located<String>, details: &[(Located<String>, Expression)]) {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\bpydata(?:\.([A-Za-z_]\w*)|\[["']([^"']+)["']\])"#)
            .expect("the pattern is valid, the tests run it")
    });
    let known = || details.iter().map(|(name, _)| name.value.as_str());
    let fields: BTreeSet<&str> = FIELD
        .captures_iter(&text.value)
        .filter_map(|field| field.get(1).or(field.get(2)))
        .map(|field| field.as_str())
        .collect();
    for field in fields {
        if !known().any(|name| name == field) {
            let hint = did_you_mean(field, known());
            source.warning(
                text.at,
                format!("the text shows `{field}`, which is not a field of the details{hint}"),
            );
        }
    }
}
