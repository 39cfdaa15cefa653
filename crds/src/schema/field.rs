//! Schemas of single fields: bounds, and a CEL rule with a readable message instead of a pattern.

use ccx_config::formats::{BROKER, Format, HTTP_URL, MAX_TOPIC_LENGTH, PORT, TOPIC};
use kube::core::Rule;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{
    duration,
    schema::rule::{forbidden, matches, rule},
};

/// The name of an object.
pub(crate) fn object_name(schema: &mut Schema) {
    bound(schema, 1, 253);
    let is_name = "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')";
    add_rule(schema, &rule(is_name, "write the name of an object: lower-case letters, digits, - and ."));
}

/// A name without dots, as those of namespaces.
pub(crate) fn dns_label(schema: &mut Schema) {
    bound(schema, 1, 63);
    let is_label = "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')";
    add_rule(schema, &rule(is_label, "write a name of lower-case letters, digits and -"));
}

/// The name of a host.
pub(crate) fn host_name(schema: &mut Schema) {
    bound(schema, 1, 253);
    let is_host = "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')";
    add_rule(schema, &rule(is_host, "write the name of a host, without scheme, port and wildcards"));
}

/// The name of a host, or an address.
pub(crate) fn host_or_address(schema: &mut Schema) {
    bound(schema, 1, 253);
    let is_host = "isIP(self) || self.matches('^[A-Za-z0-9]([-_A-Za-z0-9.]*[A-Za-z0-9])?$')";
    add_rule(schema, &rule(is_host, "write the name of a host or an address, without scheme and port"));
}

/// The plural name of a resource, with its group, or an empty text.
pub(crate) fn resource_name(schema: &mut Schema) {
    bound(schema, 0, 253);
    let is_resource = "self.matches('^([a-z][a-z0-9]*([.][-a-z0-9]+)*)?$')";
    add_rule(
        schema,
        &rule(is_resource, "write a resource such as nodes or clusters.example.com, or nothing"),
    );
}

/// The name of a time zone.
pub(crate) fn time_zone(schema: &mut Schema) {
    bound(schema, 1, 64);
    let is_zone =
        "self.matches('^[A-Za-z][-+_A-Za-z0-9]*(/[-+_A-Za-z0-9]+)*$') && self.lowerAscii() != 'local'";
    add_rule(schema, &rule(is_zone, "write a time zone such as Etc/UTC or Europe/Prague"));
}

/// The URL of an HTTP service.
pub(crate) fn http_url(schema: &mut Schema) {
    bound(schema, 1, 512);
    add_rule(schema, &rule(&matches("self", HTTP_URL), HTTP_URL.advice));
}

/// The address of a web site: scheme and host without a path.
pub(crate) fn https_origin(schema: &mut Schema) {
    bound(schema, 1, 512);
    let is_origin = format!("{} && self.matches('^https://[^/]+/?$')", matches("self", HTTP_URL));
    add_rule(schema, &rule(&is_origin, "write https:// and a host without a path"));
}

/// The address of a server as `host:port`.
pub(crate) fn server_address(schema: &mut Schema) {
    bound(schema, 3, 261);
    add_rule(schema, &rule(&matches("self", BROKER), "write the server as host:port, without a scheme"));
    let has_port = format!("!self.matches(':[0-9]+$') || {}", matches("self", PORT));
    add_rule(schema, &rule(&has_port, PORT.advice));
}

/// A list whose entries have a format. The API server names the entry by its index.
pub(crate) fn each(format: Format) -> impl FnMut(&mut Schema) {
    each_with(vec![rule(&matches("self", format), format.advice)])
}

/// A list of addresses of brokers.
pub(crate) fn brokers(schema: &mut Schema) {
    let has_port = format!("!self.matches(':[0-9]+$') || {}", matches("self", PORT));
    each_with(vec![rule(&matches("self", BROKER), BROKER.advice), rule(&has_port, PORT.advice)])(schema);
}

fn each_with(rules: Vec<Rule>) -> impl FnMut(&mut Schema) {
    move |schema| {
        let items = schema.ensure_object().get_mut("items").and_then(Value::as_object_mut);
        items.expect("a list").insert("x-kubernetes-validations".into(), json!(rules));
    }
}

/// A key of a Secret or ConfigMap.
pub(crate) fn data_key(schema: &mut Schema) {
    bound(schema, 1, 253);
    let is_key = "self.matches('^[-._a-zA-Z0-9]+$')";
    add_rule(schema, &rule(is_key, "write a key of the object's data: letters, digits, -, _ and ."));
}

/// The name of a Kafka topic.
pub(crate) fn topic_name(schema: &mut Schema) {
    optional_topic_name(schema);
    schema.insert("minLength".into(), json!(1));
}

