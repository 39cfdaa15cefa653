//! On-demand gathering: a cluster sends an archive at once, and asks for its result.

use serde::Serialize;
use utoipa::ToSchema;

/// A request of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GatheringRequest {
    /// The id of the archive's upload.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// Whether the request is known.
    pub valid: bool,
    /// When the data was gathered.
    pub received: String,
    /// When the result was stored.
    pub processed: String,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequestReport {
    /// The rules that hit.
    pub report: Vec<RequestHit>,
}

/// A rule that hit, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequestHit {
    /// The rule's module.
    pub rule_fqdn: String,
    /// The error key.
    pub error_key: String,
    /// The headline.
    pub description: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
}
