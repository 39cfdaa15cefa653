//! Patterns of log lines: a regular expression and the literals that every match contains one of.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::{cel::one_line, limits::MAX_REGEX_BYTES};

/// Minimum length of a literal. A shorter one occurs on too many lines to filter them.
pub(crate) const MIN_LITERAL_BYTES: usize = 4;

/// Maximum number of literals. To search more, one by one, costs more than it saves.
const MAX_LITERALS: usize = 32;

/// A pattern of log lines.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub regex: Regex,
    /// Literals of which every matching line contains at least one; empty if there are no such literals.
    pub literals: Vec<String>,
}

impl Pattern {
    /// Compiles a regular expression, or returns a one-line error message.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let regex =
            RegexBuilder::new(text).size_limit(MAX_REGEX_BYTES).build().map_err(|error| one_line(&error))?;
        let syntax = regex_syntax::parse(text)
            .map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())?;
        let literals = required_literals(&syntax).unwrap_or_default().into_iter().collect();
        Ok(Self { regex, literals })
    }
}

/// Returns literals of which every match contains at least one, each at least [`MIN_LITERAL_BYTES`] long.
fn required_literals(syntax: &Hir) -> Option<BTreeSet<String>> {
    match syntax.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            (text.len() >= MIN_LITERAL_BYTES).then(|| BTreeSet::from([text.to_owned()]))
        }
        HirKind::Capture(capture) => required_literals(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_literals(&repetition.sub),
        // A match contains every part of a sequence: take the most selective one.
        HirKind::Concat(parts) => parts.iter().filter_map(required_literals).max_by_key(selectivity),
        HirKind::Alternation(branches) => {
            let of_branches: Option<Vec<_>> = branches.iter().map(required_literals).collect();
            let all: BTreeSet<String> = of_branches?.into_iter().flatten().collect();
            (all.len() <= MAX_LITERALS).then_some(all)
        }
        _ => None,
    }
}

/// Orders sets of literals: a longer shortest literal is better, then fewer literals.
fn selectivity(literals: &BTreeSet<String>) -> (usize, std::cmp::Reverse<usize>) {
    (literals.iter().map(String::len).min().unwrap_or_default(), std::cmp::Reverse(literals.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literals(pattern: &str) -> Vec<String> {
        Pattern::parse(pattern).unwrap().literals
    }

    #[test]
    fn literals_of_a_sequence_are_those_of_its_most_selective_part() {
        assert_eq!(literals(r"drain failed: (?P<node>\S+)"), ["drain failed: "]);
        assert_eq!(
            literals(r"^\S+ (error|fatal error): etcdserver: request timed out \d+"),
            [": etcdserver: request timed out "]
        );
        assert_eq!(literals("(panicked)+ at"), ["panicked"]);
    }

    #[test]
    fn literals_of_an_alternation_cover_every_branch() {
        assert_eq!(literals("panic: runtime|fatal error"), ["fatal error", "panic: runtime"]);
        assert!(literals("panic: runtime|.*").is_empty());
    }

    #[test]
    fn pattern_without_a_required_literal_has_no_literals() {
        for pattern in ["[0-9]+", "(?i)panic", "(abcdef)?", "abc", ""] {
            assert!(literals(pattern).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn invalid_pattern_is_an_error() {
        assert_eq!(Pattern::parse("(a").unwrap_err(), "unclosed group");
        assert!(Pattern::parse(r"(\w{100}){100}").unwrap_err().contains("size limit"));
    }

    proptest! {
        #[test]
        fn every_match_contains_one_of_the_literals(
            pattern in "((abcd|[ab]+|bcda|a?|(abca|dddd)|(aaaa){1,2}|(?:bbbb)*){1,3}\\|?){1,3}",
            line in "[abcd]{0,24}",
        ) {
            let Ok(Pattern { regex, literals }) = Pattern::parse(&pattern) else { return Ok(()) };
            if regex.is_match(&line) && !literals.is_empty() {
                prop_assert!(literals.iter().any(|literal| line.contains(literal.as_str())), "{} {:?} {}", pattern, literals, line);
            }
        }
    }
}
