//! Log lines: the patterns of all rules, matched in one pass over the files that the rules name.

use std::{borrow::Cow, mem};

use ccx_archive::File;

use crate::{Input, str_list::StrList};

mod plan;
mod scan;

pub(crate) use plan::LogPlan;

/// A longer line is cut here before anything is matched, so that no line costs much. Real lines are below 4 kB.
const MAX_LINE_BYTES: usize = 4096;

/// How many matching lines of a file are kept for a query; more are only counted.
const MAX_LINES_PER_FILE: usize = 32;

/// How many files with matches are kept for a query.
const MAX_FILES_PER_QUERY: usize = 256;

/// Lines that a rule looks for, known by its name.
#[derive(Clone, Debug)]
pub struct LogQuery {
    name: Cow<'static, str>,
    files: Input,
    literals: Literals,
    regex: Option<Cow<'static, str>>,
}

/// Which lines a query's regular expression is tried on.
#[derive(Clone, Debug)]
enum Literals {
    /// Those that contain one of these texts.
    AnyOf(StrList),
    /// All of them, since nothing is known of what it matches.
    Unknown,
}

impl LogQuery {
    /// Lines of `files` that contain at least one of `literals`, in the case given.
    ///
    /// Literals of four and more bytes are what makes a pass fast: choose rare ones.
    pub const fn new(name: &'static str, files: Input, literals: &'static [&'static str]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            files,
            literals: Literals::AnyOf(StrList::Static(literals)),
            regex: None,
        }
    }

    /// Of these lines, those that the regular expression matches. It is tried on no other line.
    #[must_use]
    pub const fn matching(mut self, regex: &'static str) -> Self {
        let former = self.regex.replace(Cow::Borrowed(regex));
        // Constants can't run destructors; the former is none, or another constant.
        mem::forget(former);
        self
    }

    /// Lines of `files` that a regular expression matches, for a rule that is made at run time.
    ///
    /// A line that matches must contain at least one of `literals`. When there are none, the expression is tried on every
    /// line, which is slow.
    pub fn dynamic(name: String, files: Input, literals: Vec<String>, regex: String) -> Self {
        let literals = if literals.is_empty() { Literals::Unknown } else { Literals::AnyOf(literals.into()) };
        Self { name: name.into(), files, literals, regex: Some(regex.into()) }
    }

    /// Where to look.
    pub fn files(&self) -> &Input {
        &self.files
    }

    /// What a line must contain one of, when that is known.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        let literals = match &self.literals {
            Literals::AnyOf(literals) => Some(literals),
            Literals::Unknown => None,
        };
        literals.into_iter().flat_map(StrList::iter)
    }

    /// What a line must match besides.
    pub fn regex(&self) -> Option<&str> {
        self.regex.as_deref()
    }

    /// Whether the regular expression has to be tried on every line.
    fn tries_every_line(&self) -> bool {
        matches!(self.literals, Literals::Unknown)
    }
}

/// The lines of one file that match a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMatches<'a> {
    /// The file.
    pub path: &'a str,
    /// How many lines match.
    pub count: usize,
    /// The first of them (32 at most), in their order.
    lines: Vec<&'a [u8]>,
}

impl<'a> FileMatches<'a> {
    /// The first matching lines without their ends, cut at 4 kB. Bytes that are not UTF-8 are replaced.
    pub fn lines(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.lines.iter().map(|line| String::from_utf8_lossy(line))
    }
}

/// What all queries found in an archive.
pub(crate) struct LogMatches<'a>(Vec<Vec<FileMatches<'a>>>);

impl<'a> LogMatches<'a> {
    /// What one query found.
    pub(crate) fn of(&self, query: &LogQuery, plan: &LogPlan) -> &[FileMatches<'a>] {
        plan.index_of(query).map_or(&[], |index| &self.0[index])
    }

    fn add(&mut self, query: usize, file: &File<'a>, line: &'a [u8]) {
        let matches = &mut self.0[query];
        if matches.last().is_none_or(|last| last.path != file.path) {
            if matches.len() == MAX_FILES_PER_QUERY {
                return;
            }
            matches.push(FileMatches { path: file.path, count: 0, lines: Vec::new() });
        }
        let Some(current) = matches.last_mut() else { return };
        current.count += 1;
        if current.lines.len() < MAX_LINES_PER_FILE {
            current.lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests;
