//! Compiles a [`Definition`] to a runnable rule and reports every semantic error.

use std::{
    fmt::Display,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use regex::Regex;

use crate::{
    DeclarativeRule, Position,
    cel::{self, Type},
    explain::RuleContent,
    format::{ContentDefinition, Definition, Expression, InputDefinition, Located, Need},
    inputs::{Reads, RuleInput},
    limits::{DEFAULT_MATCHES, MAX_MATCHES},
    parse::Source,
    pattern::Pattern,
    rule::{Compiled, CompiledExpression, Origin},
    run_tests::TestCase,
    texts,
    yaml::{Node, offset_in_file},
};

mod order;
pub(crate) mod paths;

/// Compiles the definition of a document, or returns `None` and records the errors in `source`.
pub(crate) fn rule(
    source: &mut Source<'_>,
    document: &Node,
    definition: &Definition,
) -> Option<DeclarativeRule> {
    let names = names(source, definition);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let id = definition.id.as_ref().and_then(|id| parse(source, id));
    let error_key = definition.error_key.as_ref().and_then(|key| parse(source, key));
    let inputs = definition
        .inputs
        .iter()
        .filter_map(|(name, input)| rule_input(source, definition, name, input))
        .collect();
    let facts = facts(source, definition, &names);
    let when = definition.when.as_ref().and_then(|when| expression(source, "when".into(), when, &names));
    reserved_details(source, definition);
    let details = definition.details.iter().filter_map(|(name, detail)| {
        let compiled = expression(source, format!("details.{}", name.value), detail, &names)?;
        Some((Arc::from(name.value.as_str()), compiled))
    });
    let details: Vec<_> = details.collect();
    let tests = definition.tests.iter().filter_map(|test| TestCase::parse(source, test)).collect();
    let origin = Origin {
        file: source.file.into(),
        text: source.text.into(),
        position: Position::from_offset(source.text, document.span.start),
    };
    let content = definition.content.as_ref().map(rule_content);
    let text_places = definition.content.as_ref().map(texts::places).unwrap_or_default();
    if source.has_errors() {
        return None;
    }
    let mut rule = Compiled {
        id: id?,
        error_key: error_key?,
        inputs,
        facts,
        when: when?,
        details,
        content,
        texts: text_places,
        tests,
        origin,
    };
    order::resolve(source, definition, &mut rule)?;
    Some(DeclarativeRule(Arc::new(rule)))
}

/// Returns the names that expressions can use: inputs, then facts.
fn names(source: &mut Source<'_>, definition: &Definition) -> Vec<String> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^[A-Za-z_][A-Za-z0-9_]*$").expect("the pattern is valid, each test runs it")
    });
    /// Keywords and reserved words of the language.
    const WORDS: [&str; 21] = [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "has",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "optional",
        "package",
        "return",
        "true",
        "var",
    ];
    let inputs = definition.inputs.iter().map(|(name, _)| name);
    let mut names: Vec<&str> = Vec::new();
    for Located { value: name, at, .. } in inputs.chain(definition.facts.iter().map(|(name, _)| name)) {
        let is_word = WORDS.contains(&name.as_str()) || Type::NAMED.iter().any(|of| of.name() == name);
        if !NAME.is_match(name) {
            source
                .error(*at, format!("`{name}` can't be a name in an expression; use letters, digits and _"));
        } else if is_word {
            source.error(*at, format!("`{name}` is a reserved word; choose another name"));
        } else if names.contains(&name.as_str()) {
            source.error(*at, format!("`{name}` is already the name of an input; choose another one"));
        }
        names.push(name);
    }
    names.into_iter().map(str::to_owned).chain(source.invalid_names.iter().cloned()).collect()
}

/// Reports details with the names of fields that the report adds itself.
fn reserved_details(source: &mut Source<'_>, definition: &Definition) {
    const RESERVED: [&str; 2] = ["type", "error_key"];
    for (name, _) in &definition.details {
        if RESERVED.contains(&name.value.as_str()) {
            source.error(
                name.at,
                format!("the report sets `{}` itself; give the detail another name", name.value),
            );
        }
    }
}

fn parse<T: FromStr<Err: Display>>(source: &mut Source<'_>, text: &Located<String>) -> Option<T> {
    text.value.parse().inspect_err(|error: &T::Err| source.error(text.at, error.to_string())).ok()
}

fn facts(source: &mut Source<'_>, definition: &Definition, names: &[&str]) -> Vec<CompiledExpression> {
    let facts = definition.facts.iter().enumerate().filter_map(|(position, (name, fact))| {
        let compiled = expression(source, format!("facts.{}", name.value), fact, names)?;
        Some(CompiledExpression { slot: definition.inputs.len() + position, ..compiled })
    });
    facts.collect()
}

