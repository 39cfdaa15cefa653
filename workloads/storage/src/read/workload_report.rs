//! The recommendations in a report of the table `dvo.dvo_report`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::warn;

use super::NamespaceReport;

/// A recommendation for workloads of one namespace.
#[derive(Clone, Debug)]
pub struct WorkloadRecommendation {
    /// The rule's module.
    pub rule: String,
    /// The error key.
    pub error_key: String,
    /// The data for the texts, a JSON object.
    pub details: Box<RawValue>,
    /// The workloads, at least one.
    pub workloads: Vec<Workload>,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// The kind, for example `Deployment`.
    pub kind: String,
    /// The UID.
    pub uid: String,
    /// The name; empty when unknown.
    pub name: String,
}

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow, default)]
    workload_recommendations: Vec<Recommendation<'a>>,
}

#[derive(Deserialize)]
struct Recommendation<'a> {
    #[serde(borrow, default)]
    component: Cow<'a, str>,
    #[serde(borrow, default)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    workloads: Vec<RecommendedWorkload<'a>>,
}

#[derive(Deserialize)]
struct RecommendedWorkload<'a> {
    #[serde(borrow, default)]
    namespace_uid: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

impl NamespaceReport {
    /// Returns the recommendations for the namespace; none when the report is damaged, which is logged.
    pub fn recommendations(&self) -> Vec<WorkloadRecommendation> {
        recommendations(&self.report, &self.namespace.namespace_id)
    }
}

fn recommendations(report: &str, namespace_uid: &str) -> Vec<WorkloadRecommendation> {
    let json = decoded(report);
    let stored: Report<'_> = match serde_json::from_str(&json) {
        Ok(stored) => stored,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            warn!(namespace_uid, line, column, "stored report about workloads is not valid JSON");
            return Vec::new();
        }
    };
    stored.workload_recommendations.iter().filter_map(|found| found.for_namespace(namespace_uid)).collect()
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

impl Recommendation<'_> {
    fn for_namespace(&self, uid: &str) -> Option<WorkloadRecommendation> {
        let in_namespace = self.workloads.iter().filter(|workload| workload.namespace_uid == uid);
        let workloads: Vec<Workload> = in_namespace.map(RecommendedWorkload::to_owned).collect();
        let details = self.details.filter(|details| details.get().starts_with('{'));
        let no_details = || RawValue::from_string("{}".into()).expect("an empty object is JSON");
        (!workloads.is_empty()).then(|| WorkloadRecommendation {
            rule: self.component.strip_suffix(".recommendation").unwrap_or(&self.component).to_owned(),
            error_key: self.key.clone().into_owned(),
            details: details.map_or_else(no_details, ToOwned::to_owned),
            workloads,
        })
    }
}

impl RecommendedWorkload<'_> {
    fn to_owned(&self) -> Workload {
        let [kind, uid, name] = [&self.kind, &self.uid, &self.name].map(|text| text.clone().into_owned());
        Workload { kind, uid, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"system":{},"workload_recommendations":[
        {"component":"dvo.a.recommendation","key":"A","details":{"n":1.0},"workloads":[
            {"namespace_uid":"n1","kind":"Pod","uid":"u1","name":"p"},{"namespace_uid":"n2","kind":"Pod","uid":"u2"}]},
        {"component":"dvo.c","key":"C","details":[],"workloads":[{"namespace_uid":"n1"}]},
        {"component":"dvo.b.recommendation","key":"B","workloads":[{"namespace_uid":"n2"}]}]}"#;

    /// Returns the recommendations for the namespace `n1`: rule, error key, details, and names of workloads.
    fn found(report: &str) -> Vec<(String, String, String, Vec<String>)> {
        let found = recommendations(report, "n1").into_iter().map(|found| {
            let names = found.workloads.into_iter().map(|workload| workload.name).collect();
            (found.rule, found.error_key, found.details.get().to_owned(), names)
        });
        found.collect()
    }

    #[test]
    fn recommendations_of_a_namespace_have_its_workloads_only() {
        let expected = [("dvo.a", "A", r#"{"n":1.0}"#, "p"), ("dvo.c", "C", "{}", "")];
        let expected = expected
            .map(|(rule, key, details, name)| (rule.into(), key.into(), details.into(), vec![name.into()]));
        assert_eq!(found(REPORT), expected);
    }

    #[test]
    fn report_in_every_stored_form_is_read() {
        let as_string = serde_json::to_string(REPORT).unwrap();
        let inside = as_string.trim_matches('"').replace("\\n", "");
        for form in [&as_string, &inside] {
            assert_eq!(found(form), found(REPORT), "{form}");
        }
    }

    #[test]
    fn damaged_report_has_no_recommendations() {
        for damaged in ["", "{", "\"", "[]", "\"{\"", r#"{"workload_recommendations":{}}"#] {
            assert_eq!(found(damaged), [], "{damaged}");
        }
    }
}
