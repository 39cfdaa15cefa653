//! Log lines: the patterns of all rules, matched in one pass over the files that the rules name.

use std::{borrow::Cow, mem};

use ccx_archive::File;
use chrono::TimeDelta;

use crate::{Input, str_list::StrList};

mod clock;
mod line_time;
mod plan;
mod scan;

pub(crate) use plan::LogPlan;

/// The length at which a line is cut before it is matched, which bounds the cost of a line. Real lines are
/// below 4 kB.
const MAX_LINE_BYTES: usize = 4096;

/// The most matching lines of a file that are kept for a query; more are only counted.
const MAX_LINES_PER_FILE: usize = 32;

/// The most files with matches that are kept for a query.
const MAX_FILES_PER_QUERY: usize = 256;

/// Lines that a rule searches for. A query is identified by its name.
#[derive(Clone, Debug)]
pub struct LogQuery {
    name: Cow<'static, str>,
    files: Input,
    literals: Literals,
    regex: Option<Cow<'static, str>>,
    max_age: Option<TimeDelta>,
}

/// The lines that a query's regular expression is tried on.
#[derive(Clone, Debug)]
enum Literals {
    /// Lines that contain one of these strings.
    AnyOf(StrList),
    /// All lines, since no literal is known.
    Unknown,
}

impl LogQuery {
    /// Creates a query for the lines of `files` that contain at least one of `literals`, case-sensitive.
    ///
    /// ```
    /// use ccx_rules::{LogQuery, documents::AUTHENTICATION_LOGS};
    ///
    /// const REFUSED: LogQuery =
    ///     LogQuery::new("refused", AUTHENTICATION_LOGS, &["AuthenticationError"]).matching("may not contain");
    /// assert_eq!(REFUSED.literals().collect::<Vec<_>>(), ["AuthenticationError"]);
    /// ```
    ///
    /// Literals of four and more bytes make the scan fast: choose rare ones.
    pub const fn new(name: &'static str, files: Input, literals: &'static [&'static str]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            files,
            literals: Literals::AnyOf(StrList::Static(literals)),
            regex: None,
            max_age: None,
        }
    }

    /// Restricts the query to lines that a regular expression matches. It is tried on no other line.
    #[must_use]
    pub const fn matching(mut self, regex: &'static str) -> Self {
        let former = self.regex.replace(Cow::Borrowed(regex));
        // Constants can't run destructors; the former value is absent or another constant.
        mem::forget(former);
        self
    }

    /// Restricts the query to lines that were logged at most `max_age` before the data was gathered.
    ///
    /// The time of a line without one is that of the nearest line before it that has one, else of the first line after it. Lines of
    /// a file without any time count. Without the gathering time, lines with a time do not count, and a rule that finds nothing
    /// else is skipped.
    #[must_use]
    pub const fn within(mut self, max_age: TimeDelta) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Creates a query for the lines of `files` that a regular expression matches, for a rule that is made at
    /// run time.
    ///
    /// A line that matches must contain at least one of `literals`. When there are none, the expression is
    /// tried on every line, which is slow.
    pub fn dynamic(name: String, files: Input, literals: Vec<String>, regex: String) -> Self {
        let literals = if literals.is_empty() { Literals::Unknown } else { Literals::AnyOf(literals.into()) };
        Self { name: name.into(), files, literals, regex: Some(regex.into()), max_age: None }
    }

    /// Returns the files.
    pub fn files(&self) -> &Input {
        &self.files
    }

    /// Returns the strings of which a line must contain one, if known.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        let literals = match &self.literals {
            Literals::AnyOf(literals) => Some(literals),
            Literals::Unknown => None,
        };
        literals.into_iter().flat_map(StrList::iter)
    }

    /// Returns the regular expression that a line must match.
    pub fn regex(&self) -> Option<&str> {
        self.regex.as_deref()
    }

    /// Returns the longest time between the logging of a line and the gathering of the data, if there is a limit.
    pub fn max_age(&self) -> Option<TimeDelta> {
        self.max_age
    }

    /// Returns whether the regular expression has to be tried on every line.
    fn tries_every_line(&self) -> bool {
        matches!(self.literals, Literals::Unknown)
    }
}

/// The lines of one file that match a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMatches<'a> {
    /// The file.
    pub path: &'a str,
    /// The number of matching lines.
    pub count: usize,
    /// The first of them, at most 32, in order.
    lines: Vec<&'a [u8]>,
}

impl<'a> FileMatches<'a> {
    /// Returns the first matching lines without their line ends, cut at 4 kB. Bytes that are not UTF-8 are
    /// replaced.
    pub fn lines(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.lines.iter().map(|line| String::from_utf8_lossy(line))
    }
}

/// The matches of all queries in an archive, by the position of the query in the plan.
pub(crate) struct LogMatches<'a>(Vec<QueryMatches<'a>>);

/// The matches of one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueryMatches<'a> {
    /// By path.
    pub(crate) files: Vec<FileMatches<'a>>,
    /// Whether a line does not count because the gathering time is unknown.
    pub(crate) lacks_gathering_time: bool,
}

impl<'a> LogMatches<'a> {
    /// Returns the matches of one query; `None` when no rule declares it.
    pub(crate) fn for_query(&self, query: &LogQuery, plan: &LogPlan) -> Option<&QueryMatches<'a>> {
        plan.index_of(query).map(|index| &self.0[index])
    }

    fn add(&mut self, query: usize, file: &File<'a>, line: &'a [u8]) {
        let matches = &mut self.0[query].files;
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
