//! Rules of users, in a ConfigMap that the resource selects by a label.

use std::time::Instant;

use ccx_e2e::{BACKLOG, PODS};
use ccx_messages::ClusterId;
use ccx_test_support::eventually_within;
use serde_json::json;

use crate::story::{PIPELINE, RESOURCE, Story, ask_for, conditions, keys};

const CONFIG_MAP: &str = "house-rules";
const FILE: &str = "house.yaml";

/// Returns a rule that hits on every cluster. Its condition is on line 5 of the file.
fn rule(key: &str, when: &str) -> String {
    format!(
        r#"apiVersion: ccx.rules/v1
id: house.external.has_nodes
error_key: {key}
inputs: {{nodes: {{glob: "config/node/*.json", required: true}}}}
when: {when}
details: {{count: size(nodes)}}
content:
  description: The cluster has nodes
  impact: 1
  likelihood: 1
  reason: It has {{{{=pydata.count}}}} of them.
  resolution: None is needed.
"#
    )
}

impl Story<'_> {
    pub(crate) fn rules_of_users_are_reloaded_while_the_pipeline_runs(&self) {
        self.apply_rules(&rule("HOUSE_RULE", "size(nodes) > 0"));
        let selector = json!({"matchLabels": {"rules": "house"}});
        self.namespace
            .patch(RESOURCE, &json!({"spec": {"dataPipeline": {"rules": {"configMapSelector": selector}}}}));
        self.wait_until_ready();
        self.wait_for_rules("True (AsExpected) 87 rules are loaded");
        let cluster_id = ClusterId::random();
        self.upload(cluster_id);
        assert!(keys(&self.wait_for_report(cluster_id)).contains("HOUSE_RULE"));
        let recommendations = ask_for("recommendations", &self.api(), cluster_id).body;
        assert!(recommendations.contains("It has 6 of them."), "the API has its texts: {recommendations}");
        let before = self.namespace.pods(PIPELINE);

        self.apply_rules(&rule("BROKEN_RULE", "size(nodes"));
        let message = self.wait_for_rules("False (RulesRejected)");
        assert!(message.contains(FILE) && message.contains(":5:"), "{message}");
        assert!(self.keys_of_a_new_report().contains("HOUSE_RULE"), "the last good rules go on");

        self.apply_rules(&rule("FIXED_RULE", "size(nodes) > 0"));
        self.wait_for_rules("True (AsExpected)");
        // The condition is about one pod. Each pod reloads rules at another time.
        eventually_within(BACKLOG, "a report of the new rules", || {
            let keys = self.keys_of_a_new_report();
            if keys.contains("FIXED_RULE") && !keys.contains("HOUSE_RULE") { Ok(()) } else { Err(keys) }
        });
        assert_eq!(self.namespace.pods(PIPELINE), before, "no pod was restarted for it");
        self.namespace.patch(RESOURCE, &json!({"spec": {"dataPipeline": {"rules": null}}}));
        self.wait_until_ready();
    }

    fn apply_rules(&self, rules: &str) {
        let metadata = json!({"name": CONFIG_MAP, "labels": {"rules": "house"}});
        self.namespace.apply(
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {FILE: rules}}),
        );
        self.wake_the_kubelet(rules);
    }

    /// Annotates the pods, so that the kubelet updates their ConfigMap volumes at once. Otherwise it does so
    /// about every minute.
    fn wake_the_kubelet(&self, rules: &str) {
        let digest: u32 = rules.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let selector = format!("--selector=app.kubernetes.io/component={PIPELINE}");
        self.namespace.kubectl(&[
            "annotate",
            "pods",
            &selector,
            "--overwrite",
            &format!("rules-seen={digest}"),
        ]);
    }

    fn wait_for_rules(&self, verdict: &str) -> String {
        let started = Instant::now();
        let message = eventually_within(PODS, "the verdict about the rules", || {
            let message =
                conditions(&self.namespace.get(&[RESOURCE])).remove("RulesLoaded").unwrap_or_default();
            if message.starts_with(verdict) { Ok(message) } else { Err(message) }
        });
        eprintln!("after {} s, RulesLoaded is {message}", started.elapsed().as_secs());
        message
    }
}
