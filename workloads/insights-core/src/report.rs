//! The report of insights-core's JSON formats.

use ccx_config::HitDetails;
use ccx_messages::{ErrorKey, RuleFqdn};
use ccx_rules::{ExternalFindings, Finding, Kind, Skip, SkipReason};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What rules of OpenShift are called: the module, and this function in it.
const FUNCTION: &str = ".report";

/// The sections that a report of ours has too.
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
    /// The findings and skips, and what consumers could not have made sense of.
    pub(crate) fn into_findings(self, details: HitDetails) -> (ExternalFindings, Misfits) {
        let mut findings = ExternalFindings::default();
        let mut misfits = Misfits::default();
        let sections = [
            (Kind::Hit, self.reports),
            (Kind::Info, self.info),
            (Kind::Pass, self.pass),
            (Kind::Fingerprint, self.fingerprints),
        ];
        for (kind, items) in sections {
            for item in items {
                match item.into_finding(kind, details, &mut misfits.changed) {
                    Ok(finding) => findings.findings.push((kind, finding)),
                    Err(misfit) => misfits.left_out.push(misfit),
                }
            }
        }
        for SkipItem { rule_fqdn, details } in self.skips {
            // insights-core brings a few rules of its own, which are no news.
            if let Ok(rule) = rule_of(&rule_fqdn) {
                findings.skips.push(Skip { rule, reason: SkipReason::MissingRequirements, details });
            }
        }
        (findings, misfits)
    }
}

/// What consumers could not have made sense of, in a sentence for each item.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Misfits {
    pub left_out: Vec<String>,
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

    fn findings_of(report: serde_json::Value) -> (ExternalFindings, Misfits) {
        serde_json::from_value::<PythonReport>(report).unwrap().into_findings(HitDetails::ForClients)
    }

    #[test]
    fn a_hit_keeps_its_details_tags_and_links() {
        let (findings, misfits) = findings_of(
            json!({"system": {}, "reports": [{"rule_id": "r|KEY", "component": "org.r.report",
            "type": "rule", "key": "KEY", "details": {"type": "rule", "error_key": "KEY", "b": 1, "a": 2}, "tags": ["t"],
            "links": {"jira": ["J"]}}]}),
        );
        assert_eq!(misfits, Misfits::default());
        let (kind, finding) = &findings.findings[0];
        assert_eq!((*kind, finding.rule.as_str(), finding.error_key.as_str()), (Kind::Hit, "org.r", "KEY"));
        assert_eq!(finding.tags, ["t"]);
        assert_eq!(finding.links.as_ref().unwrap().get(), r#"{"jira":["J"]}"#);
    }

    #[test]
    fn a_rule_with_another_function_is_said_and_left_out() {
        let item = json!({"component": "org.r.check", "key": "KEY", "details": {}});
        let (findings, misfits) = findings_of(json!({"reports": [item]}));
        assert!(findings.findings.is_empty());
        assert_eq!(
            misfits.left_out,
            [r#"component "org.r.check" does not end in .report; call the rule's function so"#]
        );
    }

    /// A report with a hit that has these details.
    fn hit(details: &serde_json::Value) -> serde_json::Value {
        json!({"reports": [{"component": "org.r.report", "key": "KEY", "details": details}]})
    }

    #[test]
    fn details_that_clients_can_not_read_are_changed_and_that_is_said() {
        let nodes = json!([{"name": "a", "role": "worker"}]);
        let (findings, misfits) =
            findings_of(hit(&json!({"type": "rule", "error_key": "KEY", "nodes": nodes})));
        let details: serde_json::Value = serde_json::from_str(findings.findings[0].1.details.get()).unwrap();
        assert_eq!(
            details,
            json!({"type": "rule", "error_key": "KEY", "nodes": ["a"], "node_details": nodes})
        );
        let changed = vec!["details of org.r.report, KEY: nodes".to_owned()];
        assert_eq!(misfits, Misfits { left_out: Vec::new(), changed });
    }

    #[test]
    fn details_that_are_no_object_are_left_out() {
        let (findings, misfits) = findings_of(hit(&json!(null)));
        assert!(findings.findings.is_empty());
        assert_eq!(misfits.left_out, ["details of org.r.report, KEY: they are not a JSON object"]);
    }

    #[test]
    fn details_stay_as_they_are_when_that_is_wanted() {
        let report: PythonReport = serde_json::from_value(hit(&json!({"nodes": [{"name": "a"}]}))).unwrap();
        let (findings, misfits) = report.into_findings(HitDetails::AsIs);
        assert_eq!(findings.findings[0].1.details.get(), r#"{"nodes":[{"name":"a"}]}"#);
        assert_eq!(misfits, Misfits::default());
    }

    #[test]
    fn skips_come_along() {
        let skip = json!({"rule_fqdn": "org.r.report", "reason": "MISSING_REQUIREMENTS", "details": "All: ['x'] Any: ", "type": "skip"});
        let (findings, _) = findings_of(json!({"skips": [skip]}));
        assert_eq!(findings.skips[0].rule.as_str(), "org.r");
        assert_eq!(findings.skips[0].details, "All: ['x'] Any: ");
    }
}
