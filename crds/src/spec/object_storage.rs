//! `spec.objectStorage`

use std::collections::BTreeMap;

use ccx_config::formats::{BUCKET, ENDPOINT, ENDPOINT_WITH_PATH, REGION};
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, S3CredentialsSecretRef,
    schema::{
        field::text_map,
        rule::{matches, needed_when, only_when, rule},
    },
};

/// The object storage with the archives: any S3 service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = ObjectStorage::rules()))]
pub struct ObjectStorage {
    /// URL of the service; absent means Amazon's in `region`.
    ///
    /// Example: `https://s3.openshift-storage.svc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub endpoint: Option<String>,
    /// The region; absent means `us-east-1`.
    ///
    /// Example: `eu-central-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub region: Option<String>,
    /// The bucket that uploads go to.
    ///
    /// Example: `insights-upload`.
    #[schemars(length(min = 1, max = 63))]
    pub bucket: String,
    /// The place of the bucket's name in a URL.
    #[serde(default)]
    pub addressing: Addressing,
    /// The credentials.
    #[serde(default)]
    pub credentials: StorageCredentials,
    /// The authorities that sign the service's certificate; absent means those of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
    /// The announced links that are downloaded. Every producer of the topic can make the pods connect to them.
    #[serde(default)]
    pub link_policy: LinkPolicy,
}

impl ObjectStorage {
    fn rules() -> Vec<Rule> {
        vec![
            rule(&matches("self.bucket", BUCKET), BUCKET.advice).field_path(".bucket"),
            rule(
                "!self.bucket.contains('..') && !self.bucket.contains('.-') && !self.bucket.contains('-.')",
                "remove the . or - that stands beside a . in the bucket's name",
            )
            .field_path(".bucket"),
            rule("!isIP(self.bucket)", "choose a bucket whose name doesn't look like an address")
                .field_path(".bucket"),
            rule(
                "self.addressing == 'Path' || isIP(self.bucket) || !self.bucket.matches('[^.-][.][^.-]')",
                "set addressing to Path: certificates don't cover a bucket with dots as part of the host",
            )
            .field_path(".addressing"),
            rule(&format!("!has(self.endpoint) || {}", matches("self.endpoint", ENDPOINT)), ENDPOINT.advice)
                .field_path(".endpoint"),
            rule(
                &format!("!has(self.endpoint) || !{}", matches("self.endpoint", ENDPOINT_WITH_PATH)),
                ENDPOINT_WITH_PATH.advice,
            )
            .field_path(".endpoint"),
            rule(
                "self.addressing == 'Path' || !has(self.endpoint) || \
                 !self.endpoint.matches('^https?://(\\\\[|[0-9.]+(:|/|$))')",
                "set addressing to Path: an address can't have the bucket in front of it",
            )
            .field_path(".addressing"),
            only_when(
                "caSecretRef",
                "has(self.endpoint) && self.endpoint.startsWith('https://')",
                "set an endpoint that begins with https://, or remove caSecretRef: Amazon's authorities are known",
            ),
            rule(&format!("!has(self.region) || {}", matches("self.region", REGION)), REGION.advice)
                .field_path(".region"),
        ]
    }
}

/// The place of the bucket's name in a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Addressing {
    /// In the host, as Amazon requires.
    #[default]
    VirtualHost,
    /// In the path, as most other services require.
    Path,
}

/// The announced links that are downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LinkPolicy {
    /// Presigned links to Amazon S3 or to `endpoint`, and `s3://bucket/key`.
    #[default]
    PresignedS3,
    /// Any HTTP link.
    Any,
}

/// The credentials for the object storage: a union of `secretRef` and `workloadIdentity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = StorageCredentials::rules()))]
pub struct StorageCredentials {
    /// The type of the credentials.
    #[serde(rename = "type")]
    pub kind: CredentialsType,
    /// The access key, with type `Secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<S3CredentialsSecretRef>,
    /// The cloud identity of the pods' service account, with type `WorkloadIdentity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,
}

impl StorageCredentials {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "secretRef",
                "self.type == 'Secret'",
                "set secretRef: type Secret needs the Secret's name",
            ),
            only_when("secretRef", "self.type == 'Secret'", "set type to Secret, or remove secretRef"),
            only_when(
                "workloadIdentity",
                "self.type == 'WorkloadIdentity'",
                "set type to WorkloadIdentity, or remove workloadIdentity",
            ),
        ]
    }
}

/// The type of the credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CredentialsType {
    /// The identity of the pods' service account. Sufficient for presigned URLs.
    #[default]
    WorkloadIdentity,
    /// An access key in a Secret.
    Secret,
}

/// The cloud identity of a service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadIdentity {
    /// Annotations of the pipeline's service account.
    ///
    /// Example: `{"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/ccx"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub service_account_annotations: BTreeMap<String, String>,
}
