//! `spec.aggregator`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AggregatorAutoscaling, ByteQuantity, Exposure, GoDuration, PodTemplate, Resources,
    schema::{
        field::{duration_between, image, metrics_namespace, size_from},
        rule::{cpu_is_requested, fits_into_memory, rule},
    },
};

/// The pods that serve reports by REST.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Aggregator::rules()))]
pub struct Aggregator {
    /// Number of pods, unless `autoscaling` decides.
    #[schemars(range(min = 0, max = 512))]
    pub replicas: u32,
    /// Whether and how the number of pods follows the load.
    pub autoscaling: AggregatorAutoscaling,
    /// The image of these pods; absent means `spec.image`.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Requests and limits of a pod.
    pub resources: Resources,
    /// Further settings of the pods.
    pub pod_template: PodTemplate,
    /// Exposure of the API outside the cluster.
    pub exposure: Exposure,
    /// Authentication of requests.
    pub authentication: Authentication,
    /// The path before every endpoint.
    #[schemars(length(min = 1, max = 128))]
    pub api_prefix: String,
    /// Clusters without a report in this time are left out of an organisation's list.
    #[schemars(transform = duration_between("1m", "8760h"))]
    pub org_overview_limit: GoDuration,
    /// Maximum memory of a pod for cached responses.
    pub max_cache_size: ByteQuantity,
    /// Largest body of a request.
    #[schemars(transform = size_from("1Ki"))]
    pub max_body_size: ByteQuantity,
    /// Maximum of clusters in one request.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_clusters_per_request: u32,
    /// Largest reason that a user may give for disabling a rule, in bytes.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_feedback_bytes: u32,
    /// Whether the operations for debugging are served, which list organisations and delete reports.
    pub debug: bool,
    /// Timeout of a request.
    #[schemars(transform = duration_between("100ms", "10m"))]
    pub request_timeout: GoDuration,
    /// Prefix of the metrics' names.
    #[schemars(transform = metrics_namespace)]
    pub metrics_namespace: String,
    /// Time that a pod has at shutdown to finish requests in flight.
    #[schemars(transform = duration_between("1s", "10m"))]
    pub shutdown_timeout: GoDuration,
}

impl Aggregator {
    fn rules() -> Vec<Rule> {
        vec![
            cpu_is_requested(),
            fits_into_memory("maxCacheSize"),
            rule(
                "self.apiPrefix.matches('^/([-A-Za-z0-9_.]+/)*$')",
                "write a path that begins and ends with /, of letters, digits, -, _ and .",
            )
            .field_path(".apiPrefix"),
        ]
    }
}

/// Authentication of requests to the aggregator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Authentication {
    /// None: a gateway in front authenticates.
    None,
    /// By the header `x-rh-identity`, for the organisation in it. A gateway in front has to set or remove it.
    #[default]
    XRhIdentity,
}

impl Default for Aggregator {
    fn default() -> Self {
        Self {
            replicas: 2,
            autoscaling: AggregatorAutoscaling::default(),
            image: None,
            resources: Resources::new("100m", "128Mi", "512Mi"),
            pod_template: PodTemplate::default(),
            exposure: Exposure::default(),
            authentication: Authentication::default(),
            api_prefix: "/api/v1/".into(),
            org_overview_limit: GoDuration::from_hours(3),
            max_cache_size: ByteQuantity::mebibytes(64),
            max_body_size: ByteQuantity::mebibytes(1),
            max_clusters_per_request: 10_000,
            max_feedback_bytes: 255,
            debug: false,
            request_timeout: GoDuration::from_secs(30),
            metrics_namespace: "insights_results_aggregator".into(),
            shutdown_timeout: GoDuration::from_secs(25),
        }
    }
}
