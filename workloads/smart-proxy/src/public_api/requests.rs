//! On-demand gathering: a cluster asks for the result of the archive that it has sent.
//!
//! The results are in Valkey or, where no server is configured, in the database.

use ccx_auth::Caller;
use ccx_messages::{ClusterId, OrgId, RuleSelector};
use ccx_storage::StoredRequest;
use ccx_valkey::RequestTimes;
use chrono::Utc;

use super::PublicApi;
use crate::{
    error::ApiError,
    model::{GatheringRequest, RequestHit, RequestReport},
    texts::total_risk,
};

impl PublicApi {
    /// Lists the processed requests of a cluster.
    pub async fn requests(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
    ) -> Result<Vec<GatheringRequest>, ApiError> {
        let Some(store) = &self.requests else {
            let stored = self.stored_requests(caller.org_id, cluster_id, None).await?;
            return Ok(stored.into_iter().map(GatheringRequest::from).collect());
        };
        let requests = store.requests(caller.org_id, cluster_id).await?;
        Ok(requests.into_iter().map(GatheringRequest::from).collect())
    }

    /// Returns the state of those requests of a cluster that a client names; unknown ones are not valid.
    pub async fn requests_by_id(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        ids: &[String],
    ) -> Result<Vec<GatheringRequest>, ApiError> {
        let unknown = |id: &String| GatheringRequest {
            request_id: id.clone(),
            valid: false,
            received: String::new(),
            processed: String::new(),
        };
        let Some(store) = &self.requests else {
            let all = self.requests(caller, cluster_id).await?;
            let find = |id: &String| all.iter().find(|request| request.request_id == *id).cloned();
            return Ok(ids.iter().map(|id| find(id).unwrap_or_else(|| unknown(id))).collect());
        };
        let known = store.request_times(caller.org_id, cluster_id, ids).await?;
        let known = known.into_iter().chain(std::iter::repeat(None));
        let state = |(id, times): (&String, Option<RequestTimes>)| {
            times.map_or_else(|| unknown(id), GatheringRequest::from)
        };
        Ok(ids.iter().zip(known).map(state).collect())
    }

    /// Fails unless a request of a cluster is processed.
    pub async fn require_processed(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        request_id: &str,
    ) -> Result<(), ApiError> {
        let is_processed = match &self.requests {
            Some(store) => store.is_processed(caller.org_id, cluster_id, request_id).await?,
            None => !self.stored_requests(caller.org_id, cluster_id, Some(request_id)).await?.is_empty(),
        };
        if is_processed { Ok(()) } else { Err(ApiError::NoRequest) }
    }

    /// Returns the result of a request. Rules without texts are left out.
    pub async fn request_report(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        request_id: &str,
    ) -> Result<RequestReport, ApiError> {
        let hits = if let Some(store) = &self.requests {
            store.rule_hits(caller.org_id, cluster_id, request_id).await?
        } else {
            let stored = self.stored_requests(caller.org_id, cluster_id, Some(request_id)).await?;
            stored.first().map(|request| selectors(&request.rule_hits))
        };
        let texts = self.texts(caller);
        let report = hits.ok_or(ApiError::NoRequest)?.into_iter().filter_map(|selector| {
            let content = texts.get(&selector)?;
            Some(RequestHit {
                rule_fqdn: selector.rule.to_string(),
                error_key: selector.error_key.to_string(),
                description: content.description.source().to_owned(),
                total_risk: total_risk(content),
            })
        });
        Ok(RequestReport { report: report.collect() })
    }

    async fn stored_requests(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        request_id: Option<&str>,
    ) -> Result<Vec<StoredRequest>, ApiError> {
        Ok(self.database.processed_requests(org_id, cluster_id, request_id, Utc::now()).await?)
    }
}

/// Parses the rules that hit; those that are no selectors are left out.
fn selectors(rule_hits: &str) -> Vec<RuleSelector> {
    rule_hits.split(',').filter_map(|selector| selector.parse().ok()).collect()
}

impl From<StoredRequest> for GatheringRequest {
    fn from(stored: StoredRequest) -> Self {
        Self {
            request_id: stored.request_id,
            valid: true,
            received: stored.received,
            processed: stored.processed,
        }
    }
}

impl From<RequestTimes> for GatheringRequest {
    fn from(times: RequestTimes) -> Self {
        Self {
            request_id: times.request_id,
            valid: true,
            received: times.received,
            processed: times.processed,
        }
    }
}
