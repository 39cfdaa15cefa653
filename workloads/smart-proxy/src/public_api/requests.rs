//! On-demand gathering: a cluster asks for the result of the archive that it has sent.

use ccx_auth::Caller;
use ccx_messages::ClusterId;
use ccx_valkey::RequestTimes;

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
        let Some(store) = &self.requests else { return Ok(Vec::new()) };
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
        let known = match &self.requests {
            Some(store) => store.request_times(caller.org_id, cluster_id, ids).await?,
            None => Vec::new(),
        };
        let known = known.into_iter().chain(std::iter::repeat(None));
        let state = |(id, times): (&String, Option<RequestTimes>)| match times {
            Some(times) => times.into(),
            None => GatheringRequest {
                request_id: id.clone(),
                valid: false,
                received: String::new(),
                processed: String::new(),
            },
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
        let store = self.requests.as_ref().ok_or(ApiError::NoRequest)?;
        let is_processed = store.is_processed(caller.org_id, cluster_id, request_id).await?;
        if is_processed { Ok(()) } else { Err(ApiError::NoRequest) }
    }

    /// Returns the result of a request. Rules without texts are left out.
    pub async fn request_report(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        request_id: &str,
    ) -> Result<RequestReport, ApiError> {
        let store = self.requests.as_ref().ok_or(ApiError::NoRequest)?;
        let hits = store.rule_hits(caller.org_id, cluster_id, request_id).await?;
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
