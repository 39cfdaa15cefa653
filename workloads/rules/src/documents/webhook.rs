//! Programs that the API servers ask before they store an object.

use ccx_archive::File;
use serde::Deserialize;

use super::{
    Int, LabelSelector, List, Object, Text, Texts,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The webhooks that may refuse an object.
pub const VALIDATING_WEBHOOKS: Input = Input::documents(
    "validating_webhooks",
    &[Location::new("config/validatingwebhookconfigurations/*.json").since(4, 7)],
    |context| !context.validating_webhooks().is_empty(),
);

/// The webhooks that may change an object.
pub const MUTATING_WEBHOOKS: Input = Input::documents(
    "mutating_webhooks",
    &[Location::new("config/mutatingwebhookconfigurations/*.json").since(4, 7)],
    |context| !context.mutating_webhooks().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`VALIDATING_WEBHOOKS`].
    pub fn validating_webhooks(&self) -> &[WebhookConfiguration<'a>] {
        self.documents.validating_webhooks.get_or_init(|| parse(self.files(&VALIDATING_WEBHOOKS)))
    }

    /// Returns the documents of [`MUTATING_WEBHOOKS`].
    pub fn mutating_webhooks(&self) -> &[WebhookConfiguration<'a>] {
        self.documents.mutating_webhooks.get_or_init(|| parse(self.files(&MUTATING_WEBHOOKS)))
    }

    /// The webhooks of [`VALIDATING_WEBHOOKS`] and [`MUTATING_WEBHOOKS`], each with what configures it.
    pub fn webhooks(&self) -> impl Iterator<Item = ConfiguredWebhook<'_, 'a>> {
        let validating = configurations_of_kind("ValidatingWebhookConfiguration", self.validating_webhooks());
        validating.chain(configurations_of_kind("MutatingWebhookConfiguration", self.mutating_webhooks()))
    }
}

fn parse<'a>(files: &[File<'a>]) -> Vec<WebhookConfiguration<'a>> {
    let named = |(path, configuration)| WebhookConfiguration { name: file_stem(path), ..configuration };
    parse_objects_with_paths(files).map(named).collect()
}

fn configurations_of_kind<'c, 'a>(
    kind: &'static str,
    configurations: &'c [WebhookConfiguration<'a>],
) -> impl Iterator<Item = ConfiguredWebhook<'c, 'a>> {
    configurations.iter().flat_map(move |configuration| {
        let name = configuration.name;
        configuration.webhooks.iter().map(move |webhook| ConfiguredWebhook {
            kind,
            configuration: name,
            webhook,
        })
    })
}

/// A webhook and what configures it.
#[derive(Clone, Copy, Debug)]
pub struct ConfiguredWebhook<'c, 'a> {
    /// The kind of the object that configures it.
    pub kind: &'static str,
    /// The name of that object.
    pub configuration: &'c str,
    /// The webhook.
    pub webhook: &'c Webhook<'a>,
}

/// A `ValidatingWebhookConfiguration` or a `MutatingWebhookConfiguration`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration<'a> {
    /// Its name, which is that of its file.
    #[serde(skip)]
    pub name: &'a str,
    /// The webhooks that it configures.
    #[serde(borrow)]
    pub webhooks: List<Webhook<'a>>,
}

/// A program that the API servers ask.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Webhook<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The address.
    pub client_config: Object<ClientConfig<'a>>,
    /// The requests that it is called for.
    pub rules: List<WebhookRule<'a>>,
    /// The effect of a failed call: `Fail`, which is the default, or `Ignore`.
    pub failure_policy: Text<'a>,
    /// The timeout of a call, in seconds.
    pub timeout_seconds: Int,
    /// The namespaces that it is called for; all, when empty.
    pub namespace_selector: Object<LabelSelector<'a>>,
    /// The objects that it is called for; all, when empty.
    pub object_selector: Object<LabelSelector<'a>>,
    /// Further conditions, all of which a request has to meet.
    pub match_conditions: List<MatchCondition<'a>>,
}

impl<'a> Webhook<'a> {
    /// Returns whether an object is refused when the webhook does not answer.
    pub fn must_answer(&self) -> bool {
        matches!(&*self.failure_policy, "Fail" | "")
    }

    /// Returns the first of the webhook's rules that covers an operation on a resource.
    pub fn rule_for(&self, operation: &str, resource: Resource<'_>) -> Option<&WebhookRule<'a>> {
        self.rules.iter().find(|rule| rule.covers(operation, resource))
    }
}

/// A resource of the API.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'r> {
    /// Its API group; empty for the core group.
    pub group: &'r str,
    /// Its plural name.
    pub name: &'r str,
    /// The subresource; empty for the resource itself.
    pub subresource: &'r str,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

/// A condition in CEL that a request has to meet for the webhook to be called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MatchCondition<'a> {
    /// The condition.
    #[serde(borrow)]
    pub expression: Text<'a>,
}

/// The address of a webhook: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClientConfig<'a> {
    /// In the cluster.
    #[serde(borrow)]
    pub service: Object<Service<'a>>,
    /// Elsewhere.
    pub url: Text<'a>,
}

/// A service of the cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Service<'a> {
    /// Its namespace.
    #[serde(borrow)]
    pub namespace: Text<'a>,
    /// Its name.
    pub name: Text<'a>,
}

/// Requests that a webhook is called for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WebhookRule<'a> {
    /// `CREATE`, `UPDATE` and others, or `*`. The API requires one, so an empty list says nothing.
    #[serde(borrow)]
    pub operations: Texts<'a>,
    /// API groups, or `*`. The API requires one, so an empty list says nothing.
    pub api_groups: Texts<'a>,
    /// `<resource>` or `<resource>/<subresource>`, of which each part may be `*`.
    pub resources: Texts<'a>,
    /// `Cluster`, `Namespaced`, or `*`, which is the default.
    pub scope: Text<'a>,
}

impl WebhookRule<'_> {
    fn covers(&self, operation: &str, resource: Resource<'_>) -> bool {
        let is_in = |list: &[Text<'_>], wanted: &str| {
            list.iter().any(|item| matches!(&**item, "*") || &**item == wanted)
        };
        let has_scope = match &*self.scope {
            "Cluster" => !resource.is_namespaced,
            "Namespaced" => resource.is_namespaced,
            _ => true,
        };
        has_scope
            && (self.operations.is_empty() || is_in(&self.operations, operation))
            && (self.api_groups.is_empty() || is_in(&self.api_groups, resource.group))
            && self.resources.iter().any(|pattern| is_pattern_of(pattern, resource))
    }
}

/// Returns whether `pods`, `pods/*`, `*/status` or the like stands for a resource. `pods/*` also stands for
/// `pods`.
fn is_pattern_of(pattern: &str, resource: Resource<'_>) -> bool {
    let (name, subresource) = pattern.split_once('/').unwrap_or((pattern, ""));
    let stands_for = |part: &str, wanted: &str| part == "*" || part == wanted;
    stands_for(name, resource.name) && stands_for(subresource, resource.subresource)
}
