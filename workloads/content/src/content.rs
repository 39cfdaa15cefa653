//! What is told about one rule and key.

use std::sync::Arc;

use ccx_messages::{RuleFqdn, RuleSelector};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snafu::Snafu;

use crate::{Rating, RenderError, SyntaxError, Template};

/// Everything that a user is told about one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The module and the key that it belongs to.
    pub selector: RuleSelector,
    /// The rule.
    pub plugin: Arc<Plugin>,
    /// The first folder of its path: `external` for everybody, `internal` for the vendor, `ocs`, …
    pub section: Arc<str>,
    /// The headline, a template.
    pub description: Text,
    /// How bad the finding is.
    pub impact: Rating,
    /// How likely the harm is: 1 is low, 4 is critical.
    pub likelihood: u8,
    /// How risky the resolution is.
    pub resolution_risk: Rating,
    /// When it was published, as the file says it.
    pub publish_date: String,
    /// Whether users see it.
    pub publication: Publication,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// The long texts.
    pub texts: Texts,
}

/// A rule as `plugin.yaml` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// The module of the rule, which joins its content with what the engine finds.
    pub rule: RuleFqdn,
    /// What people call it.
    pub name: String,
    /// The number of an article in the vendor's knowledge base, or nothing.
    pub node_id: String,
    /// The product, for example `OCP4`.
    pub product_code: String,
}

/// Whether users see a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publication {
    /// They do.
    #[default]
    Active,
    /// They don't, not yet or no more.
    Inactive,
}

/// The long texts about a finding: Markdown, most of them templates over its details.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    /// What the problem is, for any cluster. No template.
    pub generic: Text,
    /// What was found in this cluster, and why it matters.
    pub reason: Text,
    /// What to do about it.
    pub resolution: Text,
    /// Where to read on.
    pub more_info: Text,
    /// One paragraph; most rules have none.
    pub summary: Text,
}

/// One text, where it comes from, and the template that it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    file: String,
    source: String,
    template: Result<Template, SyntaxError>,
}

impl Content {
    /// The severity: the mean of impact and likelihood, rounded down. 1 is low, 4 is critical.
    pub fn total_risk(&self) -> u8 {
        self.impact.level.midpoint(self.likelihood)
    }

    /// The severity in a word.
    pub fn risk_label(&self) -> &'static str {
        match self.total_risk() {
            0 | 1 => "low",
            2 => "moderate",
            3 => "important",
            _ => "critical",
        }
    }

    /// The headline and the long texts, each with its name.
    pub fn named_texts(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let Texts { generic, reason, resolution, more_info, summary } = &self.texts;
        [
            ("description", &self.description),
            ("generic", generic),
            ("reason", reason),
            ("resolution", resolution),
            ("more_info", more_info),
            ("summary", summary),
        ]
        .into_iter()
    }
}

/// A text that can't be shown for a finding.
#[derive(Debug, Snafu)]
pub enum TextError {
    /// It is no template.
    #[snafu(display("failed to compile {file}"))]
    Template {
        /// Its file.
        file: String,
        /// Why.
        source: SyntaxError,
    },
    /// It does not fit the details.
    #[snafu(display("failed to render {file} with these details"))]
    Details {
        /// Its file.
        file: String,
        /// Why.
        source: RenderError,
    },
}

impl Default for Text {
    fn default() -> Self {
        Self { file: String::new(), source: String::new(), template: Ok(Template::default()) }
    }
}

impl Text {
    /// The text of a file, and what keeps it from being a template, if anything does.
    ///
    /// Such a text is kept: a client that brings an interpreter of its own may be able to render it.
    pub(crate) fn new(file: String, source: String) -> (Self, Option<SyntaxError>) {
        let template = Template::compile(&source);
        let error = template.as_ref().err().cloned();
        (Self { file, source, template }, error)
    }

    /// The path of its file below the root; empty when there is no file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The text as it is in the file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The template, or why it is none.
    pub fn template(&self) -> Result<&Template, &SyntaxError> {
        self.template.as_ref()
    }

    /// The text about one finding; `details` are its data.
    pub fn render(&self, details: &Json) -> Result<String, TextError> {
        let file = || self.file.clone();
        let template =
            self.template().map_err(|error| TextError::Template { file: file(), source: error.clone() })?;
        template.render(details).map_err(|source| TextError::Details { file: file(), source })
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        self.source.trim().is_empty()
    }
}
