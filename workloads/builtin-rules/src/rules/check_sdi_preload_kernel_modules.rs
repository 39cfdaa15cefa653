//! Pods of SAP Data Intelligence on nodes without the kernel modules that they need.

use serde::Serialize;

use super::{LOG_MAX_AGE, cut, meta, non_empty};
use ccx_rules::{
    Context, FileMatches, LogQuery, Response, Rule, RuleMeta,
    documents::{DATA_HUBS, LogPath, POD_LOGS},
};

const KEY: &str = "SDI_PRELOAD_KERNEL_MODULES_ERROR";

const MISSING_MODULES: LogQuery =
    LogQuery::new("check_sdi_preload_kernel_modules", POD_LOGS, &["can't initialize iptables table"])
        .matching(r"Permission denied|do you need to insmod")
        .within(LOG_MAX_AGE);

const MAX_LINE_CHARS: usize = 300;

pub(super) struct CheckSdiPreloadKernelModules;

#[derive(Serialize)]
struct Details<'a> {
    pods: Vec<Failing<'a>>,
}

#[derive(Serialize)]
struct Failing<'a> {
    namespace: &'a str,
    pod: &'a str,
    line: String,
}

impl Rule for CheckSdiPreloadKernelModules {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.check_sdi_preload_kernel_modules", KEY)
            .requires(DATA_HUBS)
            .scans(MISSING_MODULES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut pods =
            non_empty(context.within_budget(context.log_matches(&MISSING_MODULES)).filter_map(failing))?;
        pods.sort_by_key(|failing| (failing.namespace, failing.pod));
        pods.dedup_by_key(|failing| (failing.namespace, failing.pod));
        Some(Response::hit(KEY, &Details { pods }))
    }
}

fn failing<'a>(matches: &FileMatches<'a>) -> Option<Failing<'a>> {
    let LogPath { namespace, pod, .. } = LogPath::parse(matches.path)?;
    let first_line = matches.lines().next().unwrap_or_default();
    Some(Failing { namespace, pod, line: cut(&first_line, MAX_LINE_CHARS).into() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const DATA_HUB: &str = "customresources/installers.datahub.sap.com/datahubs/sdi/default.json";
    const LOG: &str = "config/pod/sdi/logs/p/errors.log";

    fn ask_about(line: &str) -> Answer {
        ask(CheckSdiPreloadKernelModules, &[(DATA_HUB, json!({})), (LOG, json!(line))])
    }

    #[test]
    fn pod_without_kernel_modules_is_a_hit() {
        for why in ["Permission denied", "Table does not exist (do you need to insmod?)"] {
            let line = format!("iptables v1.6.2: can't initialize iptables table `nat': {why}");
            let pod = json!({"namespace": "sdi", "pod": "p", "line": line});
            assert_eq!(ask_about(&line), Answer::Hit(json!({"pods": [pod]})));
        }
    }

    #[test]
    fn pod_with_lines_in_several_files_is_listed_once() {
        let line = json!("can't initialize iptables table `nat': Permission denied\n");
        let files = [
            (DATA_HUB, json!({})),
            (LOG, line.clone()),
            ("namespaces/sdi/pods/p/main/current.log", line.clone()),
            ("namespaces/sdi/pods/p/main/previous.log", line),
        ];
        let pod = json!({"namespace": "sdi", "pod": "p", "line": "can't initialize iptables table `nat': Permission denied"});
        assert_eq!(ask(CheckSdiPreloadKernelModules, &files), Answer::Hit(json!({"pods": [pod]})));
    }

    #[test]
    fn other_failure_is_silent() {
        assert_eq!(ask_about("can't initialize iptables table `nat': Out of memory\n"), Answer::Miss);
        assert_eq!(ask_about("open: Permission denied\n"), Answer::Miss);
    }

    #[test]
    fn cluster_without_sap_data_intelligence_is_a_skip() {
        let log = json!("can't initialize iptables table `nat': Permission denied\n");
        assert_eq!(ask(CheckSdiPreloadKernelModules, &[(LOG, log)]), Answer::skip_all(&["data_hubs"]));
        assert_eq!(ask(CheckSdiPreloadKernelModules, &[]), Answer::skip_all(&["data_hubs", "pod_logs"]));
    }
}
