//! What a rule reads and what it is about, for people.

use serde::Serialize;

use crate::{
    DeclarativeRule, Position,
    format::Need,
    inputs::{Reads, RuleInput},
};

/// What users are told about a problem, as the rule's file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct RuleContent {
    /// The headline.
    pub description: String,
    /// How bad it is, from 1 (low) to 4 (critical).
    pub impact: u8,
    /// How likely the harm is, from 1 to 4.
    pub likelihood: u8,
    /// How risky the resolution is, from 1 to 4.
    pub resolution_risk: u8,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// What the problem is, for any cluster.
    pub generic: String,
    /// What was found in this cluster, and why it matters: a template over the details.
    pub reason: String,
    /// What to do about it: a template over the details.
    pub resolution: String,
    /// Where to read on.
    pub more_info: String,
}

/// A rule in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The rule's module.
    pub id: String,
    /// What it finds.
    pub error_key: String,
    /// The file it is in.
    pub file: String,
    /// Where in the file it begins.
    pub position: Position,
    /// What it reads.
    pub inputs: Vec<ExplainedInput>,
    /// The facts, by name, as expressions.
    pub facts: Vec<(String, String)>,
    /// The condition, as expression.
    pub when: String,
    /// The details, by name, as expressions.
    pub details: Vec<(String, String)>,
    /// What users are told.
    pub content: Option<RuleContent>,
    /// The names of its tests.
    pub tests: Vec<String>,
}

/// Something that a rule reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedInput {
    /// The name in expressions.
    pub name: String,
    /// What kind of thing it is: `file`, `glob`, `logs` or `metrics`.
    pub kind: &'static str,
    /// The path, glob or metric.
    pub what: String,
    /// The regular expression of log lines.
    pub pattern: Option<String>,
    /// Whether the rule is skipped without it: `required`, `any` or `optional`.
    pub need: &'static str,
}

impl DeclarativeRule {
    /// The rule in words.
    pub fn explain(&self) -> Explanation {
        let rule = &*self.0;
        Explanation {
            id: rule.id.to_string(),
            error_key: rule.error_key.to_string(),
            file: rule.origin.file.to_string(),
            position: rule.origin.position,
            inputs: rule.inputs.iter().map(ExplainedInput::of).collect(),
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

    /// What users are told, when the file says it.
    pub fn content(&self) -> Option<&RuleContent> {
        self.0.content.as_ref()
    }
}

impl ExplainedInput {
    fn of(input: &RuleInput) -> Self {
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
