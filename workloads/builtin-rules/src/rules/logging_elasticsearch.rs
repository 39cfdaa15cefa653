//! Cluster logging that stores logs in Elasticsearch, which was removed from the product.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::CLUSTER_LOGGING};

const KEY: &str = "LOGGING_ELASTICSEARCH_STACK";

/// Minimum number of nodes for redundancy, whatever the policy.
const MIN_NODES: i64 = 3;

pub(super) struct LoggingElasticsearch;

#[derive(Serialize)]
struct Details<'a> {
    node_count: i64,
    redundancy: &'a str,
    collector: &'a str,
}

impl Rule for LoggingElasticsearch {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.logging_elasticsearch", KEY).requires(CLUSTER_LOGGING)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let spec = &context.cluster_logging()?.spec;
        let elasticsearch = spec.log_store.elasticsearch.as_ref()?;
        if elasticsearch.is_empty() {
            return Some(Response::undecided("the log store has an empty `elasticsearch`"));
        }
        let node_count = elasticsearch.node_count.0.unwrap_or_default();
        let redundancy =
            if node_count < MIN_NODES { "no redundancy" } else { &elasticsearch.redundancy_policy };
        let details = Details { node_count, redundancy, collector: spec.collection.collector() };
        Some(Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(log_store: &Value, collection: &Value) -> Answer {
        let spec = json!({"logStore": log_store, "collection": collection});
        ask(
            LoggingElasticsearch,
            &[("config/logging/openshift-logging/instance.json", json!({"spec": spec}))],
        )
    }

    fn elasticsearch(node_count: i64) -> Value {
        json!({"type": "elasticsearch", "elasticsearch": {"nodeCount": node_count, "redundancyPolicy": "SingleRedundancy"}})
    }

    #[test]
    fn elasticsearch_is_a_hit() {
        let answer = ask_about(&elasticsearch(3), &json!({"type": "vector"}));
        let details = json!({"node_count": 3, "redundancy": "SingleRedundancy", "collector": "vector"});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn two_nodes_have_no_redundancy() {
        let answer = ask_about(&elasticsearch(2), &json!({"logs": {"type": "fluentd"}}));
        let details = json!({"node_count": 2, "redundancy": "no redundancy", "collector": "fluentd"});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn empty_store_is_a_skip() {
        let answer = ask_about(&json!({"elasticsearch": {}}), &json!({}));
        assert_eq!(answer, Answer::Skip("the log store has an empty `elasticsearch`".into()));
    }

    #[test]
    fn other_store_is_silent() {
        assert_eq!(ask_about(&json!({"type": "lokistack", "elasticsearch": null}), &json!({})), Answer::Miss);
        assert_eq!(ask(LoggingElasticsearch, &[]), Answer::skip_all(&["cluster_logging"]));
    }
}