/// The name of a Kafka topic, or an empty text.
pub(crate) fn optional_topic_name(schema: &mut Schema) {
    bound(schema, 0, MAX_TOPIC_LENGTH);
    let is_topic = format!("{} && !(self in ['.', '..'])", matches("self", TOPIC));
    add_rule(schema, &rule(&is_topic, TOPIC.advice));
}

/// The prefix of metric names.
pub(crate) fn metrics_namespace(schema: &mut Schema) {
    bound(schema, 0, 64);
    let is_prefix = "self.matches('^([_a-zA-Z][_a-zA-Z0-9]*)?$')";
    add_rule(schema, &rule(is_prefix, "write the prefix of metrics: letters, digits and _, no digit first"));
}

/// Name of an image: a registry with a port, a path, a tag and a digest, all but the path optional. The grammar is that
/// of the module `reference` of distribution, which container runtimes use.
pub const IMAGE: Format = Format {
    pattern: r"^((\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9][-a-zA-Z0-9.]*)(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?(@sha256:[0-9a-f]{64})?$",
    advice: "write an image such as quay.io/ccx/ccx:0.1.0",
};

/// An image with its registry.
pub(crate) fn image(schema: &mut Schema) {
    bound(schema, 1, 512);
    add_rule(schema, &rule(&matches("self", IMAGE), IMAGE.advice));
}

/// A path inside of a volume or an image.
pub(crate) fn inner_path(schema: &mut Schema) {
    bound(schema, 1, 1024);
    let stays_inside = "!self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')";
    add_rule(schema, &forbidden(stays_inside, "write a path without / at the beginning and without .."));
}

/// The path of one of many files.
pub(crate) fn file_path(schema: &mut Schema) {
    inner_path(schema);
    bound(schema, 1, 256);
}

/// A duration in the given bounds.
pub(crate) fn duration_between(least: &str, most: &str) -> impl FnMut(&mut Schema) {
    let is_malformed = duration::is_malformed("self");
    let expression = format!(
        "{is_malformed} || (duration(self) >= duration('{least}') && duration(self) <= duration('{most}'))"
    );
    let within = rule(&expression, &format!("choose {least} to {most}"));
    move |schema| add_rule(schema, &within)
}

/// A size of at least the given minimum.
pub(crate) fn size_from(least: &str) -> impl FnMut(&mut Schema) {
    let expression = format!("!isQuantity(self) || !quantity(self).isLessThan(quantity('{least}'))");
    let large_enough = rule(&expression, &format!("choose at least {least}"));
    move |schema| add_rule(schema, &large_enough)
}

/// A map from names to short texts.
pub(crate) fn text_map(schema: &mut Schema) {
    schema.insert("maxProperties".into(), json!(64));
    schema.insert("additionalProperties".into(), json!({"type": "string", "maxLength": 4096}));
}

/// Labels of pods.
pub(crate) fn pod_labels(schema: &mut Schema) {
    label_map(schema);
    let is_free = "!self.exists(key, key.startsWith('app.kubernetes.io/') || \
                   key in ['ccx.openshift.io/pipeline', 'ccx.openshift.io/role'])";
    let advice = "choose labels outside app.kubernetes.io/, and others than ccx.openshift.io/pipeline and \
                  ccx.openshift.io/role: pods are selected by those";
    add_rule(schema, &forbidden(is_free, advice));
}

/// Labels.
pub(crate) fn label_map(schema: &mut Schema) {
    schema.insert("maxProperties".into(), json!(32));
    schema.insert("additionalProperties".into(), json!({"type": "string", "maxLength": 63}));
    let are_keys = "self.all(key, key.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))";
    add_rule(
        schema,
        &rule(
            are_keys,
            "write keys of labels such as team or example.com/team: at most 63 letters, digits, -, _ and . after the /",
        ),
    );
    let are_values = "self.all(key, self[key].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))";
    add_rule(
        schema,
        &rule(
            are_values,
            "write labels of letters, digits, -, _ and ., beginning and ending with one of the first two",
        ),
    );
}

/// A map from resources such as `cpu` to Kubernetes quantities, written as a number or as text.
pub(crate) fn quantities(_: &mut SchemaGenerator) -> Schema {
    let mut schema = json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {"x-kubernetes-int-or-string": true, "maxLength": 32},
    });
    let are_quantities = "self.all(key, isQuantity(string(self[key])))";
    add_rule(&mut schema, &rule(are_quantities, "write quantities such as 250m, 2, 512Mi or 1Gi"));
    schema
}

fn bound(schema: &mut Schema, least: u32, most: u32) {
    if least > 0 {
        schema.insert("minLength".into(), json!(least));
    }
    schema.insert("maxLength".into(), json!(most));
}

/// Adds a rule to those that the type brings.
fn add_rule(schema: &mut Schema, rule: &Rule) {
    let rules = schema.ensure_object().entry("x-kubernetes-validations").or_insert_with(|| json!([]));
    if let Value::Array(rules) = rules {
        rules.push(json!(rule));
    }
}
