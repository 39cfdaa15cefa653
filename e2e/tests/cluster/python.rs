//! Rules of insights-core, on a cluster with their image: `e2e/cluster/cluster.sh python`.

use serde_json::json;

use crate::story::{RESOURCE, Story};

const IMAGE: &str = "localhost/house-rules:e2e";

impl Story<'_> {
    pub(crate) fn findings_of_python_rules_are_served_with_the_built_in_ones(&self) {
        if !self.cluster.get(&["nodes"]).to_string().contains(IMAGE) {
            eprintln!("there is no image with rules in Python here");
            return;
        }
        let insights_core = json!({"mode": "Enabled", "image": IMAGE, "packages": ["house_rules"]});
        self.namespace.patch(RESOURCE, &json!({"spec": {"dataPipeline": {"insightsCore": insights_core}}}));
        self.wait_until_ready();
        let keys = self.keys_of_a_new_report();
        assert!(keys.contains("CHANNEL") && keys.contains("NODE_NOT_READY"), "{keys:?}");
        self.namespace.patch(RESOURCE, &json!({"spec": {"dataPipeline": {"insightsCore": null}}}));
        self.wait_until_ready();
    }
}