fn expression(
    source: &mut Source<'_>,
    name: String,
    expression: &Expression,
    names: &[&str],
) -> Option<CompiledExpression> {
    let Expression { text, span } = expression;
    match cel::compile(text, names) {
        Ok(program) => Some(CompiledExpression {
            name,
            program,
            slot: 0,
            facts: Vec::new(),
            text: text.clone(),
            span: span.clone(),
        }),
        Err(mistakes) => {
            // A name of a malformed section is reported there.
            let is_consequence = |mistake: &cel::Mistake| {
                source.has_unknown_names && mistake.message.starts_with("unknown name")
            };
            let (_, mistakes): (Vec<_>, Vec<_>) = mistakes.into_iter().partition(is_consequence);
            for mistake in mistakes {
                let at = offset_in_file(source.text, span, text, mistake.at);
                source.error(at, format!("`{name}`: {}", mistake.message));
            }
            None
        }
    }
}

fn rule_input(
    source: &mut Source<'_>,
    definition: &Definition,
    name: &Located<String>,
    input: &InputDefinition,
) -> Option<RuleInput> {
    let InputDefinition { file, glob, logs, metrics, pattern, max_matches, required } = input;
    if logs.is_none() {
        for (field, at) in [
            ("pattern", pattern.as_ref().map(|pattern| pattern.at)),
            ("max_matches", max_matches.as_ref().map(|most| most.at)),
        ] {
            if let Some(at) = at {
                source.error(
                    at,
                    format!("`{field}` belongs to `logs`, which the input `{}` does not have", name.value),
                );
            }
        }
    }
    let reads = match (file, glob, logs, metrics) {
        (Some(file), None, None, None) => Reads::file(paths::file(source, file)?),
        (None, Some(glob), None, None) => Reads::documents(paths::glob(source, glob)?),
        (None, None, Some(logs), None) => {
            let query = format!(
                "{}|{}.{}",
                text_of(definition.id.as_ref()),
                text_of(definition.error_key.as_ref()),
                name.value
            );
            let glob = paths::glob(source, logs);
            let pattern = log_pattern(source, logs, pattern.as_ref());
            let max_matches = matches_kept(source, max_matches.as_ref());
            Reads::logs(query, glob?, pattern?, max_matches)
        }
        (None, None, None, Some(metrics)) => metric_family(source, metrics)?,
        _ => {
            source.error(
                name.at,
                format!("the input `{}` must have one of `file`, `glob`, `logs` and `metrics`", name.value),
            );
            return None;
        }
    };
    let need = required.as_ref().map_or(Need::Optional, |required| required.value);
    Some(RuleInput { name: name.value.clone(), need, reads })
}

fn metric_family(source: &mut Source<'_>, metrics: &Located<String>) -> Option<Reads> {
    let family = &metrics.value;
    let is_valid = !family.is_empty()
        && !family.starts_with(|first: char| first.is_ascii_digit())
        && family.chars().all(|character| character.is_ascii_alphanumeric() || "_:".contains(character));
    if !is_valid {
        source.error(
            metrics.at,
            format!("`{family}` is not the name of a metric, without labels: letters, digits, _ and :"),
        );
    }
    is_valid.then(|| Reads::Metrics { family: family.clone() })
}

fn log_pattern(
    source: &mut Source<'_>,
    logs: &Located<String>,
    pattern: Option<&Located<String>>,
) -> Option<Pattern> {
    let Some(pattern) = pattern else {
        source.error(logs.at, "`logs` needs a `pattern`, the regular expression of the lines");
        return None;
    };
    let parsed = Pattern::parse(&pattern.value);
    parsed
        .inspect_err(|error| {
            source.error(pattern.at, format!("the pattern is not a valid regular expression: {error}"));
        })
        .ok()
}

fn matches_kept(source: &mut Source<'_>, max_matches: Option<&Located<usize>>) -> usize {
    let Some(max_matches) = max_matches else { return DEFAULT_MATCHES };
    if !(1..=MAX_MATCHES).contains(&max_matches.value) {
        source.error(max_matches.at, format!("`max_matches` goes from 1 to {MAX_MATCHES}"));
    }
    max_matches.value
}

fn rule_content(content: &ContentDefinition) -> RuleContent {
    let rating = |rating: Option<&Located<usize>>| {
        rating.and_then(|rating| u8::try_from(rating.value).ok()).unwrap_or(1)
    };
    RuleContent {
        description: text_of(content.description.as_ref()),
        impact: rating(content.impact.as_ref()),
        likelihood: rating(content.likelihood.as_ref()),
        resolution_risk: rating(content.resolution_risk.as_ref()),
        tags: content.tags.iter().map(|tag| tag.value.clone()).collect(),
        generic: text_of(content.generic.as_ref()),
        reason: text_of(content.reason.as_ref()),
        resolution: text_of(content.resolution.as_ref()),
        more_info: text_of(content.more_info.as_ref()),
    }
}

fn text_of(text: Option<&Located<String>>) -> String {
    text.map(|text| text.value.clone()).unwrap_or_default()
}
