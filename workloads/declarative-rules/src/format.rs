//! The format of a rule file.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A rule.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(title = "Rule", deny_unknown_fields)]
pub(crate) struct Definition {
    /// The version of this format.
    #[schemars(rename = "apiVersion", extend("const" = API_VERSION))]
    pub api_version: Option<Located<String>>,
    /// The rule's module, for example `acme.external.pool_degraded`: letters, digits and underscores between dots.
    #[schemars(required)]
    pub id: Option<Located<String>>,
    /// The key of the finding, for example `ACME_POOL_DEGRADED`.
    #[schemars(required)]
    pub error_key: Option<Located<String>>,
    /// The inputs of the rule, by the name that expressions use.
    #[schemars(required, with = "BTreeMap<String, InputDefinition>")]
    pub inputs: Vec<(Located<String>, InputDefinition)>,
    /// Values that several expressions share, by the name that expressions use. Each is an expression.
    #[schemars(with = "Option<BTreeMap<String, Expression>>")]
    pub facts: Vec<(Located<String>, Expression)>,
    /// Whether the cluster has the problem: an expression that is true or false.
    #[schemars(required)]
    pub when: Option<Expression>,
    /// Values for the templates of the texts. Each is an expression.
    #[schemars(with = "Option<BTreeMap<String, Expression>>")]
    pub details: Vec<(Located<String>, Expression)>,
    /// The texts and ratings of the finding. They may be in a content tree instead.
    pub content: Option<ContentDefinition>,
    /// Sample archives, and the expected outcome of the rule for each.
    #[schemars(with = "Option<Vec<TestDefinition>>")]
    pub tests: Vec<TestDefinition>,
}

/// The version of the format.
pub(crate) const API_VERSION: &str = "ccx.rules/v1";

/// An input of a rule: one of `file`, `glob`, `logs` and `metrics`.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(title = "Input", deny_unknown_fields, extend("oneOf" = [
    {"required": ["file"]}, {"required": ["glob"]}, {"required": ["logs", "pattern"]}, {"required": ["metrics"]}
]))]
pub(crate) struct InputDefinition {
    /// The path of one JSON file. Its value is the document, or null if the archive does not have the file.
    pub file: Option<Located<String>>,
    /// Paths of JSON files, in which `*` matches any characters except `/`. Its value is the list of documents; the field `_path`
    /// of each is the path.
    pub glob: Option<Located<String>>,
    /// Paths of logs, in which `*` matches any characters except `/`. Its value is the list of lines that match: maps with `path`,
    /// `line` and `groups`.
    pub logs: Option<Located<String>>,
    /// A metric of `config/metrics`. Its value is the list of samples: maps with `labels` and `value`.
    pub metrics: Option<Located<String>>,
    /// For `logs`: a regular expression. Its named groups are in `groups`.
    pub pattern: Option<Located<String>>,
    /// For `logs`: the maximum number of lines, 20 by default, at most 1000.
    #[schemars(with = "Option<u16>", range(min = 1, max = 1000))]
    pub max_matches: Option<Located<usize>>,
    /// Whether the rule is skipped without it; `any` means that one of the inputs with `any` is enough. False by default.
    #[schemars(schema_with = "need_schema")]
    pub required: Option<Located<Need>>,
}

/// Whether a rule is skipped if an input is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// At least one of the inputs with `any` is needed.
    Any,
    Optional,
}

fn need_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"enum": [true, false, "any"]})
}

/// The texts and ratings of a finding.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(title = "Content", deny_unknown_fields)]
pub(crate) struct ContentDefinition {
    /// Byte offset in the file.
    #[schemars(skip)]
    #[serde(skip)]
    pub at: usize,
    /// The title.
    pub description: Option<Located<String>>,
    /// The impact, from 1 (low) to 4 (critical).
    #[schemars(with = "Option<u8>", range(min = 1, max = 4))]
    pub impact: Option<Located<usize>>,
    /// The likelihood, from 1 to 4.
    #[schemars(with = "Option<u8>", range(min = 1, max = 4))]
    pub likelihood: Option<Located<usize>>,
    /// The risk of the resolution, from 1 to 4.
    #[schemars(with = "Option<u8>", range(min = 1, max = 4))]
    pub resolution_risk: Option<Located<usize>>,
    /// Tags, by which clients filter.
    #[schemars(with = "Option<Vec<String>>")]
    pub tags: Vec<Located<String>>,
    /// The description of the problem for any cluster. Markdown.
    pub generic: Option<Located<String>>,
    /// The finding in this cluster and its consequences. Markdown, a doT template over the details.
    pub reason: Option<Located<String>>,
    /// The steps to resolve it. Markdown, a doT template over the details.
    pub resolution: Option<Located<String>>,
    /// Links to documentation. Markdown.
    pub more_info: Option<Located<String>>,
}

/// A sample archive and the expected outcome of the rule.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(title = "Test", deny_unknown_fields)]
pub(crate) struct TestDefinition {
    /// The name of the test, which describes the cluster.
    #[schemars(required)]
    pub name: Option<Located<String>>,
    /// The files of the archive by path: JSON, or verbatim text.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub files: Vec<(Located<String>, serde_json::Value)>,
    /// When the data was gathered, as RFC 3339; 2026-01-15T12:00:00Z by default.
    pub gathered_at: Option<Located<String>>,
    /// The expected outcome.
    #[schemars(required, schema_with = "expectation_schema")]
    pub expect: Option<Located<Expectation>>,
}

/// Expected verdict of a test.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expectation {
    /// The cluster has the problem, with these details if given.
    Hit(Option<serde_json::Value>),
    /// The cluster does not have the problem.
    Miss,
    /// The archive lacks a required input.
    Skip,
}

fn expectation_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"oneOf": [
        {"enum": ["hit", "miss", "skip"]},
        {
            "type": "object",
            "properties": {"hit": {"type": "object", "description": "The details."}},
            "required": ["hit"],
            "additionalProperties": false,
        },
    ]})
}

/// An expression and its byte range in the file.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub text: String,
    pub span: Range<usize>,
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["string", "boolean", "number"],
            "description": "An expression in CEL, the Common Expression Language.",
        })
    }
}

/// A value and its byte range in the file.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub value: T,
    pub at: usize,
    pub end: usize,
}

impl<T> Located<T> {
    pub(crate) fn new(value: T, span: &Range<usize>) -> Self {
        Self { value, at: span.start, end: span.end }
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Returns the JSON Schema of a rule, for editors.
pub fn rule_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Definition).to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$id".into(), "https://ccx.openshift.io/schemas/rule.schema.json".into());
    }
    schema
}
