//! Parses YAML nodes to a [`Definition`] and reports every structural error.

use std::ops::Range;

use crate::{
    Position, Problem, Severity,
    format::{
        API_VERSION, ContentDefinition, Definition, Expectation, Expression, InputDefinition, Located, Need,
        TestDefinition,
    },
    limits::MAX_FIELDS,
    suggest::did_you_mean,
    yaml::{Content, Key, Node},
};

/// The text of a rule file and its problems.
pub(crate) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub problems: Vec<Problem>,
    /// Names of inputs and facts that have an error of their own.
    pub invalid_names: Vec<String>,
    /// Whether `inputs` or `facts` is malformed, so that the names of expressions are unknown.
    pub has_unknown_names: bool,
    /// The field that is being parsed.
    field: String,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            problems: Vec::new(),
            invalid_names: Vec::new(),
            has_unknown_names: false,
            field: String::new(),
        }
    }
}

impl Source<'_> {
    /// Records an error at a byte offset of the file.
    pub(crate) fn error(&mut self, at: usize, message: impl Into<String>) {
        self.note(at, Severity::Error, message.into());
    }

    /// Records a warning at a byte offset of the file.
    pub(crate) fn warning(&mut self, at: usize, message: impl Into<String>) {
        self.note(at, Severity::Warning, message.into());
    }

    /// Returns true if an error was recorded.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    fn note(&mut self, at: usize, severity: Severity, message: String) {
        let position = Some(Position::from_offset(self.text, at));
        self.problems.push(Problem { file: self.file.into(), position, severity, message });
    }
}

/// Parses one document. A field that is missing or malformed is absent in the result and reported as a
/// problem.
pub(crate) fn definition(source: &mut Source<'_>, node: &Node) -> Option<Definition> {
    let mut fields = Fields::new(source, node, "a rule")?;
    let definition = Definition {
        api_version: fields.required(source, "apiVersion", text),
        id: fields.required(source, "id", text),
        error_key: fields.required(source, "error_key", text),
        inputs: fields
            .required(source, "inputs", |source, node| Some(entries(source, node, "inputs", input)))
            .unwrap_or_default(),
        facts: fields
            .optional(source, "facts", |source, node| Some(entries(source, node, "facts", expression)))
            .unwrap_or_default(),
        when: fields.required(source, "when", expression),
        details: fields
            .optional(source, "details", |source, node| Some(entries(source, node, "details", expression)))
            .unwrap_or_default(),
        content: fields.optional(source, "content", content),
        tests: fields
            .optional(source, "tests", |source, node| Some(items(source, node, "tests", test)))
            .unwrap_or_default(),
    };
    fields.end(source);
    check_version(source, definition.api_version.as_ref());
    Some(definition)
}

fn check_version(source: &mut Source<'_>, version: Option<&Located<String>>) {
    let Some(version) = version.filter(|version| version.value != API_VERSION) else { return };
    source.error(
        version.at,
        format!("apiVersion `{}` is not known to this program; it must be `{API_VERSION}`", version.value),
    );
}

fn input(source: &mut Source<'_>, node: &Node) -> Option<InputDefinition> {
    let mut fields = Fields::new(source, node, "an input")?;
    let input = InputDefinition {
        file: fields.optional(source, "file", text),
        glob: fields.optional(source, "glob", text),
        logs: fields.optional(source, "logs", text),
        metrics: fields.optional(source, "metrics", text),
        pattern: fields.optional(source, "pattern", text),
        max_matches: fields.optional(source, "max_matches", number),
        required: fields.optional(source, "required", need),
    };
    fields.end(source);
    Some(input)
}

fn content(source: &mut Source<'_>, node: &Node) -> Option<ContentDefinition> {
    let mut fields = Fields::new(source, node, "content")?;
    let content = ContentDefinition {
        at: node.span.start,
        description: fields.optional(source, "description", text),
        impact: fields.optional(source, "impact", rating),
        likelihood: fields.optional(source, "likelihood", rating),
        resolution_risk: fields.optional(source, "resolution_risk", rating),
        tags: fields
            .optional(source, "tags", |source, node| Some(items(source, node, "tags", text)))
            .unwrap_or_default(),
        generic: fields.optional(source, "generic", text),
        reason: fields.optional(source, "reason", text),
        resolution: fields.optional(source, "resolution", text),
        more_info: fields.optional(source, "more_info", text),
    };
    fields.end(source);
    Some(content)
}

