//! The assignment of files to inputs, prepared once for a set of rules.

use std::collections::{BTreeMap, HashMap};

use ccx_archive::{Archive, File};

pub use self::glob::Glob;
use crate::{Input, LogQuery, RuleMeta, logs::LogPlan, metrics::Families};

mod glob;

/// The position of an input in the plan.
pub(crate) type InputIndex = usize;

/// The inputs, log patterns and metrics of a set of rules.
pub(crate) struct Plan {
    /// Inputs by name.
    inputs: HashMap<String, InputIndex>,
    /// Whether an input consists of documents, by position.
    are_documents: Vec<bool>,
    /// The inputs of exact paths.
    exact: BTreeMap<String, Vec<InputIndex>>,
    /// The globs, by the directory above all their files, with its trailing slash.
    globs: HashMap<String, Vec<Candidate>>,
    /// The log patterns of all rules.
    pub logs: LogPlan,
    /// The metric families of all rules.
    pub metric_families: Families,
}

/// A glob of an input, split into directory and file name: no `*` spans both.
struct Candidate {
    directory: Glob,
    name: Glob,
    input: InputIndex,
}

impl Plan {
    pub(crate) fn new<'a>(rules: impl Iterator<Item = &'a RuleMeta> + Clone) -> Self {
        let queries: Vec<LogQuery> =
            rules.clone().flat_map(|meta| meta.log_queries.iter().cloned()).collect();
        let families = rules.clone().flat_map(|meta| &meta.metric_families).map(|family| family.name.clone());
        let mut plan = Self {
            inputs: HashMap::new(),
            are_documents: Vec::new(),
            exact: BTreeMap::new(),
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
        self.are_documents.push(input.is_document());
        for text in input.globs() {
            let glob = Glob::new(text);
            if glob.is_literal() {
                self.exact.entry(text.into()).or_default().push(index);
            } else {
                let (directory, name) = split_path(text);
                let candidate =
                    Candidate { directory: Glob::new(directory), name: Glob::new(name), input: index };
                self.globs.entry(glob.directory().into()).or_default().push(candidate);
            }
        }
    }

    /// Returns the position of an input's files in the result of [`Plan::sort_files`]; `None` when no rule
    /// declares the input.
    pub(crate) fn index_of(&self, input: &Input) -> Option<InputIndex> {
        self.inputs.get(input.name()).copied()
    }

    /// Returns the files of each input, by path.
    ///
    /// Files and exact paths are walked side by side in the same order. A directory is looked up once for all
    /// the files in it, so that only file names are compared with globs.
    pub(crate) fn sort_files<'a>(&self, archive: &'a Archive) -> Vec<Vec<File<'a>>> {
        let mut files: Vec<Vec<File<'a>>> = vec![Vec::new(); self.inputs.len()];
        let mut exact = self.exact.iter().peekable();
        let mut last_directory = None;
        let mut candidates: Vec<&Candidate> = Vec::new();
        for file in archive.files() {
            while exact.next_if(|(path, _)| path.as_str() < file.path).is_some() {}
            for &input in
                exact.next_if(|(path, _)| *path == file.path).into_iter().flat_map(|(_, inputs)| inputs)
            {
                files[input].push(file);
            }
            let (directory, name) = split_path(file.path);
            if last_directory != Some(directory) {
                last_directory = Some(directory);
                candidates.clear();
                candidates.extend(self.candidates_in(directory));
            }
            for candidate in &candidates {
                let files = &mut files[candidate.input];
                // Two globs of one input may match the same file.
                let is_new = files.last().is_none_or(|last| last.path != file.path);
                if is_new && candidate.name.matches(name) {
                    files.push(file);
                }
            }
        }
        files
    }

    /// Returns the files of the inputs that are documents, out of `files` as [`Plan::sort_files`] returns
    /// them.
    pub(crate) fn documents<'f, T>(&self, files: &'f [T]) -> impl Iterator<Item = &'f T> + Clone {
        self.are_documents.iter().zip(files).filter(|(is_document, _)| **is_document).map(|(_, files)| files)
    }

    /// Returns the same as [`Plan::documents`], mutable.
    pub(crate) fn documents_mut<'f, T>(&self, files: &'f mut [T]) -> impl Iterator<Item = &'f mut T> {
        self.are_documents.iter().zip(files).filter(|(is_document, _)| **is_document).map(|(_, files)| files)
    }

    /// Returns the globs that may match files in a directory.
    fn candidates_in<'p>(&'p self, directory: &'p str) -> impl Iterator<Item = &'p Candidate> {
        let slashes = memchr::memchr_iter(b'/', directory.as_bytes());
        let parents = std::iter::once("").chain(slashes.map(|slash| &directory[..=slash]));
        let below = parents.filter_map(|parent| self.globs.get(parent)).flatten();
        below.filter(|candidate| candidate.directory.matches(directory))
    }
}

/// Splits a path into its directory, with a trailing slash, and its name.
fn split_path(path: &str) -> (&str, &str) {
    path.split_at(memchr::memrchr(b'/', path.as_bytes()).map_or(0, |slash| slash + 1))
}

#[cfg(test)]
mod tests;
