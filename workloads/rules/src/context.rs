//! The view of an archive that rules have.

use std::{
    any::Any,
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Instant,
};

use ccx_archive::{Archive, File};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    FileMatches, Input, LogQuery, Sample, document_limits,
    documents::{Documents, METRICS},
    logs::LogMatches,
    plan::Plan,
};

/// The number of items between two readings of the clock.
const ITEMS_PER_CLOCK_READ: u32 = 64;

/// The most samples of metrics that are kept. A cluster has dozens of those that rules read.
const MAX_SAMPLES: usize = 100_000;

/// The gathering time as an input, in the reason of a skip.
pub(crate) const GATHERING_TIME: &str = "gathering_time";

/// An archive as a rule sees it: files by input, documents, log lines and metrics, each computed on first
/// use.
///
/// The accessors of documents (`nodes()`, `pods()`, …) are beside the documents' types in
/// [`documents`](crate::documents).
pub struct Context<'a> {
    plan: &'a Plan,
    gathered_at: Option<DateTime<Utc>>,
    /// Whether the current rule asked for the gathering time of an archive of which it is unknown.
    lacked_time: Cell<bool>,
    files: Vec<Vec<File<'a>>>,
    /// Whether the documents are left out because they would take too much memory.
    lacks_documents: bool,
    pub(crate) documents: Documents<'a>,
    logs: OnceCell<LogMatches<'a>>,
    metrics: OnceCell<Vec<Sample<'a>>>,
    deadline: Cell<Instant>,
    extensions: RefCell<Vec<Rc<dyn Any>>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(plan: &'a Plan, archive: &'a Archive, gathered_at: Option<DateTime<Utc>>) -> Self {
        let mut files = plan.sort_files(archive);
        let lacks_documents = document_limits::are_exceeded(archive, &plan.documents(&files).flatten());
        if lacks_documents {
            plan.documents_mut(&mut files).for_each(Vec::clear);
        }
        Self {
            plan,
            gathered_at,
            lacked_time: Cell::new(false),
            files,
            lacks_documents,
            documents: Documents::default(),
            logs: OnceCell::new(),
            metrics: OnceCell::new(),
            deadline: Cell::new(Instant::now()),
            extensions: RefCell::default(),
        }
    }

    /// Whether the documents are left out because they would take too much memory.
    pub(crate) fn lacks_documents(&self) -> bool {
        self.lacks_documents
    }

    /// Returns the time at which the data was gathered, when it is known.
    ///
    /// A rule that was given `None` and finds nothing is skipped, since it may have found something had the
    /// time been known. Call this only when the answer depends on the time; otherwise
    /// [`Context::gathered_at`].
    pub fn now(&self) -> Option<DateTime<Utc>> {
        self.lacked_time.set(self.lacked_time.get() || self.gathered_at.is_none());
        self.gathered_at
    }

    /// Returns the same as [`Context::now`], without an effect on the verdict of the rule.
    pub fn gathered_at(&self) -> Option<DateTime<Utc>> {
        self.gathered_at
    }

    /// Returns how long before the gathering of the data something happened; `None` when either time is
    /// unknown.
    ///
    /// `time` is RFC 3339, as all times in an archive. As with [`Context::now`], a rule that finds nothing is
    /// skipped when the gathering time is unknown.
    pub fn age(&self, time: &str) -> Option<TimeDelta> {
        let time = parse_time(time)?;
        Some(self.now()? - time)
    }

    /// Returns whether a state that began at `since` had lasted for at least `min_age` when the data was
    /// gathered.
    ///
    /// A state whose beginning is not told counts as old: the API requires these times, so one that is
    /// missing says nothing about the state, and must not hide it. Without the gathering time the state does
    /// not count, and a rule that finds nothing else is skipped. A rule that asks declares
    /// [`RuleMeta::for_at_least`](crate::RuleMeta::for_at_least).
    pub fn has_lasted(&self, since: &str, min_age: TimeDelta) -> bool {
        parse_time(since).is_none_or(|since| self.now().is_some_and(|now| now - since >= min_age))
    }

    /// Returns whether something happened at most `max_age` before the data was gathered, or at a time that
    /// is not told; unknown gathering times are treated as by [`Context::has_lasted`].
    pub fn is_recent(&self, time: &str, max_age: TimeDelta) -> bool {
        parse_time(time).is_none_or(|time| self.now().is_some_and(|now| now - time <= max_age))
    }

    /// Returns the files of an input, by path; empty when no rule of the engine declares the input.
    pub fn files(&self, input: &Input) -> &[File<'a>] {
        self.plan.index_of(input).map_or(&[], |index| &self.files[index])
    }

    /// Returns the files with lines that match a query, by path; empty when no rule declares the query.
    pub fn log_matches(&self, query: &LogQuery) -> &[FileMatches<'a>] {
        let Some(matches) = self.scan_logs().for_query(query, &self.plan.logs) else { return &[] };
        self.lacked_time.set(self.lacked_time.get() || matches.lacks_gathering_time);
        &matches.files
    }

    /// Returns the samples of a metric family, in the order of the file; empty when no rule declares the
    /// family.
    pub fn metric(&self, family: &str) -> impl Iterator<Item = &Sample<'a>> {
        let samples = self.metrics.get_or_init(|| {
            let files = self.files(&METRICS);
            files
                .iter()
                .flat_map(|file| self.plan.metric_families.parse(file.content))
                .take(MAX_SAMPLES)
                .collect()
        });
        samples.iter().filter(move |sample| sample.family == family)
    }

    /// Iterates over `items` until the rule's time is used up.
    ///
    /// A rule whose iteration ends early may answer wrongly; that does no harm, since the answer of a rule
    /// that is over its budget is discarded.
    pub fn within_budget<I: IntoIterator>(&self, items: I) -> impl Iterator<Item = I::Item> {
        let mut until_clock_read = ITEMS_PER_CLOCK_READ;
        items.into_iter().take_while(move |_| {
            until_clock_read -= 1;
            if until_clock_read > 0 {
                return true;
            }
            until_clock_read = ITEMS_PER_CLOCK_READ;
            !self.is_over_budget()
        })
    }

    /// Returns whether the rule has used up its time, for loops that do not iterate over
    /// [`Context::within_budget`].
    pub fn is_over_budget(&self) -> bool {
        Instant::now() > self.deadline.get()
    }

    /// Returns when the rule's time is used up.
    pub fn deadline(&self) -> Instant {
        self.deadline.get()
    }

    /// Returns the value of type `T` that belongs to this archive, and creates it on first use.
    ///
    /// Rules of another crate share computed data this way, as the built-in rules share documents.
    pub fn extension<T: Any + Default>(&self) -> Rc<T> {
        let known = self.extensions.borrow().iter().find_map(|value| Rc::clone(value).downcast().ok());
        known.unwrap_or_else(|| {
            let value = Rc::<T>::default();
            self.extensions.borrow_mut().push(Rc::clone(&value) as Rc<dyn Any>);
            value
        })
    }

    /// Prepares for the next rule, which has time until `deadline`.
    pub(crate) fn start_rule(&self, deadline: Instant) {
        self.deadline.set(deadline);
        self.lacked_time.set(false);
    }

    /// Returns whether the current rule asked for a gathering time that is unknown.
    pub(crate) fn lacked_time(&self) -> bool {
        self.lacked_time.get()
    }

    /// Matches the log patterns of all rules, on first use.
    pub(crate) fn scan_logs(&self) -> &LogMatches<'a> {
        self.logs.get_or_init(|| self.plan.logs.scan(|input| self.files(input), self.gathered_at))
    }
}

/// Parses a time of an archive, which is RFC 3339; `None` when it is not.
///
/// ```
/// let time = ccx_rules::parse_time("2026-01-15T14:00:00+02:00").unwrap();
/// assert_eq!(time.to_rfc3339(), "2026-01-15T12:00:00+00:00");
/// assert!(ccx_rules::parse_time("yesterday").is_none());
/// ```
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests;