fn test(source: &mut Source<'_>, node: &Node) -> Option<TestDefinition> {
    let mut fields = Fields::new(source, node, "a test")?;
    let json = |_: &mut Source<'_>, node: &Node| Some(node.to_json());
    let test = TestDefinition {
        name: fields.required(source, "name", text),
        files: fields
            .optional(source, "files", |source, node| Some(entries(source, node, "files", json)))
            .unwrap_or_default(),
        gathered_at: fields.optional(source, "gathered_at", text),
        expect: fields.required(source, "expect", expectation),
    };
    fields.end(source);
    Some(test)
}

fn text(source: &mut Source<'_>, node: &Node) -> Option<Located<String>> {
    if let Some(text) = node.scalar(source.text) {
        return Some(Located::new(text.to_owned(), &node.span));
    }
    let what = if matches!(node.content, Content::Null) { "empty" } else { node.kind() };
    source.error(node.span.start, format!("`{}` must be a text and is {what}", source.field));
    None
}

/// Returns the offset of a YAML tag before a value: an expression that begins with `!` is taken for one.
fn tag_before(text: &str, value: usize) -> Option<usize> {
    let line_start = text.get(..value)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line_start..)?.lines().next()?;
    let tag = [": !", "- !"].iter().filter_map(|tag| line.find(tag)).min()? + 2;
    (line_start + tag <= value).then_some(line_start + tag)
}

fn expression(source: &mut Source<'_>, node: &Node) -> Option<Expression> {
    if let Some(at) = tag_before(source.text, node.span.start) {
        source.error(at, "put quotes around an expression that begins with `!`: YAML takes it for a tag");
        return None;
    }
    if let Some(text) = node.scalar(source.text) {
        return Some(Expression { text: text.to_owned(), span: node.span.clone() });
    }
    let hint = match node.content {
        Content::Map(_) | Content::List(_) => "; put quotes around an expression that begins with a bracket",
        _ => "",
    };
    let what = if matches!(node.content, Content::Null) { "empty" } else { node.kind() };
    source.error(node.span.start, format!("`{}` must be an expression and is {what}{hint}", source.field));
    None
}

fn number(source: &mut Source<'_>, node: &Node) -> Option<Located<usize>> {
    let number = match node.content {
        Content::Int(number) => usize::try_from(number).ok(),
        _ => None,
    };
    if number.is_none() {
        let what = match node.content {
            Content::Int(_) => "out of range",
            Content::Float(_) => "a fraction",
            Content::Null => "empty",
            _ => node.kind(),
        };
        source.error(node.span.start, format!("`{}` must be a whole number and is {what}", source.field));
    }
    number.map(|value| Located::new(value, &node.span))
}

fn rating(source: &mut Source<'_>, node: &Node) -> Option<Located<usize>> {
    let rating = number(source, node)?;
    if !(1..=4).contains(&rating.value) {
        source.error(
            rating.at,
            format!("`{}` goes from 1 (low) to 4 (critical) and is {}", source.field, rating.value),
        );
    }
    Some(rating)
}

fn need(source: &mut Source<'_>, node: &Node) -> Option<Located<Need>> {
    let value = match &node.content {
        Content::Bool(true) => Need::Required,
        Content::Bool(false) => Need::Optional,
        Content::Text(text) if text == "any" => Need::Any,
        _ => {
            source.error(node.span.start, "`required` must be true, false or any");
            return None;
        }
    };
    Some(Located::new(value, &node.span))
}

fn expectation(source: &mut Source<'_>, node: &Node) -> Option<Located<Expectation>> {
    let value = match &node.content {
        Content::Text(word) if word == "hit" => Expectation::Hit(None),
        Content::Text(word) if word == "miss" => Expectation::Miss,
        Content::Text(word) if word == "skip" => Expectation::Skip,
        Content::Map(entries) if entries.len() == 1 && entries[0].0.name == "hit" => {
            Expectation::Hit(Some(entries[0].1.to_json()))
        }
        _ => {
            source.error(node.span.start, "a test expects `hit`, `miss`, `skip` or `hit: {details}`");
            return None;
        }
    };
    Some(Located::new(value, &node.span))
}

