//! The table `ccx.processed_request`: the results of archives that clusters wait for, where no Valkey server is configured.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// Writes many requests at once; `processed_request_pkey (org_id, cluster_id, request_id)`.
const WRITE: &str = "\
    INSERT INTO ccx.processed_request (org_id, cluster_id, request_id, received, processed, rule_hits, expires_at)
    SELECT DISTINCT ON (org_id, cluster_id, request_id) org_id, cluster_id, request_id, received, processed, rule_hits, $7
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS new (org_id, cluster_id, request_id, received, processed, rule_hits)
    ON CONFLICT (org_id, cluster_id, request_id) DO UPDATE SET
        received = excluded.received, processed = excluded.processed, rule_hits = excluded.rule_hits,
        expires_at = excluded.expires_at";

/// Uses `ccx_processed_request_expiry (expires_at)`.
const DELETE_EXPIRED: &str = "DELETE FROM ccx.processed_request WHERE expires_at < $1";

/// Uses `processed_request_pkey`.
const LIST: &str = "\
    SELECT request_id, received, processed, rule_hits FROM ccx.processed_request
    WHERE org_id = $1 AND cluster_id = $2 AND request_id = COALESCE($3, request_id) AND expires_at >= $4
    ORDER BY processed DESC, request_id";

/// A processed request, to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProcessedRequest {
    /// The organisation.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The content of the row.
    pub request: StoredRequest,
}

/// A processed request.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct StoredRequest {
    /// The id of the archive's upload.
    pub request_id: String,
    /// When the data was gathered, as text.
    pub received: String,
    /// When the result was stored, as text.
    pub processed: String,
    /// The rules that hit, as `<module>|<error key>`, separated by commas.
    pub rule_hits: String,
}

impl Database {
    /// Stores processed requests until `expires_at`, and deletes those that have expired by `now`.
    pub async fn store_processed_requests(
        &self,
        requests: &[NewProcessedRequest],
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        self.require_own_tables().await?;
        let column = |field: fn(&StoredRequest) -> &String| -> Vec<String> {
            requests.iter().map(|new| field(&new.request).clone()).collect()
        };
        let write = sqlx::query(WRITE)
            .bind(requests.iter().map(|new| new.org_id.as_i32()).collect::<Vec<_>>())
            .bind(requests.iter().map(|new| new.cluster_id.to_string()).collect::<Vec<_>>())
            .bind(column(|request| &request.request_id))
            .bind(column(|request| &request.received))
            .bind(column(|request| &request.processed))
            .bind(column(|request| &request.rule_hits))
            .bind(expires_at.naive_utc());
        let delete = sqlx::query(DELETE_EXPIRED).bind(now.naive_utc());
        let mut connection = self.acquire().await?;
        self.statements().run("store processed requests", write.execute(&mut *connection)).await?;
        self.statements().run("delete expired requests", delete.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Lists the processed requests of a cluster, or the one with `request_id`, the latest first.
    pub async fn processed_requests(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        request_id: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredRequest>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let list = sqlx::query_as(LIST)
            .bind(org_id.as_i32())
            .bind(cluster_id.to_string())
            .bind(request_id)
            .bind(now.naive_utc());
        let mut connection = self.acquire().await?;
        self.statements().run("list processed requests", list.fetch_all(&mut *connection)).await
    }
}
