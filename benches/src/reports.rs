//! Results messages and rows like those of production: 5 kB, 5 hits.

use ccx_messages::{
    ClusterId, Metadata, OrgId, ReportedName, Results, ResultsMessage, Timestamp, format_utc_seconds,
};
use ccx_storage::NewReport;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{json, value::to_raw_value};

/// The number of rules that hit.
const HITS: usize = 5;

/// The number of rules that lack data; their explanations are most of a report.
const SKIPS: usize = 13;

/// The organisation that all clusters belong to.
pub(crate) fn org_id() -> OrgId {
    OrgId::new(1).expect("1 is an organisation")
}

/// When the first report of each cluster was announced; the `n`th one is `n` hours younger.
pub(crate) fn last_checked(n: u32) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(24) + TimeDelta::hours(i64::from(n))
}

/// A results message of about 5 kB.
pub(crate) fn message(cluster_id: ClusterId, last_checked: DateTime<Utc>) -> Vec<u8> {
    let hits: Vec<_> = (0..HITS).map(hit).collect();
    let skips: Vec<_> = (0..SKIPS).map(skip).collect();
    let report = json!({
        "analysis_metadata": { "start": last_checked, "finish": last_checked, "execution_context": "", "plugin_sets": {} },
        "fingerprints": [],
        "info": [{
            "info_id": "version_info|CLUSTER_VERSION_INFO",
            "component": "ccx_rules_processing.version_info.report",
            "type": "info",
            "key": "CLUSTER_VERSION_INFO",
            "details": { "type": "info", "info_key": "CLUSTER_VERSION_INFO", "version": "4.18.9" },
        }],
        "pass": [],
        "reports": hits,
        "skips": skips,
        "system": { "metadata": {}, "hostname": null },
    });
    ResultsMessage {
        org_id: org_id(),
        account_number: None,
        cluster_id,
        report: &to_raw_value(&report).expect("a JSON value is JSON"),
        last_checked: &Timestamp::from(last_checked),
        version: 2,
        request_id: Some("0123456789abcdef0123456789abcdef"),
        metadata: Metadata {
            gathering_time: Some(format_utc_seconds(last_checked)),
            cluster_name: ReportedName::parse("prod.example.com"),
        },
    }
    .to_json()
}

/// The same as the writer stores it.
pub(crate) fn row(cluster_id: ClusterId, last_checked: DateTime<Utc>) -> NewReport {
    let message = message(cluster_id, last_checked);
    Results::parse(&message).expect("we have made it").into()
}

fn hit(number: usize) -> serde_json::Value {
    let key = format!("SOMETHING_IS_WRONG_{number}");
    json!({
        "rule_id": format!("rule_{number}|{key}"),
        "component": format!("ccx_rules.external.rule_{number}.report"),
        "type": "rule",
        "key": key,
        "details": {
            "type": "rule",
            "error_key": key,
            "operators": [{ "name": "monitoring", "reason": "UpdatingAlertmanagerFailed", "message": "x".repeat(160) }],
        },
        "tags": ["openshift", "service_availability"],
        "links": {},
    })
}

fn skip(number: usize) -> serde_json::Value {
    json!({
        "rule_fqdn": format!("ccx_rules.external.rule_without_data_{number}.report"),
        "reason": "MISSING_REQUIREMENTS",
        "details": "All: ['machine_config_pools', 'nodes'] Any: ",
        "type": "skip",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_message_has_the_size_of_production_messages() {
        let message = message(ClusterId::random(), last_checked(0));
        assert!((4500..6000).contains(&message.len()), "{} bytes", message.len());
        assert_eq!(row(ClusterId::random(), last_checked(0)).hits.len(), HITS);
    }
}
