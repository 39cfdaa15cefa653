//! `spec.dataPipeline.rules`

use ccx_config::formats::Format;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration, ImagePullPolicy, LocalRef,
    schema::{
        brief,
        field::{data_key, duration_between, each, file_path, image, inner_path, object_name},
        rule::required,
    },
};

/// The rules that run. All sources form one set; a set with an error is rejected as a whole, and the previous one stays in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = RuleSources::rules()))]
pub struct RuleSources {
    /// Whether the rules run that are part of the image.
    pub built_in: BuiltInRules,
    /// Rules of any source that do not run: by error key, module or its last part, component, or module and error key.
    ///
    /// Example: `["etcd_slow_disk|ETCD_SLOW_DISK"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 512), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 256)), transform = each(RULE_IDS))]
    pub disabled_rules: Vec<String>,
    /// ConfigMaps with rules in the same namespace, selected by labels.
    ///
    /// Example: `{matchLabels: {ccx.openshift.io/rules: "true"}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = brief)]
    pub config_map_selector: Option<LabelSelector>,
    /// ConfigMaps with rules in the same namespace, by their names. A missing one is reported.
    ///
    /// Example: `[{name: our-rules}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub config_map_refs: Vec<LocalRef>,
    /// A volume with rules: a folder, or a `.tar`, `.tar.gz` or OCI archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_claim: Option<RuleVolume>,
    /// An image that contains rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<RuleImage>,
    /// Texts about rules, for example about rules in Python: content trees with a `config.yaml`. They replace built-in texts of the same
    /// error key.
    pub content: RuleContent,
    /// Timeout of one rule on one archive.
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub rule_timeout: GoDuration,
}

/// Ids of rules.
const RULE_IDS: Format =
    Format { pattern: "^[A-Za-z0-9_.|]+$", advice: "write the id of a rule: letters, digits, _, . and |" };

impl RuleSources {
    fn rules() -> Vec<Rule> {
        vec![
            required(
                "!has(self.configMapSelector) || (has(self.configMapSelector.matchLabels) && \
                 size(self.configMapSelector.matchLabels) > 0) || (has(self.configMapSelector.matchExpressions) && \
                 size(self.configMapSelector.matchExpressions) > 0)",
                "name at least one label: an empty selector would take every ConfigMap for rules",
            )
            .field_path(".configMapSelector"),
        ]
    }
}

/// Whether the rules run that are part of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BuiltInRules {
    /// They run.
    #[default]
    Enabled,
    /// They do not run.
    Disabled,
}

/// A volume with rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleVolume {
    /// The PersistentVolumeClaim, in the same namespace; all pipeline pods mount it read-only.
    ///
    /// Example: `rules`.
    #[schemars(transform = object_name)]
    pub claim_name: String,
    /// The folder or archive in the volume.
    #[serde(default = "current_folder")]
    #[schemars(transform = inner_path)]
    pub path: String,
}

/// An image that contains rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleImage {
    /// The image's name.
    ///
    /// Example: `quay.io/our-org/our-rules:1.4`.
    #[schemars(transform = image)]
    pub reference: String,
    /// The folder or archive in the image.
    #[serde(default = "rules_folder")]
    #[schemars(transform = inner_path)]
    pub path: String,
    /// When the image is pulled.
    #[serde(default)]
    pub pull_policy: ImagePullPolicy,
}

impl Default for RuleSources {
    fn default() -> Self {
        Self {
            built_in: BuiltInRules::default(),
            disabled_rules: Vec::new(),
            config_map_selector: None,
            config_map_refs: Vec::new(),
            volume_claim: None,
            image: None,
            content: RuleContent::default(),
            rule_timeout: GoDuration::from_secs(2),
        }
    }
}

/// Content trees with texts about rules. Where several have texts about one error key, the first one counts: ConfigMaps before the
/// volume, the volume before the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RuleContent {
    /// ConfigMaps in the same namespace, each a content tree.
    ///
    /// Example: `[{name: our-texts, items: [{key: config, path: config.yaml}, {key: reason, path: our_rule/OUR_KEY/reason.md}]}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub config_map_refs: Vec<ContentConfigMap>,
    /// A volume with a content tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_claim: Option<RuleVolume>,
    /// An image that contains a content tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<RuleImage>,
}

/// A content tree in a ConfigMap, whose keys have no directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContentConfigMap {
    /// The ConfigMap's name.
    ///
    /// Example: `our-texts`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The path of each key in the content tree.
    ///
    /// Example: `[{key: config, path: config.yaml}]`.
    #[schemars(
        length(min = 1, max = 128),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["path"])
    )]
    pub items: Vec<ContentFile>,
}

/// A file of a content tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContentFile {
    /// The key in the ConfigMap.
    ///
    /// Example: `reason`.
    #[schemars(transform = data_key)]
    pub key: String,
    /// The path in the content tree.
    ///
    /// Example: `our_rule/OUR_KEY/reason.md`.
    #[schemars(transform = file_path)]
    pub path: String,
}

fn current_folder() -> String {
    ".".into()
}

fn rules_folder() -> String {
    "rules".into()
}
