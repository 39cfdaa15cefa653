//! The stored parts of a message about the workloads of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use ccx_messages::{ClusterId, FailedCheck, OrgId, Workloads};
use chrono::{DateTime, SubsecRound, Utc};

use crate::batch::ClusterResult;

/// The checks that a cluster's workloads fail, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkloads {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// When the archive was announced, to the microsecond as PostgreSQL keeps it: of two reports the later one counts.
    pub last_checked_at: DateTime<Utc>,
    /// The whole report: JSON inside a JSON string.
    pub report: String,
    /// The namespaces with failing workloads, each once, by their ids.
    pub namespaces: Vec<NewNamespace>,
    /// Whether the sender has authenticated as the cluster. If not, the report must not move it from another organisation.
    pub is_authenticated: bool,
}

/// A namespace with workloads that fail checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNamespace {
    /// Its id.
    pub id: String,
    /// Its name; empty when unknown.
    pub name: String,
    /// Number of checks that its workloads fail.
    pub recommendations: i32,
    /// Number of its workloads that fail a check.
    pub objects: i32,
    /// Number of workloads for each `<rule>|<error key>`.
    pub hit_counts: BTreeMap<String, i32>,
}

impl ClusterResult for NewWorkloads {
    fn org_id(&self) -> OrgId {
        self.org_id
    }

    fn cluster_id(&self) -> ClusterId {
        self.cluster_id
    }

    fn last_checked_at(&self) -> DateTime<Utc> {
        self.last_checked_at
    }
}

impl From<Workloads<'_>> for NewWorkloads {
    fn from(workloads: Workloads<'_>) -> Self {
        Self {
            org_id: workloads.org_id,
            cluster_id: workloads.cluster_id,
            last_checked_at: workloads.last_checked.utc().trunc_subsecs(6),
            report: workloads.report.to_stored_json(),
            namespaces: namespaces(&workloads.report.recommendations),
            is_authenticated: true,
        }
    }
}

/// Groups failed checks by namespace.
fn namespaces(recommendations: &[FailedCheck<'_>]) -> Vec<NewNamespace> {
    #[derive(Default)]
    struct Group<'a> {
        namespace: NewNamespace,
        objects: BTreeSet<&'a str>,
    }
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for check in recommendations {
        let selector = selector(check);
        let mut concerned = BTreeSet::new();
        for workload in &check.workloads {
            let group = groups.entry(&workload.namespace_uid).or_default();
            if group.objects.is_empty() {
                group.namespace.name = workload.namespace.to_string();
            }
            group.objects.insert(&workload.uid);
            group.namespace.recommendations += i32::from(concerned.insert(&workload.namespace_uid));
            if let Some(selector) = &selector {
                *group.namespace.hit_counts.entry(selector.clone()).or_default() += 1;
            }
        }
    }
    let finish = |(id, Group { namespace, objects }): (&str, Group<'_>)| NewNamespace {
        id: id.to_owned(),
        objects: i32::try_from(objects.len()).unwrap_or(i32::MAX),
        ..namespace
    };
    groups.into_iter().map(finish).collect()
}

/// Returns `<rule>|<error key>`, unless one of them is missing.
fn selector(check: &FailedCheck<'_>) -> Option<String> {
    let rule = check.component.strip_suffix(".recommendation").unwrap_or(&check.component);
    (!rule.is_empty() && !check.error_key.is_empty()).then(|| format!("{rule}|{}", check.error_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_checks_are_grouped_by_namespace() {
        let message = br#"{"OrgID":7,"ClusterName":"00000000-0000-4000-8000-000000000001",
            "LastChecked":"2026-01-15T12:00:00.123456789Z","Metrics":{"workload_recommendations":[
            {"component":"r.a.recommendation","key":"A","workloads":[
                {"namespace":"one","namespace_uid":"n1","uid":"u1"}, {"namespace":"one","namespace_uid":"n1","uid":"u2"},
                {"namespace":"two","namespace_uid":"n2","uid":"u3"}]},
            {"component":"r.b.recommendation","key":"B","workloads":[{"namespace":"one","namespace_uid":"n1","uid":"u1"}]},
            {"component":"","key":"C","workloads":[{"namespace_uid":"n2","uid":"u4"}]}]}}"#;
        let workloads = NewWorkloads::from(Workloads::parse_if(message, |_| true).unwrap().unwrap());
        let counts =
            |counts: &[(&str, i32)]| counts.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        let one = NewNamespace {
            id: "n1".into(),
            name: "one".into(),
            recommendations: 2,
            objects: 2,
            hit_counts: counts(&[("r.a|A", 2), ("r.b|B", 1)]),
        };
        let two = NewNamespace {
            id: "n2".into(),
            name: "two".into(),
            recommendations: 2,
            objects: 2,
            hit_counts: counts(&[("r.a|A", 1)]),
        };
        assert_eq!(workloads.namespaces, [one, two]);
        assert_eq!(workloads.last_checked_at.timestamp_subsec_nanos(), 123_456_000);
    }
}
