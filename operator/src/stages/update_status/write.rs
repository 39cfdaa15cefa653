//! Writes the status if it changed.

use ccx_crds::{CcxPipeline, CcxPipelineStatus};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::model::{key::Key, names::MANAGER};

/// Writes `status` by server-side apply. The resource version is not sent: the status is about the generation
/// that it names.
pub(crate) async fn write(
    client: &Client,
    key: &Key,
    status: &CcxPipelineStatus,
) -> kube::Result<CcxPipeline> {
    let api: Api<CcxPipeline> = Api::namespaced(client.clone(), &key.namespace);
    let patch = json!({
        "apiVersion": "ccx.openshift.io/v1alpha1",
        "kind": "CcxPipeline",
        "metadata": {"name": &*key.name},
        "status": status,
    });
    api.patch_status(&key.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&patch)).await
}
