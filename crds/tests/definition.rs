//! The generated definition: up to date, described, bounded, and with the defaults of the types.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::sync::LazyLock;

use ccx_crds::{CcxPipeline, CcxPipelineSpec, crd_yaml};
use ccx_test_support::{assert_generated, merge_patch};
use kube::CustomResourceExt;
use serde_json::{Value, json};

static DEFINITION: LazyLock<Value> = LazyLock::new(|| json!(CcxPipeline::crd()));

/// A schema with the path of the field that it describes.
type Node = (String, Value);

#[test]
fn definition_is_up_to_date() {
    assert_generated("crds/ccxpipelines.ccx.openshift.io.yaml", &crd_yaml());
}

#[test]
fn every_field_is_described() {
    let described = fields().into_iter().filter(|(path, _)| !is_deep_in_kubernetes(path));
    assert_none(described.collect(), |schema| schema["description"].as_str().is_none_or(str::is_empty));
}

#[test]
fn every_value_of_the_spec_has_a_default_or_an_example() {
    let spec = fields().into_iter().filter(|(path, _)| path.starts_with("spec.") && !is_of_kubernetes(path));
    assert_none(spec.collect(), |schema| {
        let is_group = schema.get("properties").is_some();
        let has_default = schema.get("default").is_some();
        let description = schema["description"].as_str().unwrap_or_default();
        !is_group && !has_default && !description.contains("Example: `")
    });
}

