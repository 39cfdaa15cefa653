//! Documents that take far more memory once they are parsed.

use tar::EntryType;

use super::{
    MIB,
    tar::{gzip, id, member},
};

/// Documents that rules read; each path is of another kind.
const PATHS: [&str; 10] = [
    "config/node/a.json",
    "config/pod/openshift-etcd/a.json",
    "config/pod/openshift-monitoring/prometheus-k8s-0.json",
    "config/clusteroperator/a.json",
    "config/version.json",
    "config/infrastructure.json",
    "config/oauth.json",
    "config/ingress.json",
    "config/validatingwebhookconfigurations/a.json",
    "events/openshift-machine-api.json",
];

/// Lists of `spec`, `status` and the document itself that rules read, each filled with `element`.
fn document(element: &str, elements: usize) -> String {
    let list = |name: &str| format!("\"{name}\":[{}]", vec![element; elements].join(","));
    let object = |names: &[&str]| names.iter().map(|name| list(name)).collect::<Vec<_>>().join(",");
    format!(
        "{{{},\"spec\":{{{}}},\"status\":{{{}}}}}",
        object(&["items", "webhooks"]),
        object(&["containers", "taints", "volumes"]),
        object(&["conditions", "containerStatuses", "history"]),
    )
}

fn documents(element: &str, elements: usize) -> Vec<u8> {
    let document = document(element, elements);
    let members = PATHS.iter().map(|path| member(EntryType::Regular, path, document.as_bytes()));
    gzip([id()].into_iter().chain(members))
}

/// Just below the number of objects at which documents are not parsed.
pub(super) fn empty_objects() -> Vec<u8> {
    documents("{}", 4_900)
}

/// Just below the number of commas at which documents are not parsed.
pub(super) fn empty_texts() -> Vec<u8> {
    documents("\"\"", 24_000)
}

/// As many objects as fit into the content.
pub(super) fn too_many_objects() -> Vec<u8> {
    documents("{}", 500 * MIB / PATHS.len() / 8 / "{},".len())
}

/// Lists in lists, which a parser without a limit follows into a stack overflow.
pub(super) fn nested_lists() -> Vec<u8> {
    let nested = "[".repeat(10 * MIB);
    gzip(
        [id()]
            .into_iter()
            .chain(PATHS.iter().map(|path| member(EntryType::Regular, path, nested.as_bytes()))),
    )
}
