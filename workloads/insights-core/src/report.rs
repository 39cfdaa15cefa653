//! The report of insights-core's JSON formats.

use ccx_messages::{ErrorKey, RuleFqdn};
use ccx_rules::{Finding, Foreign, Kind, Skip};
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
    /// The findings and skips, and a sentence for each item that no consumer could make sense of.
    pub(crate) fn into_foreign(self) -> (Foreign, Vec<String>) {
        let mut foreign = Foreign::default();
        let mut misfits = Vec::new();
        let sections = [
            (Kind::Hit, self.reports),
            (Kind::Info, self.info),
            (Kind::Pass, self.pass),
            (Kind::Fingerprint, self.fingerprints),
        ];
        for (kind, items) in sections {
            for item in items {
                match item.into_finding() {
                    Ok(finding) => foreign.findings.push((kind, finding)),
                    Err(misfit) => misfits.push(misfit),
                }
            }
        }
        for SkipItem { rule_fqdn, details } in self.skips {
            // insights-core brings a few rules of its own, which are no news.
            if let Ok(rule) = rule_of(&rule_fqdn) {
                foreign.skips.push(Skip { rule, details });
            }
        }
        (foreign, misfits)
    }
}

impl Item {
    fn into_finding(self) -> Result<Finding, String> {
        let Self { component, key, details, tags, links } = self;
        let rule = rule_of(&component)?;
        let error_key: ErrorKey = key.parse().map_err(|error| format!("key {key:?} of {component}: {error}"))?;
        Ok(Finding { rule, error_key, details, tags, links })
    }
}

fn rule_of(component: &str) -> Result<RuleFqdn, String> {
    let module = component.strip_suffix(FUNCTION);
    let module =
        module.ok_or_else(|| format!("component {component:?} does not end in {FUNCTION}; call the rule's function so"))?;
    module.parse().map_err(|error| format!("component {component:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn foreign(report: serde_json::Value) -> (Foreign, Vec<String>) {
        serde_json::from_value::<PythonReport>(report).unwrap().into_foreign()
    }

    #[test]
    fn a_hit_keeps_its_details_tags_and_links() {
        let (foreign, misfits) = foreign(json!({"system": {}, "reports": [{"rule_id": "r|KEY", "component": "org.r.report",
            "type": "rule", "key": "KEY", "details": {"type": "rule", "error_key": "KEY", "b": 1, "a": 2}, "tags": ["t"],
            "links": {"jira": ["J"]}}]}));
        assert_eq!(misfits, Vec::<String>::new());
        let (kind, finding) = &foreign.findings[0];
        assert_eq!((*kind, finding.rule.as_str(), finding.error_key.as_str()), (Kind::Hit, "org.r", "KEY"));
        assert_eq!(finding.tags, ["t"]);
        assert_eq!(finding.links.as_ref().unwrap().get(), r#"{"jira":["J"]}"#);
    }

    #[test]
    fn a_rule_with_another_function_is_said_and_left_out() {
        let item = json!({"component": "org.r.check", "key": "KEY", "details": {}});
        let (foreign, misfits) = foreign(json!({"reports": [item]}));
        assert!(foreign.findings.is_empty());
        assert_eq!(misfits, [r#"component "org.r.check" does not end in .report; call the rule's function so"#]);
    }

    #[test]
    fn skips_come_along() {
        let skip = json!({"rule_fqdn": "org.r.report", "reason": "MISSING_REQUIREMENTS", "details": "All: ['x'] Any: ", "type": "skip"});
        let (foreign, _) = foreign(json!({"skips": [skip]}));
        assert_eq!(foreign.skips[0].rule.as_str(), "org.r");
        assert_eq!(foreign.skips[0].details, "All: ['x'] Any: ");
    }
}
