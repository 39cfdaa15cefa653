//! What came out, on standard output.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    outcome::{Failed, Outcome, Served},
    report::{Hit, Reports},
};
use crate::output::{self, Format, OutputError};

#[derive(Serialize)]
struct ServedRow<'a> {
    archive: &'a str,
    cluster_id: String,
    org_id: u32,
    request_id: &'a str,
    hits: Vec<HitRow<'a>>,
    report_url: String,
    elapsed_ms: u128,
}

#[derive(Serialize)]
struct HitRow<'a> {
    rule_fqdn: String,
    error_key: &'a str,
}

#[derive(Serialize)]
struct FailedRow<'a> {
    archive: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    error: &'a str,
}

/// Shows what has become of an archive.
pub(super) fn outcome(format: Format, outcome: &Outcome, reports: &Reports) -> Result<(), OutputError> {
    match (format, outcome) {
        (Format::Json, Outcome::Served(served)) => output::print_json(&served_row(served, reports)),
        (Format::Json, Outcome::Failed(failed)) => output::print_json(&failed_row(failed)),
        (Format::Text, Outcome::Served(served)) => output::print(&served_text(served, reports)),
        (Format::Text, Outcome::Failed(failed)) => output::print(&failed_text(failed)),
    }
}

/// Shows what else can be asked.
pub(super) fn urls(reports: &Reports) -> Result<(), OutputError> {
    output::print(&format!(
        "\nAll clusters, and what else can be asked:\n  curl -s {}\n  curl -s {}",
        reports.clusters_url(),
        reports.openapi_url()
    ))
}

fn served_row<'a>(served: &'a Served, reports: &Reports) -> ServedRow<'a> {
    let hit = |hit: &'a Hit| HitRow { rule_fqdn: hit.rule(), error_key: &hit.key };
    ServedRow {
        archive: &served.archive,
        cluster_id: served.cluster_id.to_string(),
        org_id: reports.org_id().get(),
        request_id: &served.request_id,
        hits: served.report.reports.iter().map(hit).collect(),
        report_url: reports.report_url(served.cluster_id),
        elapsed_ms: served.elapsed.as_millis(),
    }
}

fn failed_row(failed: &Failed) -> FailedRow<'_> {
    FailedRow { archive: &failed.archive, request_id: failed.request_id.as_deref(), error: &failed.error }
}

fn served_text(served: &Served, reports: &Reports) -> String {
    let Served { archive, cluster_id, report, .. } = served;
    let found = match report.reports.len() {
        0 => "nothing to recommend".to_owned(),
        1 => "1 recommendation".to_owned(),
        hits => format!("{hits} recommendations"),
    };
    let mut text = format!("\n{archive}\ncluster {cluster_id}: {found}\n");
    if !report.reports.is_empty() {
        let mut table = output::table(&["RULE", "FOUND", "SINCE"]);
        for hit in &report.reports {
            table.add_row([hit.rule(), hit.key.clone(), hit.impacted.clone().unwrap_or_default()]);
        }
        let _ = writeln!(text, "{table}");
    }
    let _ = write!(text, "  curl -s {}", reports.report_url(*cluster_id));
    if !report.reports.is_empty() {
        let _ = write!(
            text,
            "\nWhy they matter and what to do:\n  curl -s {}",
            reports.recommendations_url(*cluster_id)
        );
    }
    text
}

fn failed_text(failed: &Failed) -> String {
    format!("\n{}\nnot served: {}", failed.archive, failed.error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ccx_config::Aggregator;
    use ccx_messages::OrgId;

    use super::*;

    const REPORT: &str = r#"{"meta":{"count":1},"reports":[
        {"component":"ccx_rules.a.report","key":"A","details":{},"impacted":"2026-01-15T12:00:00Z"}]}"#;

    fn served() -> Served {
        Served {
            archive: "a.tar".into(),
            cluster_id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            request_id: "abc".into(),
            report: serde_json::from_str(REPORT).unwrap(),
            elapsed: Duration::from_millis(12),
        }
    }

    fn reports() -> Reports {
        let settings = Aggregator { listen: ([127, 0, 0, 1], 8080).into(), ..Aggregator::default() };
        Reports::new(&settings, OrgId::new(1).unwrap()).unwrap()
    }

    #[test]
    fn json_has_what_a_program_needs() {
        let json = serde_json::to_string(&served_row(&served(), &reports())).unwrap();
        assert_eq!(
            json,
            r#"{"archive":"a.tar","cluster_id":"00000000-0000-4000-8000-000000000001","org_id":1,"request_id":"abc","#
                .to_owned()
                + r#""hits":[{"rule_fqdn":"ccx_rules.a","error_key":"A"}],"#
                + r#""report_url":"http://127.0.0.1:8080/api/v1/organizations/1/clusters/00000000-0000-4000-8000-000000000001/users/1/report","#
                + r#""elapsed_ms":12}"#
        );
        let failed = Failed { archive: "b.tar".into(), request_id: None, error: "no".into() };
        assert_eq!(
            serde_json::to_string(&failed_row(&failed)).unwrap(),
            r#"{"archive":"b.tar","error":"no"}"#
        );
    }

    #[test]
    fn text_has_the_recommendations_and_the_way_to_them() {
        let text = served_text(&served(), &reports());
        for part in [
            "a.tar\n",
            "1 recommendation\n",
            "ccx_rules.a",
            "2026-01-15T12:00:00Z",
            "curl -s http://127.0.0.1:8080/",
            "/recommendations",
        ] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
    }
}
