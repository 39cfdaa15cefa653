//! Which file of an archive belongs to which inputs; computed once for a set of rules.

use std::collections::HashMap;

use ccx_archive::{Archive, File};

pub use self::glob::Glob;
use crate::{Input, LogQuery, RuleMeta, logs::LogPlan, metrics::Families};

mod glob;

/// The position of an input in the plan.
pub(crate) type InputIndex = usize;

/// Everything that a set of rules reads.
pub(crate) struct Plan {
    /// Inputs by name.
    inputs: HashMap<String, InputIndex>,
    /// The inputs of files whose path is known.
    exact: HashMap<String, Vec<InputIndex>>,
    /// The globs by the directory that all their files are below, with its trailing slash.
    globs: HashMap<String, Vec<(Glob, InputIndex)>>,
    /// The log patterns of all rules.
    pub logs: LogPlan,
    /// The metric families of all rules.
    pub metric_families: Families,
}

impl Plan {
    pub(crate) fn new<'a>(rules: impl Iterator<Item = &'a RuleMeta> + Clone) -> Self {
        let queries: Vec<LogQuery> = rules.clone().flat_map(|meta| meta.log_queries.iter().cloned()).collect();
        let families = rules.clone().flat_map(|meta| meta.metric_families.iter().cloned());
        let mut plan = Self {
            inputs: HashMap::new(),
            exact: HashMap::new(),
            globs: HashMap::new(),
            logs: LogPlan::new(&queries),
            metric_families: Families::new(families),
        };
        for input in rules.flat_map(RuleMeta::inputs) {
            plan.add(input);
        }
        plan
    }

    fn add(&mut self, input: &Input) {
        if self.inputs.contains_key(input.name()) {
            return;
        }
        let index = self.inputs.len();
        self.inputs.insert(input.name().into(), index);
        for text in input.globs() {
            let glob = Glob::new(text);
            if glob.is_literal() {
                self.exact.entry(text.into()).or_default().push(index);
            } else {
                self.globs.entry(glob.directory().into()).or_default().push((glob, index));
            }
        }
    }

    /// Where the files of an input are in the result of [`Plan::sort_files`]; `None` when no rule declares the input.
    pub(crate) fn index_of(&self, input: &Input) -> Option<InputIndex> {
        self.inputs.get(input.name()).copied()
    }

    /// The files of each input, in the order of their paths.
    ///
    /// One walk: a path is looked up once among the exact paths, and its directory once for all the files that lie in it.
    pub(crate) fn sort_files<'a>(&self, archive: &'a Archive) -> Vec<Vec<File<'a>>> {
        let mut files: Vec<Vec<File<'a>>> = vec![Vec::new(); self.inputs.len()];
        let mut directory = None;
        let mut candidates: Vec<&(Glob, InputIndex)> = Vec::new();
        for file in archive.files() {
            for &index in self.exact.get(file.path).into_iter().flatten() {
                files[index].push(file);
            }
            let directory_of_file = &file.path[..memchr::memrchr(b'/', file.path.as_bytes()).map_or(0, |slash| slash + 1)];
            if directory != Some(directory_of_file) {
                directory = Some(directory_of_file);
                candidates.clear();
                candidates.extend(self.globs_above(directory_of_file));
            }
            for (glob, index) in &candidates {
                // Two globs of one input may match the same file.
                let is_new = files[*index].last().is_none_or(|last| last.path != file.path);
                if is_new && glob.matches(file.path) {
                    files[*index].push(file);
                }
            }
        }
        files
    }

    /// The globs whose directory is `directory` or one that contains it.
    fn globs_above<'p>(&'p self, directory: &str) -> impl Iterator<Item = &'p (Glob, InputIndex)> {
        let slashes = memchr::memchr_iter(b'/', directory.as_bytes());
        let parents = std::iter::once("").chain(slashes.map(|slash| &directory[..=slash]));
        parents.filter_map(|parent| self.globs.get(parent)).flatten()
    }
}

#[cfg(test)]
mod tests;
