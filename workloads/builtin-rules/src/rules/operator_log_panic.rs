//! Panics in the logs of platform components.

use serde::Serialize;

use super::{LOG_MAX_AGE, cut, meta, non_empty};
use ccx_rules::{
    Context, FileMatches, LogQuery, Response, Rule, RuleMeta,
    documents::{LogPath, PLATFORM_POD_LOGS},
};

const KEY: &str = "PLATFORM_OPERATOR_PANIC";

const PANICS: LogQuery = LogQuery::new(
    "operator_log_panic",
    PLATFORM_POD_LOGS,
    &["Observed a panic", "runtime error", "concurrent map"],
)
.matching("Observed a panic|panic. runtime error|fatal error. concurrent map")
.within(LOG_MAX_AGE);

const MAX_LINE_CHARS: usize = 300;

pub(super) struct OperatorLogPanic;

#[derive(Serialize)]
struct Details<'a> {
    logs: Vec<Panics<'a>>,
}

/// Panics in one log file.
#[derive(Serialize)]
struct Panics<'a> {
    namespace: &'a str,
    pod: &'a str,
    file: &'a str,
    count: usize,
    line: String,
}

impl Rule for OperatorLogPanic {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.operator_log_panic", KEY).scans(PANICS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let logs = non_empty(context.within_budget(context.log_matches(&PANICS)).filter_map(panics))?;
        Some(Response::hit(KEY, &Details { logs }))
    }
}

fn panics<'a>(matches: &FileMatches<'a>) -> Option<Panics<'a>> {
    let LogPath { namespace, pod, file, .. } = LogPath::parse(matches.path)?;
    let first_line = matches.lines().next().unwrap_or_default();
    let line = cut(&first_line, MAX_LINE_CHARS).into();
    Some(Panics { namespace, pod, file, count: matches.count, line })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    #[test]
    fn panics_are_counted_by_file_with_the_first_line() {
        let long = format!("E1 Observed a panic: {}", "é".repeat(400));
        let files = [
            (
                "conditional/namespaces/openshift-y/pods/q/containers/c/logs/previous.log",
                json!("panic: runtime error: nil"),
            ),
            (
                "config/pod/openshift-x/logs/p/errors.log",
                json!(format!("fine\n{long}\nfatal error: concurrent map writes\n")),
            ),
        ];
        let line: String = long.chars().take(300).collect();
        let logs = json!([
            {"namespace": "openshift-y", "pod": "q", "file": "previous.log", "count": 1, "line": "panic: runtime error: nil"},
            {"namespace": "openshift-x", "pod": "p", "file": "errors.log", "count": 2, "line": line},
        ]);
        assert_eq!(ask(OperatorLogPanic, &files), Answer::Hit(json!({"logs": logs})));
    }

    #[test]
    fn panic_of_long_ago_is_silent() {
        let path = "config/pod/openshift-x/logs/p/errors.log";
        let old = "E1101 10:00:00.000000       1 runtime.go:77] Observed a panic: nil\n";
        // The lines of a panic have no time of their own.
        let older_than_its_neighbour =
            "I1101 10:00:00.000000       1 main.go:1] starting\npanic: runtime error: nil\n\ngoroutine 1:\n";
        for log in [old, older_than_its_neighbour] {
            assert_eq!(ask(OperatorLogPanic, &[(path, json!(log))]), Answer::Miss, "{log}");
        }
        let today = "I0115 11:00:00.000000       1 main.go:1] starting\npanic: runtime error: nil\n";
        let logs = json!([
            {"namespace": "openshift-x", "pod": "p", "file": "errors.log", "count": 1, "line": "panic: runtime error: nil"},
        ]);
        let log = [older_than_its_neighbour, today].concat();
        assert_eq!(ask(OperatorLogPanic, &[(path, json!(log))]), Answer::Hit(json!({"logs": logs})));
    }

    #[test]
    fn mention_of_a_panic_is_silent() {
        let files =
            [("config/pod/openshift-x/logs/p/errors.log", json!("E1 no panic here\nE2 runtime error\n"))];
        assert_eq!(ask(OperatorLogPanic, &files), Answer::Miss);
        assert_eq!(ask(OperatorLogPanic, &[]), Answer::skip_all(&["platform_pod_logs"]));
    }
}
