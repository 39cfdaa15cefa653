//! The rules of access of the managed database (`pg_hba.conf`), instead of those of its image, which allow connections without TLS.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::ObjectMeta;

use crate::{
    build::{database::COMPONENT, job::NAME_DIGITS, metadata::metadata},
    model::{
        digest::Digest,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The name of the file, in the ConfigMap and in the pod.
pub(super) const FILE: &str = "pg_hba.conf";

/// Sessions in the pod need no password; all others need TLS and the password.
const RULES: &str = "\
local    all          all       trust
local    replication  all       trust
hostssl  all          all  all  scram-sha-256
";

pub(super) fn child(pipeline: &ValidatedPipeline) -> Child {
    let config_map = ConfigMap {
        metadata: ObjectMeta { name: Some(name(pipeline)), ..metadata(pipeline, COMPONENT.name()) },
        data: Some([(FILE.to_owned(), RULES.to_owned())].into()),
        ..ConfigMap::default()
    };
    Child::new(COMPONENT, Stage::Foundation, config_map)
}

/// Returns the name, with a digest of the content: other rules restart the server.
pub(super) fn name(pipeline: &ValidatedPipeline) -> String {
    let digest = Digest::default().field(RULES).finish();
    format!("{}-{}", COMPONENT.object_name(pipeline.name.as_str()), &digest[..NAME_DIGITS])
}
