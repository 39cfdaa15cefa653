//! Results on standard output.

use std::{fmt::Write as _, net::SocketAddr};

use ccx_config::SmartProxy;
use serde::Serialize;

use super::{
    report::{Hit, Reports},
    wait::{Failed, Outcome, Served},
};
use crate::output::{self, Format, OutputError, wrap, wrap_command};

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

/// Prints the result of an archive.
///
/// URLs are shown only if the API keeps running.
pub(super) fn outcome(
    format: Format,
    outcome: &Outcome,
    reports: &Reports,
    is_serving: bool,
) -> Result<(), OutputError> {
    match (format, outcome) {
        (Format::Json, Outcome::Served(served)) => output::print_json(&served_row(served, reports)),
        (Format::Json, Outcome::Failed(failed)) => output::print_json(&failed_row(failed)),
        (Format::Text, Outcome::Served(served)) => {
            output::print(&served_text(served, reports, is_serving, output::width()))
        }
        (Format::Text, Outcome::Failed(failed)) => output::print(&failed_text(failed)),
    }
}

/// Prints the URLs of the API.
pub(super) fn urls(
    reports: &Reports,
    public_api: &SmartProxy,
    uploads: SocketAddr,
) -> Result<(), OutputError> {
    output::print(&format!(
        "\nUpload an archive: drop it onto the page, or send it as a cluster does:\n  \
         curl -F 'file=@insights.tar.gz;type=application/vnd.redhat.openshift.periodic+tgz' \
         http://{uploads}/api/ingress/v1/upload\n\nAll clusters, and what else can be asked:\n  curl -s {}\n  curl -s {}\n\nThe public API, as the console and the insights \
         operator read it:\n  curl -s {}\n\nThe page, for a browser:\n  {}",
        reports.clusters_url(),
        reports.openapi_url(),
        format_args!("http://{}{}v2/clusters", public_api.listen, public_api.api_prefix),
        format_args!("http://{}{}/clusters", public_api.listen, ccx_web::BASE)
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

fn served_text(served: &Served, reports: &Reports, is_serving: bool, width: usize) -> String {
    let Served { archive, cluster_id, recommendations, .. } = served;
    let found = match recommendations.len() {
        0 => "nothing to recommend".to_owned(),
        1 => "1 recommendation".to_owned(),
        hits => format!("{hits} recommendations"),
    };
    let mut text = format!("\n{archive}\ncluster {cluster_id}: {found}");
    for recommendation in recommendations {
        let (risk, indent) = (risk(recommendation.total_risk), " ".repeat(RISK_COLUMN));
        let headline = format!("{} ({})", recommendation.description, recommendation.key());
        let _ = write!(text, "\n\n{}", wrap(&headline, &format!("  {risk:<11}"), &indent, width));
        let step = first_step(&recommendation.resolution);
        let deeper = format!("{indent}   ");
        let _ = write!(text, "\n{}", wrap(step.text, &indent, &deeper, width));
        for command in step.commands {
            let _ = write!(text, "\n{}", wrap_command(command, &deeper, width));
        }
    }
    if !recommendations.is_empty() {
        text.push_str("\n\nWhy it matters, and all steps:");
        let _ = match (is_serving, recommendations.first()) {
            (true, _) | (_, None) => write!(text, "\n  curl -s {}", reports.recommendations_url(*cluster_id)),
            (false, Some(first)) => write!(text, " ccx rules explain {}", first.key()),
        };
    }
    text
}

/// The column of headlines, after the longest name of a risk.
const RISK_COLUMN: usize = 13;

fn risk(total_risk: u8) -> &'static str {
    match total_risk {
        0 | 1 => "low",
        2 => "moderate",
        3 => "important",
        _ => "critical",
    }
}

/// The limit of commands that are shown of a step.
const MAX_COMMANDS: usize = 3;

/// The first step of a resolution.
#[derive(Debug, Default, PartialEq)]
struct Step<'a> {
    text: &'a str,
    commands: Vec<&'a str>,
}

/// Returns the first step of a resolution in Markdown: its first numbered line, or else its first line, and the
/// first commands of the code block that follows.
fn first_step(resolution: &str) -> Step<'_> {
    let lines: Vec<&str> = resolution.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = lines.iter().position(|line| line.starts_with("1.")).unwrap_or_default();
    let Some((text, rest)) = lines.get(first..).and_then(|lines| lines.split_first()) else {
        return Step::default();
    };
    let mut rest = rest.iter().copied();
    let is_followed_by_code = rest.next().is_some_and(|line| line.starts_with("```"));
    let commands = rest.take_while(|line| is_followed_by_code && !line.starts_with("```"));
    Step { text, commands: commands.take(MAX_COMMANDS).collect() }
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

    const RECOMMENDATION: &str = r#"{"rule_id":"ccx_rules.a.report","total_risk":3,
        "description":"A node does not answer, and its pods are not rescheduled",
        "resolution":"1. Find the node:\n\n   ```\n   oc get nodes\n   oc logs -n openshift-etcd -l app=etcd --tail=2000\n   ```\n\n2. Restart it","extra_data":{"error_key":"NODE_NOT_READY"}}"#;

    fn served() -> Served {
        Served {
            archive: "a.tar".into(),
            cluster_id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            request_id: "abc".into(),
            report: serde_json::from_str(REPORT).unwrap(),
            recommendations: vec![serde_json::from_str(RECOMMENDATION).unwrap()],
            elapsed: Duration::from_millis(12),
        }
    }

    fn reports() -> Reports {
        let settings = Aggregator { listen: ([127, 0, 0, 1], 8080).into(), ..Aggregator::default() };
        Reports::new(&settings, OrgId::new(1).unwrap()).unwrap()
    }

    #[test]
    fn json_row_has_the_documented_fields() {
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
    fn text_has_title_risk_and_first_step_of_each_recommendation() {
        let text = served_text(&served(), &reports(), true, 60);
        let expected = [
            "",
            "a.tar",
            "cluster 00000000-0000-4000-8000-000000000001: 1 recommendation",
            "",
            "  important  A node does not answer, and its pods are not",
            "             rescheduled (NODE_NOT_READY)",
            "             1. Find the node:",
            "                oc get nodes",
            "                oc logs -n openshift-etcd -l app=etcd \\",
            "                  --tail=2000",
            "",
            "Why it matters, and all steps:",
            "  curl -s http://127.0.0.1:8080/api/v1/organizations/1/clusters/\
             00000000-0000-4000-8000-000000000001/users/1/recommendations",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn text_without_a_server_has_no_url() {
        let text = served_text(&served(), &reports(), false, 80);
        assert!(text.ends_with("all steps: ccx rules explain NODE_NOT_READY"), "{text}");
        assert!(!text.contains("http"), "{text}");
    }

    #[test]
    fn first_step_is_the_first_numbered_line_with_its_commands() {
        let without_commands = |text| Step { text, commands: Vec::new() };
        assert_eq!(
            first_step("Note:\n\n1. Do this.\n2. Do that.\n```\nb\n```"),
            without_commands("1. Do this.")
        );
        assert_eq!(first_step("\nAsk somebody.\n"), without_commands("Ask somebody."));
        assert_eq!(first_step(""), Step::default());
        let step = first_step("1. List:\n\n   ```bash\n   a\n   b\n   c\n   d\n   ```\n\n2. Do that.");
        assert_eq!(step, Step { text: "1. List:", commands: vec!["a", "b", "c"] });
    }
}
