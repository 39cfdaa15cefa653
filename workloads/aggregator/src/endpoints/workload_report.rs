//! The stored report about the workloads of a cluster.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A recommendation for workloads of a namespace. The texts are always empty; the service in front fills them in.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkloadRecommendation {
    /// The rule's module, a bar and an error key.
    check: String,
    details: &'static str,
    resolution: &'static str,
    modified: &'static str,
    more_info: &'static str,
    /// The data for the texts.
    #[schema(value_type = Object)]
    extra_data: Box<RawValue>,
    objects: Vec<Workload>,
}

/// A workload.
#[derive(Serialize, ToSchema)]
struct Workload {
    kind: String,
    uid: String,
    /// The workload's name; empty when unknown.
    display_name: String,
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
pub(super) fn recommendations(report: &str, namespace_uid: &str) -> Vec<WorkloadRecommendation> {
    let json = decoded(report);
    let stored: StoredReport<'_> = match serde_json::from_str(&json) {
        Ok(stored) => stored,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            tracing::warn!(namespace_uid, line, column, "stored report about workloads is not valid JSON");
            return Vec::new();
        }
    };
    let found = stored.workload_recommendations.iter();
    found.filter_map(|recommendation| for_namespace(recommendation, namespace_uid)).collect()
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

fn for_namespace(stored: &StoredRecommendation<'_>, namespace_uid: &str) -> Option<WorkloadRecommendation> {
    let in_namespace = stored.workloads.iter().filter(|workload| workload.namespace_uid == namespace_uid);
    let objects: Vec<Workload> = in_namespace
        .map(|workload| Workload {
            kind: workload.kind.clone().into_owned(),
            uid: workload.uid.clone().into_owned(),
            display_name: workload.name.clone().into_owned(),
        })
        .collect();
    let rule = stored.component.strip_suffix(".recommendation").unwrap_or(&stored.component);
    let details = stored.details.filter(|details| details.get().starts_with('{'));
    let no_details = || RawValue::from_string("{}".into()).expect("an empty object is JSON");
    (!objects.is_empty()).then(|| WorkloadRecommendation {
        check: format!("{rule}|{}", stored.key),
        details: "",
        resolution: "",
        modified: "",
        more_info: "",
        extra_data: details.map_or_else(no_details, ToOwned::to_owned),
        objects,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"system":{},"workload_recommendations":[
        {"component":"dvo.a.recommendation","key":"A","details":{"n":1.0},"workloads":[
            {"namespace_uid":"n1","kind":"Pod","uid":"u1","name":"p"},{"namespace_uid":"n2","kind":"Pod","uid":"u2"}]},
        {"component":"dvo.b.recommendation","key":"B","workloads":[{"namespace_uid":"n2"}]}]}"#;

    fn json(report: &str) -> String {
        serde_json::to_string(&recommendations(report, "n1")).unwrap()
    }

    #[test]
    fn recommendations_of_a_namespace_have_its_workloads_only() {
        let expected = r#"[{"check":"dvo.a|A","details":"","resolution":"","modified":"","more_info":"","extra_data":{"n":1.0},"objects":[{"kind":"Pod","uid":"u1","display_name":"p"}]}]"#;
        assert_eq!(json(REPORT), expected);
    }

    #[test]
    fn report_in_every_stored_form_is_read() {
        let as_string = serde_json::to_string(REPORT).unwrap();
        let inside = as_string.trim_matches('"').replace("\\n", "");
        for form in [&as_string, &inside] {
            assert_eq!(json(form), json(REPORT), "{form}");
        }
    }

    #[test]
    fn damaged_report_has_no_recommendations() {
        for damaged in ["", "{", "\"", "[]", "\"{\"", r#"{"workload_recommendations":{}}"#] {
            assert_eq!(json(damaged), "[]", "{damaged}");
        }
    }
}
