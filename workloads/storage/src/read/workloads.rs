//! The table `dvo.dvo_report`: recommendations for the workloads of namespaces.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

macro_rules! columns {
    () => {
        "cluster_id, namespace_id, COALESCE(namespace_name, '') AS namespace_name, recommendations, objects,
         reported_at AT TIME ZONE 'UTC' AS reported_at, last_checked_at AT TIME ZONE 'UTC' AS last_checked_at,
         COALESCE(rule_hits_count::text, '{}') AS hit_counts"
    };
}

/// Uses `report_org_id_cluster_id_idx (org_id, cluster_id)` of schema `dvo`. `$2` is null for all clusters.
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM dvo.dvo_report WHERE org_id = $1 AND ($2::text[] IS NULL OR cluster_id = ANY ($2))
      ORDER BY cluster_id, namespace_id"
);

/// Uses `report_org_id_cluster_id_idx` of schema `dvo`, or `dvo_report_pkey (org_id, cluster_id, namespace_id)`.
pub(crate) const READ: &str = concat!(
    "SELECT ",
    columns!(),
    ", COALESCE(report, '') AS report FROM dvo.dvo_report WHERE org_id = $1 AND cluster_id = $2 AND namespace_id = $3"
);

/// A namespace with recommendations for its workloads.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Namespace {
    /// The cluster.
    pub cluster_id: String,
    /// The namespace's UID.
    pub namespace_id: String,
    /// The namespace's name; empty when unknown.
    pub namespace_name: String,
    /// Number of recommendations.
    pub recommendations: i32,
    /// Number of workloads that they concern.
    pub objects: i32,
    /// When the namespace was first reported.
    pub reported_at: Option<DateTime<Utc>>,
    /// When the archive was announced.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// Number of workloads for each `<rule>|<error key>`: a JSON object.
    pub hit_counts: String,
}

/// A namespace with the report of its cluster.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct NamespaceReport {
    /// The namespace.
    #[sqlx(flatten)]
    pub namespace: Namespace,
    /// The report, about all namespaces of the cluster: JSON, usually inside a JSON string.
    pub report: String,
}

impl Database {
    /// Lists the namespaces of an organisation, or of `clusters`.
    pub async fn namespaces(
        &self,
        org_id: OrgId,
        clusters: Option<&[ClusterId]>,
    ) -> Result<Vec<Namespace>, StorageError> {
        let names = clusters.map(|clusters| clusters.iter().map(ClusterId::to_string).collect::<Vec<_>>());
        let list = sqlx::query_as(LIST).bind(org_id.as_i32()).bind(names);
        let mut connection = self.acquire().await?;
        self.statements().run("list namespaces", list.fetch_all(&mut *connection)).await
    }

    /// Reads a namespace of a cluster with its report.
    pub async fn namespace(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        namespace_id: &str,
    ) -> Result<Option<NamespaceReport>, StorageError> {
        let read = sqlx::query_as(READ).bind(org_id.as_i32()).bind(cluster_id.to_string()).bind(namespace_id);
        let mut connection = self.acquire().await?;
        self.statements().run("read a namespace", read.fetch_optional(&mut *connection)).await
    }
}
