//! The rules that the pipeline runs, and their texts in the aggregator.

use ccx_operator::model::{component::Component, kind::Kind};
use serde_json::{Value, json};

use crate::sample::{children, container, object, pod};

fn configuration(component: Component, spec: &Value) -> String {
    let name = format!("ccx-{}", component.name());
    object(&children(spec), Kind::ConfigMap, &name)["data"]["ccx.toml"].as_str().unwrap().to_owned()
}

#[test]
fn rules_of_users_are_configured_in_pipeline_and_aggregator() {
    let spec = json!({"dataPipeline": {"rules": {
        "builtIn": "Disabled",
        "disabledRules": ["acme.external.pool|ACME_POOL"],
        "configMapRefs": [{"name": "our-rules"}],
        "volumeClaim": {"claimName": "rules", "path": "sets/current"},
        "image": {"reference": "rules:1"},
    }}});
    let expected = json!({
        "builtin": false,
        "directories": ["/etc/ccx/rules-0", "/etc/ccx/rules-volume/sets/current", "/etc/ccx/rules-image/rules"],
        "disabled": ["acme.external.pool|ACME_POOL"],
    });
    for component in [Component::DataPipeline, Component::Aggregator] {
        let text = configuration(component, &spec);
        let config: toml::Table = text.parse().unwrap();
        assert_eq!(serde_json::to_value(&config["rules"]).unwrap(), expected, "{text}");
        let mounts = container(&children(&spec), component)["volumeMounts"].clone();
        for volume in ["rules-0", "rules-volume", "rules-image"] {
            let mount = json!({"name": volume, "mountPath": format!("/etc/ccx/{volume}"), "readOnly": true});
            assert!(mounts.as_array().unwrap().contains(&mount), "{volume} is not in {mounts}");
        }
    }
}

#[test]
fn configuration_without_rules_of_users_has_no_section() {
    assert!(!configuration(Component::DataPipeline, &json!({})).contains("[rules]"));
}

#[test]
fn content_trees_are_mounted_in_pipeline_and_aggregator() {
    let items = json!([{"key": "file", "path": "our_rule/OUR_KEY/reason.md"}]);
    let spec = json!({"dataPipeline": {"rules": {"content": {
        "configMapRefs": [{"name": "our-texts", "items": items}],
        "volumeClaim": {"claimName": "texts"},
        "image": {"reference": "texts:1", "path": "content"},
    }}}});
    let directories =
        json!(["/etc/ccx/content-0", "/etc/ccx/content-volume", "/etc/ccx/content-image/content"]);
    for component in [Component::DataPipeline, Component::Aggregator] {
        let config: toml::Table = configuration(component, &spec).parse().unwrap();
        let found = serde_json::to_value(&config["rules"]["content_directories"]).unwrap();
        assert_eq!(found, directories);
        let volumes = pod(&children(&spec), component)["spec"]["volumes"].clone();
        let tree = json!({"name": "content-0", "configMap": {"name": "our-texts", "items": items}});
        assert!(volumes.as_array().unwrap().contains(&tree), "{volumes}");
    }
}
