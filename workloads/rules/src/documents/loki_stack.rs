//! Instances of `LokiStack`, the log stores of the cluster.

use serde::Deserialize;

use super::{Conditions, List, Metadata, Object, Text, lenient::parse_named_objects};
use crate::{Context, Input, Location};

/// The Loki stacks. The operator writes them below `namespace`, in the singular; its sample archive has them
/// elsewhere, beside other objects.
pub const LOKI_STACKS: Input = Input::documents(
    "loki_stacks",
    &[
        Location::new("namespace/*/loki.grafana.com/lokistacks/*.json").since(4, 19),
        Location::new("namespaces/*/loki.grafana.com/lokistacks/*.json").since(4, 19),
        Location::new("namespaces/openshift-logging/*.json").since(4, 19),
    ],
    |context| !context.loki_stacks().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`LOKI_STACKS`].
    pub fn loki_stacks(&self) -> &[LokiStack<'a>] {
        self.documents.loki_stacks.get_or_init(|| {
            let mut stacks = parse_named_objects(self.files(&LOKI_STACKS), |stack: &LokiStack<'_>| {
                (&stack.metadata.namespace, &stack.metadata.name)
            });
            stacks.retain(|stack| &*stack.kind == "LokiStack");
            stacks
        })
    }
}

/// A `LokiStack`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LokiStack<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    /// Its name and namespace.
    pub metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    /// The observed state.
    pub status: Object<Status<'a>>,
}

impl LokiStack<'_> {
    /// Returns the schema that new logs are stored in: the one with the latest date. Older ones are needed to
    /// read older logs.
    pub fn schema(&self) -> &str {
        // The dates are written so that their order is that of the alphabet.
        let newest = self.spec.storage.schemas.iter().max_by_key(|schema| &*schema.effective_date);
        newest.map_or("", |schema| &schema.version)
    }
}

/// The desired state of a stack.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// The storage of logs.
    #[serde(borrow)]
    pub storage: Object<Storage<'a>>,
}

/// The storage of logs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Storage<'a> {
    /// The storage schemas, over time.
    #[serde(borrow)]
    pub schemas: List<Schema<'a>>,
}

/// A storage schema that applies from a day on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Schema<'a> {
    /// `v11`, `v12` or `v13`.
    #[serde(borrow)]
    pub version: Text<'a>,
    /// The first day, such as `2020-10-11`.
    pub effective_date: Text<'a>,
}

/// The observed state of a stack.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Ready`, `Degraded` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
}
