//! The texts of a rule, in the forms of the public API and of the content service.

use std::collections::BTreeMap;

use ccx_content::{Content, Publication, Rating, Text};
use ccx_messages::RuleFqdn;
use serde::Serialize;
use utoipa::ToSchema;

use crate::texts::Texts;

/// The form of an impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentForm {
    /// Its name, as the public API describes it.
    Public,
    /// Its name and level, as the content service has it.
    Source,
}

/// The texts of a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleContent {
    /// The rule.
    pub plugin: RulePlugin,
    /// The texts of each error key.
    pub error_keys: BTreeMap<String, ErrorKeyContent>,
    /// Empty: the texts stand with the error keys, as the following ones.
    pub generic: String,
    /// Empty.
    pub summary: String,
    /// Empty.
    pub resolution: String,
    /// Empty.
    pub more_info: String,
    /// Empty.
    pub reason: String,
    /// Whether there is a reason for all error keys.
    #[serde(rename = "HasReason")]
    pub has_reason: bool,
}

/// A rule, as its folder describes it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RulePlugin {
    /// The display name.
    pub name: String,
    /// The number of an article in the vendor's knowledge base, or empty.
    pub node_id: String,
    /// The product, for example `OCP4`.
    pub product_code: String,
    /// The module.
    pub python_module: String,
}

/// The texts of an error key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorKeyContent {
    /// The severity and the tags.
    pub metadata: ErrorKeyMetadata,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 0, maximum = 4)]
    pub total_risk: u8,
    /// The problem on any cluster.
    pub generic: String,
    /// One paragraph; most rules have none.
    pub summary: String,
    /// The steps that solve the problem.
    pub resolution: String,
    /// Links to more information.
    pub more_info: String,
    /// The finding in a cluster, and its consequences.
    pub reason: String,
    /// Whether there is a reason.
    #[serde(rename = "HasReason")]
    pub has_reason: bool,
}

/// The severity and the tags of an error key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorKeyMetadata {
    /// The headline.
    pub description: String,
    /// The impact of the finding.
    pub impact: Impact,
    /// The likelihood of the impact.
    pub likelihood: u8,
    /// When the texts were published, as in the file.
    pub publish_date: String,
    /// `active` or `inactive`.
    pub status: String,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// The risk of the resolution.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution_risk: Option<String>,
}

/// An impact.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Impact {
    /// Its name.
    Name(String),
    /// Its name and level.
    Both {
        /// The name.
        name: String,
        /// The level.
        impact: u8,
    },
}

impl RuleContent {
    /// Returns the texts of all rules, sorted.
    pub(crate) fn all(texts: &Texts, form: ContentForm) -> Vec<Self> {
        let mut rules: BTreeMap<&RuleFqdn, Vec<_>> = BTreeMap::new();
        for content in texts.all() {
            rules.entry(&content.selector.rule).or_default().push(content);
        }
        rules.values().filter_map(|keys| Self::new(keys, form)).collect()
    }

    /// Returns the texts of a rule from those of its keys; `None` without keys.
    pub(crate) fn new(keys: &[&Content], form: ContentForm) -> Option<Self> {
        let first = keys.first()?;
        let error_keys: BTreeMap<String, ErrorKeyContent> = keys
            .iter()
            .map(|content| (content.selector.error_key.to_string(), error_key(content, form)))
            .collect();
        Some(Self {
            plugin: RulePlugin {
                name: first.plugin.name.clone(),
                node_id: first.plugin.node_id.clone(),
                product_code: first.plugin.product_code.clone(),
                python_module: first.plugin.rule.to_string(),
            },
            has_reason: error_keys.values().all(|key| key.has_reason),
            error_keys,
            generic: String::new(),
            summary: String::new(),
            resolution: String::new(),
            more_info: String::new(),
            reason: String::new(),
        })
    }
}

fn error_key(content: &Content, form: ContentForm) -> ErrorKeyContent {
    let source = |text: &Text| text.source().to_owned();
    let status = match content.publication {
        Publication::Active => "active",
        Publication::Inactive => "inactive",
    };
    ErrorKeyContent {
        metadata: ErrorKeyMetadata {
            description: source(&content.description),
            impact: impact(&content.impact, form),
            likelihood: content.likelihood,
            publish_date: content.publish_date.clone(),
            status: status.into(),
            tags: content.tags.clone(),
            resolution_risk: (form == ContentForm::Source).then(|| content.resolution_risk.name.clone()),
        },
        total_risk: content.total_risk(),
        generic: source(&content.texts.generic),
        summary: source(&content.texts.summary),
        resolution: source(&content.texts.resolution),
        more_info: source(&content.texts.more_info),
        reason: source(&content.texts.reason),
        has_reason: !content.texts.reason.is_blank(),
    }
}

fn impact(rating: &Rating, form: ContentForm) -> Impact {
    match form {
        ContentForm::Public => Impact::Name(rating.name.clone()),
        ContentForm::Source => Impact::Both { name: rating.name.clone(), impact: rating.level },
    }
}
