//! APIs in use that a later release removes.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{API_REQUEST_COUNTS, ApiRequestCount},
};

const KEY: &str = "REMOVED_API_IN_USE";

pub(super) struct RemovedApiInUse;

#[derive(Serialize)]
struct Details<'a> {
    apis: Vec<RemovedApi<'a>>,
}

#[derive(Serialize)]
struct RemovedApi<'a> {
    resource: &'a str,
    removed_in_release: &'a str,
    last_day: Option<i64>,
    total: Option<i64>,
}

impl Rule for RemovedApiInUse {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.removed_api_in_use", KEY).requires(API_REQUEST_COUNTS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let apis = non_empty(context.within_budget(context.api_request_counts()?).filter_map(removed_api))?;
        Some(Response::hit(KEY, &Details { apis }))
    }
}

fn removed_api<'a>(count: &'a ApiRequestCount<'_>) -> Option<RemovedApi<'a>> {
    let (last_day, total) = (count.last_day_request_count.0, count.total_request_count.0);
    let is_removed = !count.removed_in_release.is_empty();
    // The operator sets the count of the last day to that of the current hour, which has just begun: the
    // total counts.
    let is_in_use = [last_day, total].into_iter().flatten().any(|requests| requests > 0);
    (is_removed && is_in_use).then(|| RemovedApi {
        resource: &count.resource,
        removed_in_release: &count.removed_in_release,
        last_day,
        total,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const PATH: &str = "conditional/alerts/APIRemovedInNextReleaseInUse/api_request_counts.json";

    fn count(removed_in_release: &str, last_day: &Value, total: u32) -> Value {
        json!({"resource": "a.v1beta1.b", "removed_in_release": removed_in_release, "last_day_request_count": last_day,
            "total_request_count": total})
    }

    #[test]
    fn api_of_two_alerts_is_listed_once() {
        let counts = json!([count("1.32", &json!(3), 9)]);
        let other = "conditional/alerts/APIRemovedInNextEUSReleaseInUse/api_request_counts.json";
        let api = json!({"resource": "a.v1beta1.b", "removed_in_release": "1.32", "last_day": 3, "total": 9});
        let answer = ask(RemovedApiInUse, &[(PATH, counts.clone()), (other, counts)]);
        assert_eq!(answer, Answer::Hit(json!({"apis": [api]})));
    }

    #[test]
    fn total_counts_without_the_last_day() {
        let api =
            json!({"resource": "a.v1beta1.b", "removed_in_release": "1.32", "last_day": null, "total": 9});
        let answer = ask(RemovedApiInUse, &[(PATH, json!([count("1.32", &json!(null), 9)]))]);
        assert_eq!(answer, Answer::Hit(json!({"apis": [api]})));
    }

    #[test]
    fn total_counts_when_there_was_no_request_in_the_current_hour() {
        let answer = ask(RemovedApiInUse, &[(PATH, json!([count("1.32", &json!(0), 412)]))]);
        assert!(matches!(answer, Answer::Hit(_)));
    }

    #[test]
    fn api_that_stays_or_is_not_called_is_silent() {
        for count in [count("", &json!(3), 9), count("1.32", &json!(0), 0), count("1.32", &json!(null), 0)] {
            assert_eq!(ask(RemovedApiInUse, &[(PATH, json!([count]))]), Answer::Miss, "{count}");
        }
        assert_eq!(ask(RemovedApiInUse, &[]), Answer::skip_all(&["api_request_counts"]));
    }
}
