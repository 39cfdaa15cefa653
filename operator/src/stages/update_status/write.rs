//! Writes the status if it changed.

use ccx_crds::{CcxPipeline, CcxPipelineStatus};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::json;

use crate::model::{key::Key, names::MANAGER};

/// Writes `status` by server-side apply. The resource version is not sent: the status is about the generation
/// that it names.
pub(crate) async fn write(client: &Client, key: &Key, status: &CcxPipelineStatus) -> kube::Result<()> {
    // The response is not parsed: a resource that was stored by another release may not be valid.
    let kind = ApiResource::erase::<CcxPipeline>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &key.namespace, &kind);
    let patch = json!({
        "apiVersion": "ccx.openshift.io/v1alpha1",
        "kind": "CcxPipeline",
        "metadata": {"name": &*key.name},
        "status": status,
    });
    api.patch_status(&key.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&patch)).await.map(drop)
}
