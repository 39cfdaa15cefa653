//! Old revisions of static pod configuration that are not pruned.

use std::cmp::Reverse;

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{REVISION_COUNTS, RevisionCounts},
};

const KEY: &str = "STATIC_POD_REVISIONS_PILE_UP";

/// Maximum number of revisions. The pruner keeps ten; there may be more while new revisions are rolled out.
const MAX_REVISIONS: i64 = 50;

/// Maximum number of objects in the details; all objects of an operator accumulate together.
const MAX_LISTED: usize = 10;

pub(super) struct StaticPodRevisionLeak;

#[derive(Serialize)]
struct Details<'a> {
    objects: Vec<ManyRevisions<'a>>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct ManyRevisions<'a> {
    namespace: &'a str,
    kind: &'a str,
    name: &'a str,
    revisions: i64,
}

impl Rule for StaticPodRevisionLeak {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.static_pod_revision_leak", KEY)
            .requires(REVISION_COUNTS)
            .not_on(ClusterKind::HostedControlPlane, "the control plane has no static pods")
            .not_on(ClusterKind::ManagedService, "the provider maintains the control plane")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let objects = context.within_budget(objects(context.revision_counts()?));
        let mut objects: Vec<_> = objects.filter(|object| object.revisions > MAX_REVISIONS).collect();
        objects.sort_by(|a, b| (Reverse(a.revisions), a).cmp(&(Reverse(b.revisions), b)));
        objects.truncate(MAX_LISTED);
        (!objects.is_empty()).then(|| Response::hit(KEY, &Details { objects }))
    }
}

fn objects<'a>(counts: &'a RevisionCounts<'_>) -> impl Iterator<Item = ManyRevisions<'a>> {
    counts.iter().flat_map(|(namespace, kinds)| {
        kinds.iter().flat_map(move |(kind, names)| {
            names.iter().map(move |(name, revisions)| ManyRevisions {
                namespace,
                kind,
                name,
                revisions: revisions.0.unwrap_or_default(),
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const PATH: &str = "config/versioned_object_revision_counts.json";

    #[test]
    fn largest_counts_are_listed() {
        let names: serde_json::Map<String, Value> =
            (0..12).map(|number| (format!("config-{number:02}"), json!(45 + number))).collect();
        let counts = json!({"openshift-etcd": {"secrets": {"serving": 60}}, "openshift-kube-apiserver": {"configmaps": names}});
        let object = |kind: &str, namespace: &str, name: &str, revisions: u32| -> Value {
            json!({"namespace": namespace, "kind": kind, "name": name, "revisions": revisions})
        };
        let config = |number: u32| {
            object("configmaps", "openshift-kube-apiserver", &format!("config-{number:02}"), 45 + number)
        };
        let objects = json!([
            object("secrets", "openshift-etcd", "serving", 60),
            config(11),
            config(10),
            config(9),
            config(8),
            config(7),
            config(6),
        ]);
        assert_eq!(ask(StaticPodRevisionLeak, &[(PATH, counts)]), Answer::Hit(json!({"objects": objects})));
    }

    #[test]
    fn ten_are_listed_and_equal_counts_by_name() {
        let names: serde_json::Map<String, Value> =
            (0..12).map(|number| (format!("c{number:02}"), json!(600))).collect();
        let Answer::Hit(details) = ask(StaticPodRevisionLeak, &[(PATH, json!({"ns": {"secrets": names}}))])
        else {
            panic!("no hit")
        };
        let listed: Vec<_> =
            details["objects"].as_array().unwrap().iter().map(|object| &object["name"]).collect();
        assert_eq!(listed, ["c00", "c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08", "c09"]);
    }

    #[test]
    fn fifty_revisions_are_silent() {
        for counts in
            [json!({"ns": {"configmaps": {"config": 50}}}), json!({"ns": {"configmaps": {"config": "60"}}})]
        {
            assert_eq!(ask(StaticPodRevisionLeak, &[(PATH, counts)]), Answer::Miss);
        }
        assert_eq!(ask(StaticPodRevisionLeak, &[]), Answer::skip_all(&["revision_counts"]));
    }

    #[test]
    fn other_file_name_is_read() {
        let counts = json!({"ns": {"configmaps": {"config": 51}}});
        assert!(matches!(
            ask(StaticPodRevisionLeak, &[("config/revisioned_objects.json", counts)]),
            Answer::Hit(_)
        ));
    }
}
