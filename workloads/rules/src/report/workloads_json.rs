//! The workload checks in the JSON form of the Python engine, for the consumers of `ccx.dvo.results`.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Report,
    json::{AnalysisMetadata, System},
};
use crate::{Workload, WorkloadRecommendation};

/// The most objects in the details; the list of workloads has all of them.
const MAX_SAMPLES: usize = 10;

/// The address of kube-linter's descriptions of its checks.
const CHECK_URL: &str = "https://docs.kubelinter.io/#/generated/checks?id=";

/// Encodes the failed workload checks of a report.
pub(super) fn encode(report: &Report, recommendations: &[WorkloadRecommendation]) -> Box<RawValue> {
    let now = report.now.map(|now| now.to_rfc3339());
    let sections = Sections {
        analysis_metadata: AnalysisMetadata::new(now.as_deref(), None),
        fingerprints: [],
        system: System::default(),
        workload_recommendations: recommendations.iter().map(Item::from).collect(),
    };
    to_raw_value(&sections).expect("strings, lists and structs are always JSON")
}

#[derive(Serialize)]
struct Sections<'a> {
    analysis_metadata: AnalysisMetadata<'a>,
    fingerprints: [(); 0],
    system: System,
    workload_recommendations: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    response_id: String,
    component: String,
    key: &'a str,
    details: Details<'a>,
    tags: [&'a str; 0],
    links: Links<'a>,
    workloads: Vec<&'a Workload>,
}

#[derive(Serialize)]
struct Details<'a> {
    check_name: &'a str,
    check_url: String,
    samples: Vec<&'a Workload>,
}

/// Links to documentation: always empty, the content has them.
#[derive(Default, Serialize)]
struct Links<'a> {
    jira: [&'a str; 0],
    product_documentation: [&'a str; 0],
}

impl<'a> From<&'a WorkloadRecommendation> for Item<'a> {
    fn from(recommendation: &'a WorkloadRecommendation) -> Self {
        let WorkloadRecommendation { rule, error_key, check_name, workloads } = recommendation;
        let module = rule.as_str();
        let short_name = module.rsplit('.').next().unwrap_or(module);
        Self {
            response_id: format!("{short_name}|{error_key}"),
            component: rule.recommendation_component(),
            key: error_key.as_str(),
            details: Details {
                check_name,
                check_url: format!("{CHECK_URL}{check_name}"),
                samples: workloads.iter().take(MAX_SAMPLES).collect(),
            },
            tags: [],
            links: Links::default(),
            workloads: workloads.iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn workload(number: usize) -> Workload {
        let text = |prefix: &str| format!("{prefix}-{number:02}");
        Workload {
            namespace: String::new(),
            namespace_uid: text("ns"),
            kind: "Deployment".into(),
            name: String::new(),
            uid: text("uid"),
        }
    }

    fn report(workloads: usize) -> Report {
        let recommendation = WorkloadRecommendation {
            rule: "ccx_rules.external.dvo.host_pid".parse().unwrap(),
            error_key: "DVO_HOST_PID".parse().unwrap(),
            check_name: "host-pid".into(),
            workloads: (0..workloads).map(workload).collect(),
        };
        let now = Some("2026-01-15T12:00:00Z".parse().unwrap());
        Report { now, workloads: Some(vec![recommendation]), ..Report::default() }
    }

    fn encoded(report: &Report) -> Value {
        serde_json::from_str(report.workloads_to_json().unwrap().get()).unwrap()
    }

    #[test]
    fn recommendation_has_the_shape_that_consumers_know() {
        let object = json!({"namespace": "", "namespace_uid": "ns-00", "kind": "Deployment", "name": "", "uid": "uid-00"});
        let expected = json!({
            "analysis_metadata": {
                "start": "2026-01-15T12:00:00+00:00", "finish": "2026-01-15T12:00:00+00:00",
                "execution_context": "ccx_rules.Archive",
                "plugin_sets": {"ccx_rules": {"version": env!("CARGO_PKG_VERSION"), "commit": null}},
            },
            "fingerprints": [],
            "system": {"metadata": {}, "hostname": null},
            "workload_recommendations": [{
                "response_id": "host_pid|DVO_HOST_PID",
                "component": "ccx_rules.external.dvo.host_pid.recommendation",
                "key": "DVO_HOST_PID",
                "details": {
                    "check_name": "host-pid",
                    "check_url": "https://docs.kubelinter.io/#/generated/checks?id=host-pid",
                    "samples": [object.clone()],
                },
                "tags": [],
                "links": {"jira": [], "product_documentation": []},
                "workloads": [object],
            }],
        });
        assert_eq!(encoded(&report(1)), expected);
    }

    #[test]
    fn ten_samples_stand_for_all_workloads() {
        let encoded = encoded(&report(12));
        let recommendation = &encoded["workload_recommendations"][0];
        let count = |value: &Value| value.as_array().unwrap().len();
        assert_eq!(
            (count(&recommendation["details"]["samples"]), count(&recommendation["workloads"])),
            (10, 12)
        );
    }

    #[test]
    fn report_of_the_cluster_has_no_workloads() {
        let report = report(1);
        assert!(!report.to_json().get().contains("workload"));
        assert!(Report::default().workloads_to_json().is_none());
    }
}
