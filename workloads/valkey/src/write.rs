//! Writing of processed requests.

use chrono::Utc;
use snafu::ResultExt as _;

use crate::{
    ProcessedRequest, RequestStore, ValkeyError,
    error::CommandSnafu,
    index,
    keys::{self, field},
};

impl RequestStore {
    /// Writes processed requests, all or none, in one round trip. A request that is written again is kept longer.
    ///
    /// Requests without an id are left out: no client can ask for them.
    pub async fn write(&self, requests: &[ProcessedRequest]) -> Result<(), ValkeyError> {
        let requests: Vec<ProcessedRequest> =
            requests.iter().filter(|request| !request.request_id.is_empty()).cloned().collect();
        if requests.is_empty() {
            return Ok(());
        }
        let seconds = self.expiration.as_secs();
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        for request in &requests {
            let ProcessedRequest { org_id, cluster_id, request_id, .. } = request;
            let key = keys::request(*org_id, *cluster_id, request_id);
            let reports = keys::reports(*org_id, *cluster_id, request_id);
            pipeline.cmd("SET").arg(key).arg("").arg("EX").arg(seconds).ignore();
            pipeline
                .cmd("HSET")
                .arg(&reports)
                .arg(&[(field::ORG_ID, org_id.to_string()), (field::CLUSTER_ID, cluster_id.to_string())])
                .arg(&[(field::REQUEST_ID, request_id)])
                .arg(&[(field::RECEIVED, request.received()), (field::PROCESSED, request.processed())])
                .arg(&[(field::RULE_HITS, request.rule_hits())])
                .ignore();
            pipeline.cmd("EXPIRE").arg(&reports).arg(seconds).ignore();
        }
        index::add(&mut pipeline, &requests, self.expiration, Utc::now());
        let written = pipeline.exec_async(&mut self.connection()).await;
        written.context(CommandSnafu { action: "write processed requests" })
    }
}
