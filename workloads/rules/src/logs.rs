//! Log lines: the patterns of all rules, matched in one pass over the files that the rules name.

use std::borrow::Cow;

use ccx_archive::File;

use crate::Input;

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
#[derive(Clone, Copy, Debug)]
pub struct LogQuery {
    name: &'static str,
    files: Input,
    literals: &'static [&'static str],
    regex: Option<&'static str>,
}

impl LogQuery {
    /// Lines of `files` that contain at least one of `literals`, in the case given.
    ///
    /// Literals of four and more bytes are what makes a pass fast: choose rare ones.
    pub const fn new(name: &'static str, files: Input, literals: &'static [&'static str]) -> Self {
        Self { name, files, literals, regex: None }
    }

    /// Of these lines, those that the regular expression matches. It is tried on no other line.
    #[must_use]
    pub const fn matching(self, regex: &'static str) -> Self {
        Self { regex: Some(regex), ..self }
    }

    /// Where to look.
    pub fn files(&self) -> Input {
        self.files
    }

    /// What a line must contain one of.
    pub fn literals(&self) -> &'static [&'static str] {
        self.literals
    }

    /// What a line must match besides.
    pub fn regex(&self) -> Option<&'static str> {
        self.regex
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
