//! The content of one rule and key.

use std::sync::Arc;

use ccx_messages::{RuleFqdn, RuleSelector};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snafu::Snafu;

use crate::{Rating, RenderError, SyntaxError, Template};

/// The content that a user sees for one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The module and the key that it belongs to.
    pub selector: RuleSelector,
    /// The rule.
    pub plugin: Arc<Plugin>,
    /// The first folder of its path: `external` for all users, `internal` for the vendor, `ocs`, …
    pub section: Arc<str>,
    /// The headline, a template.
    pub description: Text,
    /// The impact of the finding.
    pub impact: Rating,
    /// The likelihood of the impact: 1 is low, 4 is critical.
    pub likelihood: u8,
    /// The risk of the resolution.
    pub resolution_risk: Rating,
    /// The publication date, verbatim from the file.
    pub publish_date: String,
    /// Whether users see it.
    pub publication: Publication,
    /// Tags to filter by.
    pub tags: Vec<String>,
    /// The long texts.
    pub texts: Texts,
}

/// A rule as `plugin.yaml` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// The module of the rule, which joins its content with what the engine finds.
    pub rule: RuleFqdn,
    /// The display name.
    pub name: String,
    /// The number of an article in the vendor's knowledge base, or empty.
    pub node_id: String,
    /// The product, for example `OCP4`.
    pub product_code: String,
}

/// Whether users see a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Publication {
    /// The finding is shown.
    #[default]
    Active,
    /// The finding is hidden: not yet published, or retired.
    Inactive,
}

/// The long texts about a finding: Markdown, most of them templates over its details.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    /// The problem in general, for any cluster. Not a template.
    pub generic: Text,
    /// The finding in this cluster, and why it matters.
    pub reason: Text,
    /// The steps that resolve it.
    pub resolution: Text,
    /// Links to further reading.
    pub more_info: Text,
    /// One paragraph; most rules have none.
    pub summary: Text,
}

/// A text with its file and its compiled template.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    file: String,
    source: String,
    template: Result<Template, SyntaxError>,
}

impl Content {
    /// Returns the severity: the mean of impact and likelihood, rounded down. 1 is low, 4 is critical.
    pub fn total_risk(&self) -> u8 {
        self.impact.level.midpoint(self.likelihood)
    }

    /// Returns the name of the severity.
    pub fn risk_label(&self) -> &'static str {
        match self.total_risk() {
            0 | 1 => "low",
            2 => "moderate",
            3 => "important",
            _ => "critical",
        }
    }

    /// Iterates over the headline and the long texts, each with its name.
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

/// A text can't be shown for a finding.
#[derive(Debug, Snafu)]
pub enum TextError {
    /// The text is not a template.
    #[snafu(display("failed to compile {file}"))]
    Template {
        /// The file of the text.
        file: String,
        /// The cause.
        source: SyntaxError,
    },
    /// The template can't be rendered with the details.
    #[snafu(display("failed to render {file} with these details"))]
    Details {
        /// The file of the text.
        file: String,
        /// The cause.
        source: RenderError,
    },
}

impl Default for Text {
    fn default() -> Self {
        Self { file: String::new(), source: String::new(), template: Ok(Template::default()) }
    }
}

impl Text {
    /// Compiles the text of a file; also returns the syntax error if there is one.
    ///
    /// A text with an error is kept: a client with its own interpreter may be able to render it.
    pub(crate) fn new(file: String, source: String) -> (Self, Option<SyntaxError>) {
        let template = Template::compile(&source);
        let error = template.as_ref().err().cloned();
        (Self { file, source, template }, error)
    }

    /// Returns the path of the file below the root; empty when there is no file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the text as it is in the file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the template, or its syntax error.
    pub fn template(&self) -> Result<&Template, &SyntaxError> {
        self.template.as_ref()
    }

    /// Renders the text with the details of one finding.
    pub fn render(&self, details: &Json) -> Result<String, TextError> {
        let file = || self.file.clone();
        let template =
            self.template().map_err(|error| TextError::Template { file: file(), source: error.clone() })?;
        template.render(details).map_err(|source| TextError::Details { file: file(), source })
    }

    /// Returns whether the text is empty or consists of whitespace.
    pub fn is_blank(&self) -> bool {
        self.source.trim().is_empty()
    }
}
