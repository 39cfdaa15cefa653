//! One pass over a file for a set of queries: literals first, regular expressions only on the lines that have
//! one.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr_iter, memmem::Finder, memrchr};

use super::{MAX_LINE_BYTES, plan::CompiledQuery};

/// The number of literals up to which searching for one after the other is faster than an automaton for all.
const FEW_LITERALS: usize = 8;

/// A file is read in blocks of whole lines of about this size: the candidates of a block stay few, whatever
/// the file is made of, and a block stays in the processor's cache while one literal after the other is
/// searched for.
const BLOCK_BYTES: usize = 64 * 1024;

/// The matcher of a set of queries.
pub(super) struct Scanner {
    /// The queries, each with its position in the plan.
    queries: Vec<(usize, CompiledQuery)>,
    literals: Literals,
    /// The slots of the queries that have every line as a candidate.
    unselective: Vec<usize>,
}

/// The literals of all queries, each with the slot of its query in [`Scanner::queries`].
enum Literals {
    Few(Vec<(Finder<'static>, usize)>),
    Many(AhoCorasick, Vec<usize>),
}

/// A line that has a literal of the query in `slot`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    start: usize,
    end: usize,
    slot: usize,
}

impl Scanner {
    pub(super) fn new(queries: Vec<(usize, CompiledQuery)>) -> Self {
        let slots = queries.iter().enumerate();
        let unselective = slots.clone().filter(|(_, (_, compiled))| compiled.query.tries_every_line());
        let unselective = unselective.map(|(slot, _)| slot).collect();
        let literals: Vec<(&str, usize)> = slots
            .flat_map(|(slot, (_, compiled))| compiled.query.literals().map(move |literal| (literal, slot)))
            // Every line has an empty literal, which says nothing.
            .filter(|(literal, _)| !literal.is_empty())
            .collect();
        let literals = Literals::new(&literals);
        Self { queries, literals, unselective }
    }

    /// Calls `found` with the plan's position of a query, the first byte of a line that matches it, and the line, in the order of
    /// the lines.
    pub(super) fn scan<'a>(&self, text: &'a [u8], mut found: impl FnMut(usize, usize, &'a [u8])) {
        let mut rest = text;
        let mut block_start = 0;
        let mut candidates = Vec::new();
        while !rest.is_empty() {
            let (block, after) = split_after_block(rest);
            rest = after;
            self.literals.find_candidates(block, &mut candidates);
            add_every_line(block, &self.unselective, &mut candidates);
            candidates.sort_unstable();
            candidates.dedup();
            for Candidate { start, end, slot } in candidates.drain(..) {
                let (index, CompiledQuery { regex, .. }) = &self.queries[slot];
                let line = &block[start..end];
                if regex.as_ref().is_none_or(|regex| regex.is_match(line)) {
                    found(*index, block_start + start, line);
                }
            }
            block_start += block.len();
        }
    }
}

/// Splits after the first line that ends beyond the size of a block.
fn split_after_block(text: &[u8]) -> (&[u8], &[u8]) {
    let newline = text.get(BLOCK_BYTES..).and_then(|beyond| memchr(b'\n', beyond));
    text.split_at(newline.map_or(text.len(), |newline| BLOCK_BYTES + newline + 1))
}

/// Makes each line a candidate of each of the queries.
fn add_every_line(text: &[u8], slots: &[usize], candidates: &mut Vec<Candidate>) {
    if slots.is_empty() {
        return;
    }
    let mut start = 0;
    let last_end = (!text.ends_with(b"\n")).then_some(text.len());
    for end in memchr_iter(b'\n', text).chain(last_end) {
        let line = Candidate { start, end: end.min(start + MAX_LINE_BYTES), slot: 0 };
        candidates.extend(slots.iter().map(|&slot| Candidate { slot, ..line }));
        start = end + 1;
    }
}

impl Literals {
    fn new(literals: &[(&str, usize)]) -> Self {
        if literals.len() <= FEW_LITERALS {
            return Self::Few(
                literals.iter().map(|&(literal, slot)| (Finder::new(literal).into_owned(), slot)).collect(),
            );
        }
        let automaton = AhoCorasick::new(literals.iter().map(|(literal, _)| literal));
        let automaton = automaton.expect("the literals of a rule set are far from 2 GB");
        Self::Many(automaton, literals.iter().map(|&(_, slot)| slot).collect())
    }

    /// Adds the lines with a literal, unordered and with duplicates.
    fn find_candidates(&self, text: &[u8], candidates: &mut Vec<Candidate>) {
        match self {
            Self::Few(finders) => {
                for (finder, slot) in finders {
                    lines_with(finder, text, |line| {
                        candidates.push(Candidate { start: line.start, end: line.end, slot: *slot });
                    });
                }
            }
            Self::Many(automaton, slots) => {
                let mut lines = Lines::new(text);
                for hit in automaton.find_overlapping_iter(text) {
                    let line = lines.cut_line_around(hit.range());
                    candidates.extend(line.map(|line| Candidate {
                        start: line.start,
                        end: line.end,
                        slot: slots[hit.pattern().as_usize()],
                    }));
                }
            }
        }
    }
}

/// Calls `found` once for each line that contains the literal.
fn lines_with(finder: &Finder<'_>, text: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut lines = Lines::new(text);
    while let Some(offset) = finder.find(&text[lines.current.end..]) {
        let start = lines.current.end + offset;
        if let Some(line) = lines.cut_line_around(start..start + finder.needle().len()) {
            found(line);
        }
    }
}

/// Iterates over the lines that have hits, and searches no byte for the end of a line twice.
struct Lines<'a> {
    text: &'a [u8],
    /// The line of the latest hit, uncut.
    current: Range<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, current: 0..0 }
    }

    /// Returns the line of a hit, which must not be before the current line; `None` when the hit is beyond
    /// the cut.
    fn cut_line_around(&mut self, hit: Range<usize>) -> Option<Range<usize>> {
        if hit.start >= self.current.end {
            let between = &self.text[self.current.end..hit.start];
            let start =
                memrchr(b'\n', between).map_or(self.current.start, |newline| self.current.end + newline + 1);
            let end =
                memchr(b'\n', &self.text[hit.end..]).map_or(self.text.len(), |newline| hit.end + newline);
            self.current = start..end;
        }
        let cut = self.current.start..self.current.end.min(self.current.start + MAX_LINE_BYTES);
        (hit.end <= cut.end).then_some(cut)
    }
}
