//! Loading of rule files with all their problems.

use crate::{
    DeclarativeRule, Problem, RuleFiles, cel::on_large_stack, compile, limits::MAX_FILE_BYTES, lint, parse,
    parse::Source, yaml,
};

/// The rules and problems of a file.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Rules without errors, in the order of the file.
    pub rules: Vec<DeclarativeRule>,
    /// Errors and warnings, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Returns true if at least one problem is an error.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == crate::Severity::Error)
    }
}

/// Loads all files, without running the tests of their rules.
pub fn load_files(files: &RuleFiles) -> Loaded {
    let mut all = Loaded::default();
    for file in files.iter() {
        let mut loaded = load_file(&file.name, &file.text);
        all.rules.append(&mut loaded.rules);
        all.problems.append(&mut loaded.problems);
    }
    all
}

/// Loads the text of a rule file; `file` is its name in problems.
pub fn load_file(file: &str, text: &str) -> Loaded {
    if text.len() > MAX_FILE_BYTES {
        let problem =
            Problem::error(file, format!("the file has more than {MAX_FILE_BYTES} bytes; split it"));
        return Loaded { rules: Vec::new(), problems: vec![problem] };
    }
    if let Some(reason) = yaml::not_a_text(text) {
        return Loaded { rules: Vec::new(), problems: vec![Problem::error(file, reason)] };
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
        let mut source = Source::new(file, text);
        let definition = parse::definition(&mut source, document);
        loaded.rules.extend(definition.and_then(|definition| {
            let rule = compile::rule(&mut source, document, &definition)?;
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
