//! Inputs of rules and their values in expressions.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use ccx_archive::File;
use ccx_rules::{Context, Input, LogQuery, documents::METRICS};

use crate::{
    cel::{JsonError, Map, Value},
    format::Need,
    limits::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_VALUES},
    pattern::Pattern,
};

/// One input of a rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleInput {
    /// Name of the input in expressions.
    pub name: String,
    pub need: Need,
    pub reads: Reads,
}

/// Data source of an input.
#[derive(Clone, Debug)]
pub(crate) enum Reads {
    /// One document, or null.
    File(Input),
    /// A list of documents.
    Documents(Input),
    /// A list of log lines.
    Logs { query: LogQuery, pattern: Pattern, max_matches: usize },
    /// A list of samples.
    Metrics { family: String },
}

impl Reads {
    /// Reads one JSON file.
    pub(crate) fn file(path: String) -> Self {
        Self::File(Input::dynamic_documents(path.clone(), vec![path], has_document))
    }

    /// Reads the JSON files whose paths match a glob.
    pub(crate) fn documents(glob: String) -> Self {
        Self::Documents(Input::dynamic_documents(glob.clone(), vec![glob], has_document))
    }

    /// Reads log lines. `name` must be unique among the queries of all rules.
    pub(crate) fn logs(name: String, glob: String, pattern: Pattern, max_matches: usize) -> Self {
        let files = Input::dynamic_text(glob.clone(), vec![glob]);
        let query = LogQuery::dynamic(name, files, pattern.literals.clone(), pattern.regex.as_str().into());
        Self::Logs { query, pattern, max_matches }
    }

    /// Returns the files as an input of the engine.
    pub(crate) fn files(&self) -> Input {
        match self {
            Self::File(input) | Self::Documents(input) => input.clone(),
            Self::Logs { query, .. } => query.files().clone(),
            Self::Metrics { .. } => METRICS,
        }
    }

    /// Returns the value in expressions, or an error if the documents exceed the limits.
    pub(crate) fn value(&self, context: &Context<'_>) -> Result<Value, TooLarge> {
        match self {
            Self::File(input) => parsed(context, input).value(Parsed::first),
            Self::Documents(input) => parsed(context, input).value(Parsed::list),
            Self::Logs { query, pattern, max_matches } => {
                Ok(log_lines(context, query, pattern, *max_matches))
            }
            Self::Metrics { family } => Ok(samples(context, family)),
        }
    }
}

/// The documents of an archive exceed the limits on bytes or values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Parsed documents of an archive, shared by all declarative rules.
#[derive(Debug)]
struct Documents {
    by_input: RefCell<HashMap<String, Rc<Parsed>>>,
    bytes_left: Cell<usize>,
    values_left: Cell<usize>,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            by_input: RefCell::default(),
            bytes_left: Cell::new(MAX_DOCUMENT_BYTES),
            values_left: Cell::new(MAX_DOCUMENT_VALUES),
        }
    }
}

/// Parsed documents of an input.
#[derive(Debug)]
struct Parsed {
    documents: Result<Vec<Document>, TooLarge>,
    list: OnceCell<Value>,
}

#[derive(Debug)]
struct Document {
    path: String,
    value: Value,
}

/// Returns true if an input has a document, or too many: the rule then runs and reports the limit.
fn has_document(context: &Context<'_>, input: &Input) -> bool {
    parsed(context, input).documents.as_ref().map_or(true, |documents| !documents.is_empty())
}

fn parsed(context: &Context<'_>, input: &Input) -> Rc<Parsed> {
    let all = context.extension::<Documents>();
    let known = all.by_input.borrow().get(input.name()).cloned();
    known.unwrap_or_else(|| {
        let parsed = Rc::new(Parsed { documents: all.parse(context.files(input)), list: OnceCell::new() });
        all.by_input.borrow_mut().insert(input.name().to_owned(), Rc::clone(&parsed));
        parsed
    })
}

impl Documents {
    /// Parses files, leaving out those that are not valid JSON.
    fn parse(&self, files: &[File<'_>]) -> Result<Vec<Document>, TooLarge> {
        let mut documents = Vec::new();
        for file in files {
            let bytes_left = self.bytes_left.get().checked_sub(file.content.len()).ok_or(TooLarge)?;
            self.bytes_left.set(bytes_left);
            let mut values_left = self.values_left.get();
            let value = Value::from_json(file.content, &mut values_left);
            self.values_left.set(values_left);
            match value {
                Ok(value) => documents.push(Document { path: file.path.to_owned(), value }),
                Err(JsonError::Malformed) => {}
                Err(JsonError::TooLarge) => return Err(TooLarge),
            }
        }
        Ok(documents)
    }
}

impl Parsed {
    fn value(&self, of: impl FnOnce(&Self) -> Value) -> Result<Value, TooLarge> {
        if self.documents.is_err() { Err(TooLarge) } else { Ok(of(self)) }
    }

    fn documents(&self) -> &[Document] {
        self.documents.as_deref().unwrap_or_default()
    }

    /// Returns the first document, or null.
    fn first(&self) -> Value {
        self.documents().first().map_or(Value::Null, |document| document.value.clone())
    }

    /// Returns all documents; each one that is an object has its path as `_path`.
    fn list(&self) -> Value {
        self.list.get_or_init(|| Value::list(self.documents().iter().map(Document::with_path))).clone()
    }
}

impl Document {
    fn with_path(&self) -> Value {
        match &self.value {
            Value::Map(map) => {
                let path = ("_path".into(), Value::text(self.path.as_str()));
                Value::Map(map.entries().iter().cloned().chain([path]).collect())
            }
            other => other.clone(),
        }
    }
}

fn log_lines(context: &Context<'_>, query: &LogQuery, pattern: &Pattern, max_matches: usize) -> Value {
    let files = context.log_matches(query).iter();
    let lines = files.flat_map(|file| file.lines().map(move |line| (file.path, line)));
    Value::list(lines.take(max_matches).map(|(path, line)| {
        map([("path", Value::text(path)), ("line", Value::text(&*line)), ("groups", groups(pattern, &line))])
    }))
}

/// Returns the named groups that take part in the match.
fn groups(pattern: &Pattern, line: &str) -> Value {
    let Some(captures) = pattern.regex.captures(line) else { return Value::Map(Map::from_iter([])) };
    let names = pattern.regex.capture_names().flatten();
    let groups = names.filter_map(|name| Some((name.into(), Value::text(captures.name(name)?.as_str()))));
    Value::Map(groups.collect())
}

fn samples(context: &Context<'_>, family: &str) -> Value {
    Value::list(context.metric(family).map(|sample| {
        let labels = sample.labels().map(|(name, value)| (Arc::from(name), Value::text(&*value)));
        map([("labels", Value::Map(labels.collect())), ("value", Value::Double(sample.value))])
    }))
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
}