type Read<T> = fn(&mut Source<'_>, &Node) -> Option<T>;

/// Parses a map whose keys are chosen by the author of the rule.
fn entries<T>(source: &mut Source<'_>, node: &Node, what: &str, read: Read<T>) -> Vec<(Located<String>, T)> {
    let entries = match &node.content {
        Content::Map(entries) => &entries[..],
        Content::Null => &[],
        _ => {
            source.error(node.span.start, format!("`{what}` must be a map and is {}", node.kind()));
            source.has_unknown_names |= matches!(what, "inputs" | "facts");
            &[]
        }
    };
    check_count(source, node.span.start, entries.len(), what);
    let entries = entries.iter().take(MAX_FIELDS).filter_map(|(Key { name, span }, value)| {
        source.field = format!("{what}.{name}");
        let Some(value) = read(source, value) else {
            source.invalid_names.push(name.clone());
            return None;
        };
        Some((Located::new(name.clone(), span), value))
    });
    entries.collect()
}

fn items<T>(source: &mut Source<'_>, node: &Node, what: &str, read: Read<T>) -> Vec<T> {
    let items = match &node.content {
        Content::List(items) => &items[..],
        Content::Null => &[],
        _ => {
            source.error(node.span.start, format!("`{what}` must be a list and is {}", node.kind()));
            &[]
        }
    };
    check_count(source, node.span.start, items.len(), what);
    items.iter().take(MAX_FIELDS).filter_map(|item| read(source, item)).collect()
}

fn check_count(source: &mut Source<'_>, at: usize, count: usize, what: &str) {
    if count > MAX_FIELDS {
        source.error(
            at,
            format!("`{what}` has {count} entries and may have {MAX_FIELDS}; make two rules of it"),
        );
    }
}

/// The fields of a map whose keys are defined by the format. [`Fields::end`] reports those that were never
/// requested.
struct Fields<'n> {
    entries: &'n [(Key, Node)],
    span: Range<usize>,
    requested: Vec<&'static str>,
    missing: Vec<&'static str>,
    what: &'static str,
}

impl<'n> Fields<'n> {
    fn new(source: &mut Source<'_>, node: &'n Node, what: &'static str) -> Option<Self> {
        if let Content::Map(entries) = &node.content {
            return Some(Self {
                entries,
                span: node.span.clone(),
                requested: Vec::new(),
                missing: Vec::new(),
                what,
            });
        }
        source.error(node.span.start, format!("{what} must be a map and is {}", node.kind()));
        None
    }

    fn optional<T>(
        &mut self,
        source: &mut Source<'_>,
        name: &'static str,
        read: impl FnOnce(&mut Source<'_>, &Node) -> Option<T>,
    ) -> Option<T> {
        self.requested.push(name);
        let (_, value) = self.entries.iter().find(|(key, _)| key.name == name)?;
        name.clone_into(&mut source.field);
        read(source, value)
    }

    fn required<T>(
        &mut self,
        source: &mut Source<'_>,
        name: &'static str,
        read: impl FnOnce(&mut Source<'_>, &Node) -> Option<T>,
    ) -> Option<T> {
        let is_there = self.entries.iter().any(|(key, _)| key.name == name);
        if !is_there {
            self.missing.push(name);
        }
        self.optional(source, name, read)
    }

    fn end(self, source: &mut Source<'_>) {
        match &self.missing[..] {
            [] => {}
            [name] => source.error(self.span.start, format!("{} needs the field `{name}`", self.what)),
            names => {
                let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                source.error(self.span.start, format!("{} needs the fields {names}", self.what));
            }
        }
        for (Key { name, span }, _) in self.entries {
            if !self.requested.contains(&name.as_str()) {
                let hint = did_you_mean(name, self.requested.iter().copied());
                let known = if hint.is_empty() {
                    format!("; {} has {}", self.what, self.requested.join(", "))
                } else {
                    hint
                };
                source.error(span.start, format!("unknown field `{name}`{known}"));
            }
        }
    }
}
