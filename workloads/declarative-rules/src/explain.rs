//! Human-readable explanations of rules: inputs, expressions and texts.

use serde::Serialize;

use crate::{
    DeclarativeRule, Position,
    format::Need,
    inputs::{Reads, RuleInput},
};

/// Texts and ratings of a problem, from the `content` field of the rule file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct RuleContent {
    /// The headline.
    pub description: String,
    /// Severity of the problem, from 1 (low) to 4 (critical).
    pub impact: u8,
    /// Likelihood of harm, from 1 to 4.
    pub likelihood: u8,
    /// Risk of the resolution, from 1 to 4.
    pub resolution_risk: u8,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Description of the problem that applies to any cluster.
    pub generic: String,
    /// Template over the details: the finding in this cluster and why it matters.
    pub reason: String,
    /// Template over the details: the steps to resolve the problem.
    pub resolution: String,
    /// Links to further reading.
    pub more_info: String,
}

/// Explanation of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Module name of the rule.
    pub id: String,
    /// Error key of the problem.
    pub error_key: String,
    /// Rule file.
    pub file: String,
    /// Start of the rule in its file.
    pub position: Position,
    /// Inputs, in the order of the file.
    pub inputs: Vec<ExplainedInput>,
    /// Names and expressions of the facts.
    pub facts: Vec<(String, String)>,
    /// Expression of the condition.
    pub when: String,
    /// Names and expressions of the details.
    pub details: Vec<(String, String)>,
    /// Texts of the problem; `None` if the rule file has no `content`.
    pub content: Option<RuleContent>,
    /// Names of the rule's tests.
    pub tests: Vec<String>,
}

/// An input of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedInput {
    /// Name of the input in expressions.
    pub name: String,
    /// Kind of the input: `file`, `glob`, `logs` or `metrics`.
    pub kind: &'static str,
    /// Path, glob or metric.
    pub what: String,
    /// Regular expression that log lines must match.
    pub pattern: Option<String>,
    /// Whether the rule is skipped if the input is missing: `required`, `any` or `optional`.
    pub need: &'static str,
}

impl DeclarativeRule {
    /// Explains the rule.
    pub fn explain(&self) -> Explanation {
        let rule = &*self.0;
        Explanation {
            id: rule.id.to_string(),
            error_key: rule.error_key.to_string(),
            file: rule.origin.file.to_string(),
            position: rule.origin.position,
            inputs: rule.inputs.iter().map(ExplainedInput::new).collect(),
            facts: rule.facts.iter().map(|fact| (fact.short_name().into(), fact.text.clone())).collect(),
            when: rule.when.text.clone(),
            details: rule
                .details
                .iter()
                .map(|(name, expression)| (name.to_string(), expression.text.clone()))
                .collect(),
            content: rule.content.clone(),
            tests: rule.tests.iter().map(|test| test.name.clone()).collect(),
        }
    }

    /// Returns the texts of the problem, or `None` if the rule file has no `content`.
    pub fn content(&self) -> Option<&RuleContent> {
        self.0.content.as_ref()
    }
}

impl ExplainedInput {
    fn new(input: &RuleInput) -> Self {
        let (kind, what, pattern) = match &input.reads {
            Reads::File(files) => ("file", files.name().to_owned(), None),
            Reads::Documents(files) => ("glob", files.name().to_owned(), None),
            Reads::Logs { query, pattern, .. } => {
                ("logs", query.files().name().to_owned(), Some(pattern.regex.as_str().to_owned()))
            }
            Reads::Metrics { family } => ("metrics", family.clone(), None),
        };
        let need = match input.need {
            Need::Required => "required",
            Need::Any => "any",
            Need::Optional => "optional",
        };
        Self { name: input.name.clone(), kind, what, pattern, need }
    }
}
