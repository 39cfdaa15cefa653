//! The stored report about the workloads of a cluster.

use std::borrow::Cow;

use ccx_messages::RuleSelector;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{model::WorkloadObject, snapshot::selector};

/// A recommendation for workloads of one namespace.
#[derive(Debug)]
pub(super) struct StoredFinding {
    pub(super) selector: RuleSelector,
    /// The data for the texts, JSON.
    pub(super) details: String,
    pub(super) objects: Vec<WorkloadObject>,
}

#[derive(Deserialize)]
struct StoredReport<'a> {
    #[serde(borrow, default)]
    workload_recommendations: Vec<StoredRecommendation<'a>>,
}

#[derive(Deserialize)]
struct StoredRecommendation<'a> {
    #[serde(borrow, default)]
    component: Cow<'a, str>,
    #[serde(borrow, default)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workloads: Vec<StoredWorkload<'a>>,
}

#[derive(Deserialize)]
struct StoredWorkload<'a> {
    #[serde(borrow, default)]
    namespace_uid: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

/// Returns the recommendations for a namespace; none when the report is damaged, which is logged.
pub(super) fn findings(report: &str, namespace_uid: &str) -> Vec<StoredFinding> {
    let json = decoded(report);
    let stored: StoredReport<'_> = match serde_json::from_str(&json) {
        Ok(stored) => stored,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            tracing::warn!(namespace_uid, line, column, "stored report about workloads is not valid JSON");
            return Vec::new();
        }
    };
    stored.workload_recommendations.iter().filter_map(|stored| finding(stored, namespace_uid)).collect()
}

/// Reports are stored as JSON inside a JSON string; old ones as JSON, or as the inside of such a string.
fn decoded(report: &str) -> Cow<'_, str> {
    if report.starts_with('"') {
        return serde_json::from_str::<String>(report).map_or(Cow::Borrowed(report), Cow::Owned);
    }
    if report.starts_with("{\\") {
        return report.replace('\\', "").into();
    }
    report.into()
}

fn finding(stored: &StoredRecommendation<'_>, namespace_uid: &str) -> Option<StoredFinding> {
    let in_namespace = stored.workloads.iter().filter(|workload| workload.namespace_uid == namespace_uid);
    let objects: Vec<WorkloadObject> = in_namespace
        .map(|workload| WorkloadObject {
            kind: workload.kind.clone().into_owned(),
            uid: workload.uid.clone().into_owned(),
            display_name: workload.name.clone().into_owned(),
        })
        .collect();
    if objects.is_empty() {
        return None;
    }
    let rule = stored.component.strip_suffix(".recommendation").unwrap_or(&stored.component);
    let details = stored.details.map_or("{}", RawValue::get).to_owned();
    Some(StoredFinding { selector: selector(rule, &stored.key)?, details, objects })
}
