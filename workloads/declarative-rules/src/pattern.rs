//! Patterns of log lines: the regular expression, and the texts without which it can't match.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::{cel::one_line, limits::MAX_REGEX_BYTES};

/// A literal shorter than this is on too many lines to be of use.
pub(crate) const MIN_LITERAL_BYTES: usize = 4;

/// More alternatives than these are not worth searching one by one.
const MAX_LITERALS: usize = 32;

/// A pattern of log lines.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub regex: Regex,
    /// Texts of which every matching line has at least one; none when no such texts are known.
    pub literals: Vec<String>,
}

impl Pattern {
    /// Compiles a regular expression; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let regex =
            RegexBuilder::new(text).size_limit(MAX_REGEX_BYTES).build().map_err(|error| one_line(&error))?;
        let syntax = regex_syntax::parse(text)
            .map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())?;
        let literals = required_literals(&syntax).unwrap_or_default().into_iter().collect();
        Ok(Self { regex, literals })
    }
}

/// Texts of which every match has at least one, all of them useful.
fn required_literals(syntax: &Hir) -> Option<BTreeSet<String>> {
    match syntax.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            (text.len() >= MIN_LITERAL_BYTES).then(|| BTreeSet::from([text.to_owned()]))
        }
        HirKind::Capture(capture) => required_literals(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_literals(&repetition.sub),
        // Any part of a sequence will do; take the most selective one.
        HirKind::Concat(parts) => parts.iter().filter_map(required_literals).max_by_key(selectivity),
        HirKind::Alternation(branches) => {
            let of_branches: Option<Vec<_>> = branches.iter().map(required_literals).collect();
            let all: BTreeSet<String> = of_branches?.into_iter().flatten().collect();
            (all.len() <= MAX_LITERALS).then_some(all)
        }
        _ => None,
    }
}

/// The longer the shortest text and the fewer there are, the better.
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
    fn the_most_selective_part_of_a_sequence_is_taken() {
        assert_eq!(literals(r"drain failed: (?P<node>\S+)"), ["drain failed: "]);
        assert_eq!(
            literals(r"^\S+ (error|fatal error): etcdserver: request timed out \d+"),
            [": etcdserver: request timed out "]
        );
        assert_eq!(literals("(panicked)+ at"), ["panicked"]);
    }

    #[test]
    fn every_branch_of_an_alternation_gives_one() {
        assert_eq!(literals("panic: runtime|fatal error"), ["fatal error", "panic: runtime"]);
        assert!(literals("panic: runtime|.*").is_empty());
    }

    #[test]
    fn what_may_be_anything_or_in_any_case_gives_none() {
        for pattern in ["[0-9]+", "(?i)panic", "(abcdef)?", "abc", ""] {
            assert!(literals(pattern).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        assert_eq!(Pattern::parse("(a").unwrap_err(), "unclosed group");
        assert!(Pattern::parse(r"(\w{100}){100}").unwrap_err().contains("size limit"));
    }

    proptest! {
        #[test]
        fn every_match_has_one_of_the_literals(
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
