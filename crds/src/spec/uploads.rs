//! `spec.ingress`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, GoDuration, Resources,
    schema::{
        field::{duration_between, image, size_from},
        rule::required,
    },
};

/// The pods that receive the archives of clusters and serve the remote gathering rules. They need `publicApi`, whose callers and
/// exposure they share; the pod template is that of `aggregator`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Uploads {
    /// Number of pods.
    #[schemars(range(min = 0, max = 512))]
    pub replicas: u32,
    /// The image of these pods; absent means `spec.image`.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Requests and limits of a pod.
    pub resources: Resources,
    /// Maximum size of an archive.
    #[schemars(transform = size_from("1Ki"))]
    pub max_upload_size: ByteQuantity,
    /// Maximum of uploads at a time in one pod; each takes up to 16Mi of memory. Others wait.
    #[schemars(range(min = 1, max = 4096))]
    pub max_concurrent_uploads: u32,
    /// Validity of the presigned links that are announced.
    #[schemars(transform = duration_between("1m", "168h"))]
    pub link_validity: GoDuration,
}

/// Rules about uploads and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        required(
            "!has(self.ingress) || has(self.publicApi)",
            "set publicApi too: its authentication says who may upload",
        )
        .field_path(".ingress"),
    ]
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            replicas: 2,
            image: None,
            resources: Resources::new("100m", "128Mi", "512Mi"),
            max_upload_size: ByteQuantity::mebibytes(100),
            max_concurrent_uploads: 16,
            link_validity: GoDuration::from_hours(24),
        }
    }
}
