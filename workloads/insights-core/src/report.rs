//! The report in the JSON format of insights-core.

use ccx_config::HitDetails;
use ccx_messages::{ErrorKey, RuleFqdn};
use ccx_rules::{ExternalFindings, Finding, Kind, Skip, SkipReason};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The function of a rule: rules of OpenShift are named by their module and this function.
const FUNCTION: &str = ".report";

/// The sections that have an equivalent in a report of the Rust engine.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PythonReport {
    reports: Vec<Item>,
    info: Vec<Item>,
    pass: Vec<Item>,
    fingerprints: Vec<Item>,
    skips: Vec<SkipItem>,
}

#[derive(Debug, Deserialize)]
struct Item {
    component: String,
    key: String,
    details: Box<RawValue>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    links: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct SkipItem {
    rule_fqdn: String,
    details: String,
}

impl PythonReport {
    /// Converts the report to findings and skips, and returns the items that consumers could not have read.
    pub(crate) fn into_findings(self, details: HitDetails) -> (ExternalFindings, ReportProblems) {
        let mut findings = ExternalFindings::default();
        let mut problems = ReportProblems::default();
        let sections = [
            (Kind::Hit, self.reports),
            (Kind::Info, self.info),
            (Kind::Pass, self.pass),
            (Kind::Fingerprint, self.fingerprints),
        ];
        for (kind, items) in sections {
            for item in items {
                match item.into_finding(kind, details, &mut problems.changed) {
                    Ok(finding) => findings.findings.push((kind, finding)),
                    Err(problem) => problems.dropped.push(problem),
                }
            }
        }
        for SkipItem { rule_fqdn, details } in self.skips {
            // Skips of insights-core's own rules are not reported.
            if let Ok(rule) = rule_of(&rule_fqdn) {
                findings.skips.push(Skip { rule, reason: SkipReason::MissingRequirements, details });
            }
        }
        (findings, problems)
    }
}

/// Items that consumers could not have read, with one sentence for each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportProblems {
    pub dropped: Vec<String>,
    pub changed: Vec<String>,
}

impl Item {
    fn into_finding(
        self,
        kind: Kind,
        wanted: HitDetails,
        changed: &mut Vec<String>,
    ) -> Result<Finding, String> {
        let Self { component, key, details, tags, links } = self;
        let rule = rule_of(&component)?;
        let error_key: ErrorKey =
            key.parse().map_err(|error| format!("key {key:?} of {component}: {error}"))?;
        let mut finding = Finding { rule, error_key, details, tags, links };
        if wanted == HitDetails::ForClients {
            let fields =
                finding.adapt(kind).map_err(|error| format!("details of {component}, {key}: {error}"))?;
            if !fields.is_empty() {
                changed.push(format!("details of {component}, {key}: {}", fields.join(", ")));
            }
        }
        Ok(finding)
    }
}

fn rule_of(component: &str) -> Result<RuleFqdn, String> {
    let module = component.strip_suffix(FUNCTION);
    let module = module.ok_or_else(|| {
        format!("component {component:?} does not end in {FUNCTION}; call the rule's function so")
    })?;
    module.parse().map_err(|error| format!("component {component:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings_of(report: serde_json::Value) -> (ExternalFindings, ReportProblems) {
        serde_json::from_value::<PythonReport>(report).unwrap().into_findings(HitDetails::ForClients)
    }

    #[test]
    fn hit_keeps_its_details_tags_and_links() {
        let (findings, problems) = findings_of(
            json!({"system": {}, "reports": [{"rule_id": "r|KEY", "component": "org.r.report",
            "type": "rule", "key": "KEY", "details": {"type": "rule", "error_key": "KEY", "b": 1, "a": 2}, "tags": ["t"],
            "links": {"jira": ["J"]}}]}),
        );
        assert_eq!(problems, ReportProblems::default());
        let (kind, finding) = &findings.findings[0];
        assert_eq!((*kind, finding.rule.as_str(), finding.error_key.as_str()), (Kind::Hit, "org.r", "KEY"));
        assert_eq!(finding.tags, ["t"]);
        assert_eq!(finding.links.as_ref().unwrap().get(), r#"{"jira":["J"]}"#);
    }

    #[test]
    fn rule_with_another_function_is_reported_and_dropped() {
        let item = json!({"component": "org.r.check", "key": "KEY", "details": {}});
        let (findings, problems) = findings_of(json!({"reports": [item]}));
        assert!(findings.findings.is_empty());
        assert_eq!(
            problems.dropped,
            [r#"component "org.r.check" does not end in .report; call the rule's function so"#]
        );
    }

    /// Returns a report with a hit that has these details.
    fn hit(details: &serde_json::Value) -> serde_json::Value {
        json!({"reports": [{"component": "org.r.report", "key": "KEY", "details": details}]})
    }

    #[test]
    fn unreadable_details_are_changed_and_reported() {
        let nodes = json!([{"name": "a", "role": "worker"}]);
        let (findings, problems) =
            findings_of(hit(&json!({"type": "rule", "error_key": "KEY", "nodes": nodes})));
        let details: serde_json::Value = serde_json::from_str(findings.findings[0].1.details.get()).unwrap();
        assert_eq!(
            details,
            json!({"type": "rule", "error_key": "KEY", "nodes": ["a"], "node_details": nodes})
        );
        let changed = vec!["details of org.r.report, KEY: nodes".to_owned()];
        assert_eq!(problems, ReportProblems { dropped: Vec::new(), changed });
    }

    #[test]
    fn finding_with_details_that_are_not_an_object_is_dropped() {
        let (findings, problems) = findings_of(hit(&json!(null)));
        assert!(findings.findings.is_empty());
        assert_eq!(problems.dropped, ["details of org.r.report, KEY: they are not a JSON object"]);
    }

    #[test]
    fn unchanged_mode_keeps_details() {
        let report: PythonReport = serde_json::from_value(hit(&json!({"nodes": [{"name": "a"}]}))).unwrap();
        let (findings, problems) = report.into_findings(HitDetails::AsIs);
        assert_eq!(findings.findings[0].1.details.get(), r#"{"nodes":[{"name":"a"}]}"#);
        assert_eq!(problems, ReportProblems::default());
    }

    #[test]
    fn skips_are_included() {
        let skip = json!({"rule_fqdn": "org.r.report", "reason": "MISSING_REQUIREMENTS", "details": "All: ['x'] Any: ", "type": "skip"});
        let (findings, _) = findings_of(json!({"skips": [skip]}));
        assert_eq!(findings.skips[0].rule.as_str(), "org.r");
        assert_eq!(findings.skips[0].details, "All: ['x'] Any: ");
    }
}
