//! Which rules the pipeline runs.

use ccx_operator::{component::Component, kind::Kind};
use serde_json::{Value, json};

use crate::sample::{children, container, object};

fn configuration(spec: &Value) -> String {
    object(&children(spec), Kind::ConfigMap, "ccx-data-pipeline")["data"]["ccx.toml"].as_str().unwrap().to_owned()
}

#[test]
fn the_pipeline_is_told_where_rules_are_and_which_not_to_run() {
    let spec = json!({"dataPipeline": {"rules": {
        "builtIn": "Disabled",
        "disabledRules": ["acme.external.pool|ACME_POOL"],
        "configMapRefs": [{"name": "our-rules"}],
        "volumeClaim": {"claimName": "rules", "path": "sets/current"},
        "image": {"reference": "rules:1"},
    }}});
    let text = configuration(&spec);
    let config: toml::Table = text.parse().unwrap();
    let expected = json!({
        "builtin": false,
        "directories": ["/etc/ccx/rules-0", "/etc/ccx/rules-volume/sets/current", "/etc/ccx/rules-image/rules"],
        "disabled": ["acme.external.pool|ACME_POOL"],
    });
    assert_eq!(serde_json::to_value(&config["rules"]).unwrap(), expected, "{text}");
    let mounts = container(&children(&spec), Component::DataPipeline)["volumeMounts"].clone();
    for volume in ["rules-0", "rules-volume", "rules-image"] {
        let mount = json!({"name": volume, "mountPath": format!("/etc/ccx/{volume}"), "readOnly": true});
        assert!(mounts.as_array().unwrap().contains(&mount), "{volume} is not in {mounts}");
    }
}

#[test]
fn without_rules_of_users_nothing_is_said_of_rules() {
    assert!(!configuration(&json!({})).contains("[rules]"));
}
