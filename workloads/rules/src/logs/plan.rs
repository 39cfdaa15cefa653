//! The patterns of all rules, compiled once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use ccx_archive::File;
use chrono::{DateTime, Utc};
use regex::bytes::Regex;

use super::{LogMatches, LogQuery, QueryMatches, clock::FileClock, scan::Scanner};
use crate::Input;

/// The compiled patterns and the files that they are searched for in.
pub(crate) struct LogPlan {
    queries: Vec<CompiledQuery>,
    /// The matcher of each set of queries that share a file. There are as many as the rules' globs overlap in
    /// different ways.
    scanners: Mutex<HashMap<Vec<usize>, Arc<Scanner>>>,
}

/// A query and its compiled regular expression.
#[derive(Clone)]
pub(super) struct CompiledQuery {
    pub query: LogQuery,
    pub regex: Option<Regex>,
}

impl LogPlan {
    /// Compiles the queries; of several with the same name, the first.
    pub(crate) fn new(queries: &[LogQuery]) -> Self {
        let mut plan = Self { queries: Vec::new(), scanners: Mutex::default() };
        for query in queries {
            if plan.index_of(query).is_some() {
                continue;
            }
            let compile = |regex: &str| {
                Regex::new(regex).expect("a rule's regular expression is valid, its tests have run it")
            };
            plan.queries.push(CompiledQuery { query: query.clone(), regex: query.regex().map(compile) });
        }
        plan
    }

    /// Returns the position of a query's matches; `None` when no rule declares the query.
    pub(super) fn index_of(&self, query: &LogQuery) -> Option<usize> {
        self.queries.iter().position(|known| known.query.name == query.name)
    }

    /// Searches for all queries in the files that `files_of` returns for their inputs.
    ///
    /// Each file is read once, for all queries on it.
    pub(crate) fn scan<'c, 'a: 'c>(
        &self,
        files_of: impl Fn(&Input) -> &'c [File<'a>],
        gathered_at: Option<DateTime<Utc>>,
    ) -> LogMatches<'a> {
        let mut wanted_by: BTreeMap<&'a str, (File<'a>, Vec<usize>)> = BTreeMap::new();
        for (index, compiled) in self.queries.iter().enumerate() {
            for file in files_of(&compiled.query.files) {
                wanted_by.entry(file.path).or_insert((*file, Vec::new())).1.push(index);
            }
        }
        let mut matches = LogMatches(vec![QueryMatches::default(); self.queries.len()]);
        for (file, queries) in wanted_by.values() {
            let scanner = self.scanner(queries);
            let mut clock = FileClock::new(file.content);
            scanner.scan(file.content, |query, start, line| {
                let max_age = self.queries[query].query.max_age;
                let time = max_age.and_then(|max_age| Some((max_age, clock.time_of(start)?)));
                match (time, gathered_at) {
                    (Some(_), None) => matches.0[query].lacks_gathering_time = true,
                    (Some((max_age, time)), Some(gathered_at))
                        if time.resolve(gathered_at).is_some_and(|time| gathered_at - time > max_age) => {}
                    _ => matches.add(query, file, line),
                }
            });
        }
        matches
    }

    /// Returns the matcher of a set of queries, and creates it on first use.
    fn scanner(&self, queries: &[usize]) -> Arc<Scanner> {
        let mut scanners = self.scanners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scanner) = scanners.get(queries) {
            return Arc::clone(scanner);
        }
        let compiled = queries.iter().map(|&index| (index, self.queries[index].clone())).collect();
        let scanner = Arc::new(Scanner::new(compiled));
        scanners.insert(queries.to_vec(), Arc::clone(&scanner));
        scanner
    }
}
