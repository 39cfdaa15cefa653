//! The index of a cluster's requests.
//!
//! Without it, a list of requests is found by `SCAN` over all keys of the server. Other services write no index, so that it is
//! complete only if every request that has not expired was written by our writer: [`since`](crate::keys::INDEXED_SINCE) says
//! since when. The key expires soon after the writer stops, so that a writer without an index makes readers scan again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::Pipeline;

use crate::{ProcessedRequest, keys};

/// Time after the last write for which the index counts as complete.
const VALID_FOR: Duration = Duration::from_hours(1);

/// Adds the commands that list requests in the indexes of their clusters.
pub(crate) fn add(
    pipeline: &mut Pipeline,
    requests: &[ProcessedRequest],
    expiration: Duration,
    now: DateTime<Utc>,
) {
    let seconds = expiration.as_secs();
    let expired = now.timestamp().saturating_sub_unsigned(seconds);
    for request in requests {
        let key = keys::index(request.org_id, request.cluster_id);
        pipeline.cmd("ZADD").arg(&key).arg(now.timestamp()).arg(&request.request_id).ignore();
        pipeline.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(expired).ignore();
        pipeline.cmd("EXPIRE").arg(&key).arg(seconds).ignore();
    }
    pipeline.cmd("SET").arg(keys::INDEXED_SINCE).arg(now.timestamp()).arg("NX").ignore();
    pipeline.cmd("EXPIRE").arg(keys::INDEXED_SINCE).arg(VALID_FOR.as_secs()).ignore();
}

/// Returns whether every request that has not expired is in an index that was begun at `since`, in seconds since 1970.
pub(crate) fn is_complete(since: Option<i64>, expiration: Duration, now: DateTime<Utc>) -> bool {
    since.is_some_and(|since| since <= now.timestamp().saturating_sub_unsigned(expiration.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_complete_once_older_requests_have_expired() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let day = Duration::from_hours(24);
        assert!(!is_complete(None, day, now));
        assert!(!is_complete(Some(1_000_000), day, now));
        assert!(!is_complete(Some(1_000_000 - 86_399), day, now));
        assert!(is_complete(Some(1_000_000 - 86_400), day, now));
    }
}
