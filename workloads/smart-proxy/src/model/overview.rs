//! The sums over an organisation.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::HitsByRisk;

/// The sums over all clusters of an organisation, without disabled rules.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Overview {
    /// Number of clusters with a hit.
    pub clusters_hit: u32,
    /// Number of hits of each severity.
    pub hit_by_risk: HitsByRisk,
    /// Number of hits of rules with each tag.
    pub hit_by_tag: BTreeMap<String, u32>,
}
