//! Garbage collectors that resynchronize because APIs disappear from discovery.

use serde::Serialize;

use super::{LOG_MAX_AGE, cut, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, FileMatches, LogQuery, Response, Rule, RuleMeta,
    documents::CONTROLLER_MANAGER_LOGS, documents::LogPath,
};

const KEY: &str = "KCM_GARBAGE_COLLECTOR_RESYNC";

/// An empty list (`removed: []`) does not count.
const RESYNCS: LogQuery = LogQuery::new(
    "kcm_gc_resync",
    CONTROLLER_MANAGER_LOGS,
    &["syncing garbage collector with updated resources from discovery"],
)
.matching(r"removed. \[[^\]]")
.within(LOG_MAX_AGE);

const MAX_REMOVED_CHARS: usize = 300;

pub(super) struct KcmGcResync;

#[derive(Serialize)]
struct Details<'a> {
    pods: Vec<Resyncing<'a>>,
}

#[derive(Serialize)]
struct Resyncing<'a> {
    pod: &'a str,
    count: usize,
    removed: String,
}

impl Rule for KcmGcResync {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.kcm_gc_resync", KEY)
            .scans(RESYNCS)
            .not_on(ClusterKind::HostedControlPlane, "the controller manager runs in the management cluster")
            .not_on(ClusterKind::ManagedService, "the provider maintains the control plane")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut pods = non_empty(context.within_budget(context.log_matches(&RESYNCS)).filter_map(resyncing))?;
        // Releases that record lines in two places record the same ones: the file with most of them counts.
        pods.sort_by(|a, b| (a.pod, b.count).cmp(&(b.pod, a.count)));
        pods.dedup_by(|other, kept| other.pod == kept.pod);
        Some(Response::hit(KEY, &Details { pods }))
    }
}

fn resyncing<'a>(matches: &FileMatches<'a>) -> Option<Resyncing<'a>> {
    let LogPath { pod, .. } = LogPath::parse(matches.path)?;
    let removed = matches
        .lines()
        .next()
        .and_then(|line| removed_list(&line).map(|list| cut(list, MAX_REMOVED_CHARS).into()));
    Some(Resyncing { pod, count: matches.count, removed: removed.unwrap_or_default() })
}

/// Returns the text between the brackets after `removed`.
fn removed_list(line: &str) -> Option<&str> {
    let (_, after) = line.rsplit_once("removed")?;
    let (_, list) = after.split_once('[')?;
    Some(list.split_once(']').map_or(list, |(list, _)| list))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const PATH: &str = "config/pod/openshift-kube-controller-manager/logs/kcm-0/errors.log";

    fn resync(lists: &str) -> String {
        format!(
            "I0316 syncing garbage collector with updated resources from discovery (attempt 1): {lists}\n"
        )
    }

    #[test]
    fn resyncs_with_removed_apis_are_counted() {
        let log = [
            resync("added: [], removed: [apps/v1, Resource=a b/v1, Resource=c]"),
            resync("added: [x], removed: []"),
            resync("added: [], removed: [y]"),
        ];
        let answer = ask(KcmGcResync, &[(PATH, json!(log.concat()))]);
        let pod = json!({"pod": "kcm-0", "count": 2, "removed": "apps/v1, Resource=a b/v1, Resource=c"});
        assert_eq!(answer, Answer::Hit(json!({"pods": [pod]})));
    }

    #[test]
    fn pod_with_lines_in_several_files_is_listed_once() {
        let line = resync("added: [], removed: [a]");
        let files = [
            (PATH, json!(line)),
            (
                "namespaces/openshift-kube-controller-manager/pods/kcm-0/kube-controller-manager/current.log",
                json!(line.repeat(2)),
            ),
        ];
        let pod = json!({"pod": "kcm-0", "count": 2, "removed": "a"});
        assert_eq!(ask(KcmGcResync, &files), Answer::Hit(json!({"pods": [pod]})));
    }

    #[test]
    fn new_apis_are_silent() {
        assert_eq!(ask(KcmGcResync, &[(PATH, json!(resync("added: [a], removed: []")))]), Answer::Miss);
        assert_eq!(ask(KcmGcResync, &[(PATH, json!("removed: [a]\n"))]), Answer::Miss);
        assert_eq!(ask(KcmGcResync, &[]), Answer::skip_all(&["controller_manager_logs"]));
    }
}
