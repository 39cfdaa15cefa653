//! A file of rules, with all that is wrong with it.

use crate::{
    DeclarativeRule, Problem, RuleFiles, build, cel::on_large_stack, limits::MAX_FILE_BYTES, lint, read,
    read::Source, yaml,
};

/// The rules of a file, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The rules that can run, in the order of the file.
    pub rules: Vec<DeclarativeRule>,
    /// Errors and warnings, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Whether a rule can't be used.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == crate::Severity::Error)
    }
}

/// Reads all files, without running the tests of their rules.
pub fn load_files(files: &RuleFiles) -> Loaded {
    let mut all = Loaded::default();
    for file in files.iter() {
        let mut loaded = load_file(&file.name, &file.text);
        all.rules.append(&mut loaded.rules);
        all.problems.append(&mut loaded.problems);
    }
    all
}

/// Reads the text of a file of rules; `file` is its name in problems.
pub fn load_file(file: &str, text: &str) -> Loaded {
    if text.len() > MAX_FILE_BYTES {
        let problem =
            Problem::error(file, format!("the file has more than {MAX_FILE_BYTES} bytes; split it"));
        return Loaded { rules: Vec::new(), problems: vec![problem] };
    }
    on_large_stack(|| load(file, text))
}

fn load(file: &str, text: &str) -> Loaded {
    let documents = match yaml::parse(file, text) {
        Ok(documents) => documents,
        Err(problem) => return Loaded { rules: Vec::new(), problems: vec![problem] },
    };
    let mut loaded = Loaded::default();
    for document in &documents {
        let mut source = Source { file, text, problems: Vec::new() };
        let definition = read::definition(&mut source, document);
        loaded.rules.extend(definition.and_then(|definition| {
            let rule = build::rule(&mut source, document, &definition)?;
            lint::check(&mut source, document, &definition, &rule);
            Some(rule)
        }));
        source.problems.sort_by_key(|problem| problem.position);
        loaded.problems.append(&mut source.problems);
    }
    loaded
}

#[cfg(test)]
mod tests;
