//! The notifications of the writer about changed reports, by PostgreSQL's LISTEN and NOTIFY.

use std::fmt::Write;

use ccx_messages::{ClusterId, OrgId};

/// The channel.
pub const REPORT_CHANNEL: &str = "ccx_report";

/// PostgreSQL refuses payloads from 8000 bytes on.
const MAX_PAYLOAD_BYTES: usize = 7000;

/// More payloads than this in one transaction would cost more than reading everything again.
const MAX_PAYLOADS: usize = 16;

/// The payload for more changes than are listed: any report may have changed.
const EVERYTHING: &str = "*";

/// A report that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportKey {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
}

/// Encodes `changed` as `org:cluster`, joined by commas.
pub(crate) fn encode(changed: impl Iterator<Item = ReportKey>) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for ReportKey { org_id, cluster_id } in changed {
        let entry = format!("{org_id}:{cluster_id}");
        match payloads.last_mut() {
            Some(payload) if payload.len() + 1 + entry.len() <= MAX_PAYLOAD_BYTES => {
                // Writing to a String cannot fail.
                let _ = write!(payload, ",{entry}");
            }
            _ => payloads.push(entry),
        }
    }
    if payloads.len() > MAX_PAYLOADS { vec![EVERYTHING.to_owned()] } else { payloads }
}

/// Decodes the reports of a payload; `None` means any report, also for an unknown payload.
pub(crate) fn decode(payload: &str) -> Option<Vec<ReportKey>> {
    payload.split(',').map(decode_entry).collect()
}

fn decode_entry(entry: &str) -> Option<ReportKey> {
    let (org_id, cluster_id) = entry.split_once(':')?;
    Some(ReportKey { org_id: org_id.parse().ok()?, cluster_id: cluster_id.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> Vec<ReportKey> {
        let org_id = OrgId::new(2_147_483_647).unwrap();
        (0..count).map(|_| ReportKey { org_id, cluster_id: ClusterId::random() }).collect()
    }

    #[test]
    fn payloads_are_bounded_and_name_every_report_once() {
        let keys = keys(1000);
        let payloads = encode(keys.iter().copied());
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD_BYTES));
        let decoded: Vec<ReportKey> = payloads.iter().flat_map(|payload| decode(payload).unwrap()).collect();
        assert_eq!(decoded, keys);
    }

    #[test]
    fn more_reports_than_fit_are_everything() {
        let payloads = encode(keys(10_000).into_iter());
        assert_eq!(payloads, ["*"]);
        assert_eq!(decode("*"), None);
    }

    #[test]
    fn empty_change_has_no_payload_and_an_unknown_payload_is_everything() {
        assert!(encode(std::iter::empty()).is_empty());
        for nonsense in ["", "1", "1:x", "1:5d5892d3-1f74-4ccf-91af-548dfc9767aa,"] {
            assert_eq!(decode(nonsense), None, "{nonsense:?}");
        }
    }
}