/// An example of a field can be copied as it is. Rules about other fields may refuse it, for example without a type.
#[test]
fn example_of_a_field_is_valid() {
    let minimal = json!({
        "apiVersion": "ccx.openshift.io/v1alpha1", "kind": "CcxPipeline", "metadata": {"name": "ccx"},
        "spec": {"kafka": {"bootstrapServers": ["kafka:9092"]}, "objectStorage": {"bucket": "insights-upload"}},
    });
    let is_about_others = |message: &str| message.starts_with("set type to ");
    let mut count = 0;
    for (path, schema) in fields() {
        let description = schema["description"].as_str().unwrap_or_default().to_owned();
        for example in description.split("Example: `").skip(1).filter_map(|rest| rest.split('`').next()) {
            if path.contains("[]") || !path.starts_with("spec.") {
                continue;
            }
            let value: Value = serde_saphyr::from_str(example).unwrap();
            let mut document = minimal.clone();
            merge_patch(&mut document, nested(&path, value));
            let found = ccx_crds::validate(&document, None);
            let wrong = found.iter().find(|it| it.path.starts_with(&path) && !is_about_others(&it.message));
            assert_eq!(wrong, None, "{example}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn every_value_that_a_rule_may_read_is_bounded() {
    let ours = nodes().into_iter().filter(|(path, _)| !is_of_kubernetes(path));
    assert_none(ours.collect(), |schema| match schema["type"].as_str() {
        Some("string") => schema.get("maxLength").or_else(|| schema.get("enum")).is_none(),
        Some("array") => schema.get("maxItems").is_none(),
        Some("object") => {
            schema.get("additionalProperties").is_some() && schema.get("maxProperties").is_none()
        }
        _ => false,
    });
}

#[test]
fn nothing_is_nullable_and_no_field_is_a_boolean_in_yaml_1_1() {
    let ours = nodes().into_iter().filter(|(path, _)| !is_of_kubernetes(path) && path != "status");
    assert_none(ours.collect(), |schema| schema.get("nullable").is_some());
    let is_boolean = |path: &str| {
        path.rsplit('.').next().is_some_and(|name| ["y", "n", "yes", "no", "on", "off"].contains(&name))
    };
    assert_eq!(fields().iter().filter(|(path, _)| is_boolean(path)).count(), 0);
}

#[test]
fn schema_is_structural() {
    assert_none(nodes(), |schema| {
        let has_type = schema.get("type").is_some() || schema.get("x-kubernetes-int-or-string").is_some();
        let has_choice =
            ["oneOf", "anyOf", "allOf", "not", "$ref"].iter().any(|key| schema.get(*key).is_some());
        !has_type || has_choice
    });
}

#[test]
fn absent_value_is_the_same_for_types_and_schema() {
    let smallest = json!({"kafka": {}, "objectStorage": {"bucket": ""}});
    let by_types: CcxPipelineSpec = serde_json::from_value(smallest.clone()).unwrap();
    let by_schema = ccx_crds::with_defaults(&json!({"spec": smallest}));
    assert_eq!(json!(by_types), by_schema["spec"]);
}

#[test]
fn default_is_complete() {
    for (path, schema) in fields() {
        let Some(default) = schema.get("default") else { continue };
        let filled = ccx_crds::with_defaults(&nested(&path, default.clone()));
        let pointer = format!("/{}", path.replace('.', "/"));
        assert_eq!(filled.pointer(&pointer), Some(default), "{path}");
    }
}

/// `kubectl apply` stores the object in an annotation, and all annotations together are limited.
#[test]
fn definition_fits_into_the_annotation_of_kubectl_apply_with_room_for_growth() {
    const LIMIT_BYTES: usize = 256 * 1024;
    const ROOM_BYTES: usize = 32 * 1024;
    let bytes = DEFINITION.to_string().len();
    assert!(bytes < LIMIT_BYTES - ROOM_BYTES, "{bytes} of {LIMIT_BYTES}");
}

#[test]
fn printer_columns_show_important_fields_first() {
    let columns =
        DEFINITION.pointer("/spec/versions/0/additionalPrinterColumns").unwrap().as_array().unwrap();
    let names = |is_wide: bool| {
        let shown = columns.iter().filter(|column| column.get("priority").is_some() == is_wide);
        shown.map(|column| column["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(false), ["Ready", "Reason", "Pipeline", "Writer", "API", "Database", "Age"]);
    assert_eq!(names(true), ["Mode", "Suspended", "Schema", "Rules", "URL", "Message"]);
}

#[test]
fn definition_has_scale_subresource_and_selectable_fields() {
    let expected = json!({
        "specReplicasPath": ".spec.dataPipeline.replicas",
        "statusReplicasPath": ".status.dataPipelineReplicas",
        "labelSelectorPath": ".status.selector",
    });
    assert_eq!(DEFINITION.pointer("/spec/versions/0/subresources/scale"), Some(&expected));
    let selectable = DEFINITION.pointer("/spec/versions/0/selectableFields").unwrap().as_array().unwrap();
    let paths: Vec<&str> = selectable.iter().map(|field| field["jsonPath"].as_str().unwrap()).collect();
    assert_eq!(paths, [".spec.mode", ".spec.deletionPolicy", ".spec.database.type"]);
}

fn assert_none(nodes: Vec<Node>, is_wrong: impl Fn(&Value) -> bool) {
    let wrong: Vec<String> =
        nodes.into_iter().filter(|(_, schema)| is_wrong(schema)).map(|(path, _)| path).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// Fields more than two levels inside of a type of Kubernetes, which `kubectl explain pod.spec` describes.
fn is_deep_in_kubernetes(path: &str) -> bool {
    let is_outer = |end: &usize| is_of_kubernetes(&format!("{}.", &path[..*end]));
    let inner = path.match_indices('.').map(|(end, _)| end).find(is_outer);
    inner.is_some_and(|end| path[end + 1..].split('.').count() > 2)
}

/// Parts that are types of Kubernetes, which validates them when pods are created.
fn is_of_kubernetes(path: &str) -> bool {
    let parts = [
        "affinity",
        "tolerations",
        "topologySpreadConstraints",
        "extraEnv",
        "configMapSelector",
        "allowFrom",
        "extraEgress",
        "extraIngress",
        "scrapeFrom",
        "conditions",
    ];
    parts.iter().any(|part| path.contains(&format!(".{part}.")) || path.contains(&format!(".{part}[]")))
}

/// Returns all properties, without items of lists and values of maps.
fn fields() -> Vec<Node> {
    nodes().into_iter().filter(|(path, _)| !path.ends_with("[]") && !path.is_empty()).collect()
}

fn nodes() -> Vec<Node> {
    let mut nodes = Vec::new();
    collect(
        DEFINITION.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap(),
        String::new(),
        &mut nodes,
    );
    nodes
}

fn collect(schema: &Value, path: String, nodes: &mut Vec<Node>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let separator = if path.is_empty() { "" } else { "." };
        collect(property, format!("{path}{separator}{name}"), nodes);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        if inner.is_object() {
            collect(inner, format!("{path}[]"), nodes);
        }
    }
    nodes.push((path, schema.clone()));
}

/// Returns an object with `value` at `path`.
fn nested(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, name| json!({name: inner}))
}
