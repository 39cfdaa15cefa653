//! Events by namespace.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, files::Files, nodes::Node, operators::OPERATORS};

/// The namespace of the machine API.
const MACHINE_API: &str = "openshift-machine-api";

/// Events that the file of a namespace has.
const EVENTS: i64 = 12;

pub(crate) fn add(sample: &SampleArchive, nodes: &[Node], files: &mut Files) {
    for (operator, namespace) in OPERATORS {
        let normal = |number: i64| {
            event(
                sample,
                namespace,
                number,
                "Normal",
                "OperatorStatusChanged",
                &format!("{operator}: no change, check {number}"),
            )
        };
        let items: Vec<_> = (0..EVENTS).map(normal).collect();
        files.json(format!("events/{namespace}.json"), &json!({ "items": items }));
    }
    files.json(format!("events/{MACHINE_API}.json"), &json!({ "items": machine_events(sample, nodes) }));
}

fn machine_events(sample: &SampleArchive, nodes: &[Node]) -> Vec<Value> {
    let updated = |node: &Node| {
        event(sample, MACHINE_API, 15, "Normal", "Updated", &format!("Updated Machine {}", node.name))
    };
    let mut items: Vec<_> = nodes.iter().map(updated).collect();
    if sample.has(Fault::MachineApiWarningEvents) {
        items.push(event(
            sample,
            MACHINE_API,
            9,
            "Warning",
            "FailedCreate",
            "worker-d: the datastore has no space left",
        ));
        items.push(event(sample, MACHINE_API, 7, "Warning", "FailedUpdate", "worker-0: requeue in: 20s"));
        items.push(event(sample, MACHINE_API, 5, "Warning", "FailedUpdate", "worker-0: requeue in: 20s"));
    }
    items
}

fn event(
    sample: &SampleArchive,
    namespace: &str,
    minutes_ago: i64,
    kind: &str,
    reason: &str,
    message: &str,
) -> Value {
    json!({
        "namespace": namespace,
        "lastTimestamp": sample.minutes_ago(minutes_ago),
        "reason": reason,
        "message": message,
        "type": kind,
    })
}
