//! `resources` of every component

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{field::quantities, rule::rule};

/// Requests and limits of a container. When set, they replace the default as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Resources::rules()))]
pub struct Resources {
    /// Reserved for the container.
    ///
    /// Example: `{cpu: 250m, memory: 384Mi}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "quantities")]
    pub requests: BTreeMap<String, Quantity>,
    /// Limits of the container.
    ///
    /// Example: `{memory: 1Gi}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "quantities")]
    pub limits: BTreeMap<String, Quantity>,
}

impl Resources {
    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "!has(self.requests) || !has(self.limits) || self.requests.all(key, !(key in self.limits) || \
                 !isQuantity(string(self.requests[key])) || !isQuantity(string(self.limits[key])) || \
                 !quantity(string(self.requests[key])).isGreaterThan(quantity(string(self.limits[key]))))",
                "choose requests of at most the limits",
            )
            .field_path(".requests"),
        ]
    }
}

impl Resources {
    /// Requests for CPU and memory, and a limit for memory. CPU has none: a pod that may use idle cores is faster, and
    /// takes them from no other pod.
    pub(crate) fn new(cpu: &str, memory: &str, memory_limit: &str) -> Self {
        let quantity = |name: &str, value: &str| (name.to_owned(), Quantity(value.to_owned()));
        Self {
            requests: BTreeMap::from([quantity("cpu", cpu), quantity("memory", memory)]),
            limits: BTreeMap::from([quantity("memory", memory_limit)]),
        }
    }
}

impl From<Resources> for ResourceRequirements {
    fn from(resources: Resources) -> Self {
        let non_empty = |map: BTreeMap<String, Quantity>| (!map.is_empty()).then_some(map);
        Self { requests: non_empty(resources.requests), limits: non_empty(resources.limits), claims: None }
    }
}
