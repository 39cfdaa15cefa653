//! The names of keys and fields, which other services share.

use ccx_messages::{ClusterId, OrgId};

/// Fields of the hash of a request.
pub(crate) mod field {
    pub(crate) const ORG_ID: &str = "org_id";
    pub(crate) const CLUSTER_ID: &str = "cluster_id";
    pub(crate) const REQUEST_ID: &str = "request_id";
    pub(crate) const RECEIVED: &str = "received_timestamp";
    pub(crate) const PROCESSED: &str = "processed_timestamp";
    pub(crate) const RULE_HITS: &str = "rule_hits";
}

/// End of the key of a request's hash.
const REPORTS: &str = ":reports";

/// The key that exists when a request is processed.
pub(crate) fn request(org_id: OrgId, cluster_id: ClusterId, request_id: &str) -> String {
    format!("{}{request_id}", prefix(org_id, cluster_id))
}

/// The key of a request's hash.
pub(crate) fn reports(org_id: OrgId, cluster_id: ClusterId, request_id: &str) -> String {
    format!("{}{request_id}{REPORTS}", prefix(org_id, cluster_id))
}

/// The pattern of the keys of a cluster's requests, for `SCAN`.
pub(crate) fn pattern(org_id: OrgId, cluster_id: ClusterId) -> String {
    format!("{}?*", prefix(org_id, cluster_id))
}

/// Returns the request of a key of a cluster, unless it is the key of a hash.
pub(crate) fn request_id_of(org_id: OrgId, cluster_id: ClusterId, key: &str) -> Option<&str> {
    let request_id = key.strip_prefix(prefix(org_id, cluster_id).as_str())?;
    (!request_id.ends_with(REPORTS)).then_some(request_id)
}

/// The sorted set of a cluster's requests, by the time at which they were processed.
pub(crate) fn index(org_id: OrgId, cluster_id: ClusterId) -> String {
    format!("ccx:requests:{org_id}:{cluster_id}")
}

/// The time since which every request is in its cluster's index.
pub(crate) const INDEXED_SINCE: &str = "ccx:requests-indexed-since";

fn prefix(org_id: OrgId, cluster_id: ClusterId) -> String {
    format!("organization:{org_id}:cluster:{cluster_id}:request:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_other_services() {
        let org_id = OrgId::new(7).unwrap();
        let cluster_id: ClusterId = "5d5892d3-1f74-4ccf-91af-548dfc9767aa".parse().unwrap();
        let key = request(org_id, cluster_id, "a/b:c");
        assert_eq!(key, "organization:7:cluster:5d5892d3-1f74-4ccf-91af-548dfc9767aa:request:a/b:c");
        assert_eq!(reports(org_id, cluster_id, "a/b:c"), format!("{key}:reports"));
        assert_eq!(request_id_of(org_id, cluster_id, &key), Some("a/b:c"));
        assert_eq!(request_id_of(org_id, cluster_id, &format!("{key}:reports")), None);
        assert_eq!(request_id_of(OrgId::new(70).unwrap(), cluster_id, &key), None);
    }
}
