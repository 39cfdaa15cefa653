//! Reading of processed requests.

use ccx_messages::{ClusterId, OrgId, RuleSelector};
use chrono::Utc;
use redis::aio::ConnectionManager;
use snafu::ResultExt as _;

use crate::{
    RequestStore, RequestTimes, ValkeyError,
    error::CommandSnafu,
    index,
    keys::{self, field},
};

/// Keys that the server visits in one step of a scan.
const SCAN_STEP: usize = 1000;

impl RequestStore {
    /// Lists the processed requests of a cluster, in no particular order.
    pub async fn requests(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
    ) -> Result<Vec<RequestTimes>, ValkeyError> {
        let request_ids = self.request_ids(org_id, cluster_id).await?;
        let times = self.request_times(org_id, cluster_id, &request_ids).await?;
        Ok(times.into_iter().flatten().collect())
    }

    /// Returns the times of requests of a cluster, in the order of `request_ids`; `None` for a request that is not processed or
    /// has expired.
    pub async fn request_times(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        request_ids: &[String],
    ) -> Result<Vec<Option<RequestTimes>>, ValkeyError> {
        if request_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for request_id in request_ids {
            let key = keys::reports(org_id, cluster_id, request_id);
            pipeline.cmd("HMGET").arg(key).arg(&[field::REQUEST_ID, field::RECEIVED, field::PROCESSED]);
        }
        let hashes: Vec<[Option<String>; 3]> = pipeline
            .query_async(&mut self.connection())
            .await
            .context(CommandSnafu { action: "read the times of requests" })?;
        let times = |[request_id, received, processed]: [Option<String>; 3]| {
            let request_id = request_id.filter(|id| !id.is_empty())?;
            Some(RequestTimes {
                request_id,
                received: received.unwrap_or_default(),
                processed: processed.unwrap_or_default(),
            })
        };
        Ok(hashes.into_iter().map(times).collect())
    }

    /// Returns whether a request of a cluster is processed.
    pub async fn is_processed(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        request_id: &str,
    ) -> Result<bool, ValkeyError> {
        let exists = redis::cmd("EXISTS").arg(keys::request(org_id, cluster_id, request_id)).to_owned();
        let exists: u8 = exists
            .query_async(&mut self.connection())
            .await
            .context(CommandSnafu { action: "read the status of a request" })?;
        Ok(exists > 0)
    }

    /// Returns the rules that hit in the archive of a request; `None` for a request that is not processed or has expired.
    ///
    /// Hits that are no rule selectors are left out.
    pub async fn rule_hits(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        request_id: &str,
    ) -> Result<Option<Vec<RuleSelector>>, ValkeyError> {
        let key = keys::reports(org_id, cluster_id, request_id);
        let read = redis::cmd("HMGET").arg(key).arg(&[field::REQUEST_ID, field::RULE_HITS]).to_owned();
        let [request_id, rule_hits]: [Option<String>; 2] = read
            .query_async(&mut self.connection())
            .await
            .context(CommandSnafu { action: "read the report of a request" })?;
        if request_id.is_none_or(|id| id.is_empty()) {
            return Ok(None);
        }
        let csv = rule_hits.unwrap_or_default();
        Ok(Some(csv.split(',').filter_map(|selector| selector.parse().ok()).collect()))
    }

    async fn request_ids(&self, org_id: OrgId, cluster_id: ClusterId) -> Result<Vec<String>, ValkeyError> {
        const ACTION: &str = "list the requests of a cluster";
        let mut connection = self.connection();
        let mut pipeline = redis::pipe();
        pipeline.cmd("GET").arg(keys::INDEXED_SINCE);
        pipeline.cmd("ZRANGE").arg(keys::index(org_id, cluster_id)).arg(0).arg(-1);
        let (since, indexed): (Option<i64>, Vec<String>) =
            pipeline.query_async(&mut connection).await.context(CommandSnafu { action: ACTION })?;
        if index::is_complete(since, self.expiration, Utc::now()) {
            return Ok(indexed);
        }
        scan(&mut connection, org_id, cluster_id).await.context(CommandSnafu { action: ACTION })
    }
}

/// Finds the requests of a cluster among all keys of the server.
async fn scan(
    connection: &mut ConnectionManager,
    org_id: OrgId,
    cluster_id: ClusterId,
) -> redis::RedisResult<Vec<String>> {
    let pattern = keys::pattern(org_id, cluster_id);
    let mut request_ids = std::collections::BTreeSet::new();
    let mut cursor = 0_u64;
    loop {
        let step =
            redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCAN_STEP).to_owned();
        let (next, found): (u64, Vec<String>) = step.query_async(connection).await?;
        let ids = found.iter().filter_map(|key| keys::request_id_of(org_id, cluster_id, key));
        request_ids.extend(ids.map(str::to_owned));
        if next == 0 {
            return Ok(request_ids.into_iter().collect());
        }
        cursor = next;
    }
}
