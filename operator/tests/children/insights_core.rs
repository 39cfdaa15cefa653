//! Rules that Python runs beside the pipeline.

use ccx_operator::model::{component::Component, kind::Kind};
use serde_json::{Value, json};

use crate::sample::{children, container, object, pod};

fn spec() -> Value {
    let insights_core = json!({
        "mode": "Enabled",
        "image": "registry.example.com/rules:1",
        "packages": ["our_rules"],
        "workers": 3,
        "configMapKeyRef": {"name": "plugins", "key": "file"},
    });
    json!({"dataPipeline": {"image": "ccx:2", "insightsCore": insights_core, "archiveLimits": {"maxUnpackedSize": "100Mi"}}})
}

#[test]
fn packages_change_the_image_of_the_pipeline_only() {
    let children = children(&spec());
    assert_eq!(container(&children, Component::DataPipeline)["image"], "registry.example.com/rules:1");
    assert_ne!(container(&children, Component::DbWriter)["image"], "registry.example.com/rules:1");
}

#[test]
fn each_python_process_has_memory_for_an_archive() {
    let children = children(&spec());
    let volumes = pod(&children, Component::DataPipeline)["spec"]["volumes"].clone();
    let archives = volumes.as_array().unwrap().iter().find(|volume| volume["name"] == "archives").unwrap();
    assert_eq!(archives["emptyDir"], json!({"medium": "Memory", "sizeLimit": "300Mi"}));
    let mounts = container(&children, Component::DataPipeline)["volumeMounts"].clone();
    assert!(mounts.as_array().unwrap().contains(&json!({"name": "archives", "mountPath": "/dev/shm"})));
}

#[test]
fn configuration_names_the_packages_to_load() {
    let text =
        object(&children(&spec()), Kind::ConfigMap, "ccx-data-pipeline")["data"]["ccx.toml"].to_string();
    for line in [
        r#"packages = [\"our_rules\"]"#,
        r#"config_file = \"/etc/ccx/insights-core/config.yaml\""#,
        "workers = 3",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[test]
fn pipeline_without_packages_has_no_python() {
    let children = children(&json!({"dataPipeline": {"insightsCore": {"image": "x", "packages": ["y"]}}}));
    assert_ne!(container(&children, Component::DataPipeline)["image"], "x");
    let text = object(&children, Kind::ConfigMap, "ccx-data-pipeline")["data"]["ccx.toml"].to_string();
    assert!(!text.contains("insights_core"), "{text}");
}
