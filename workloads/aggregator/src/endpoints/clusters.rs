use std::{sync::Arc, time::Duration};

use axum::extract::State;
use ccx_http::{ClusterUuid, Json, Status};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, member::Member};

#[derive(Serialize, ToSchema)]
pub(crate) struct ClustersResponse {
    /// The clusters' ids, sorted.
    #[schema(value_type = Vec<ClusterUuid>)]
    clusters: Vec<String>,
    status: Status,
}

/// Clusters of an organisation that have reported lately.
#[utoipa::path(
    get,
    path = "/organizations/{organization}/clusters",
    responses((status = 200, description = "The clusters.", body = ClustersResponse))
)]
pub(crate) async fn clusters(
    member: Member,
    State(api): State<Arc<Api>>,
) -> Result<Json<ClustersResponse>, ApiError> {
    let since = earliest_report(Utc::now(), api.limits.org_overview);
    let clusters = api.database.clusters_of_organization(member.org_id(), since).await?;
    Ok(Json::new(&ClustersResponse { clusters, status: Status::Ok })?)
}

/// Returns the time before which reports don't count. A limit longer than the time since 1970 is no limit.
fn earliest_report(now: DateTime<Utc>, limit: Duration) -> DateTime<Utc> {
    let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(limit).unwrap_or(DateTime::UNIX_EPOCH).max(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_of_any_length_has_an_earliest_report() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!(earliest_report(now, Duration::from_secs(7)).timestamp(), 1_799_999_993);
        for limit in [Duration::MAX, Duration::from_secs(1 << 50), Duration::from_secs(1_800_000_001)] {
            assert_eq!(earliest_report(now, limit), DateTime::UNIX_EPOCH, "{limit:?}");
        }
    }
}
