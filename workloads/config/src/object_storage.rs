//! `[object_storage]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Secret, SecretError};

/// Where the archives are: any S3 service.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectStorage {
    /// URL of the service; absent means Amazon's in `region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The region; absent means what the environment says, else `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The bucket that uploads go to. Downloads take the bucket from the announced link.
    pub bucket: String,
    /// Where a link has the bucket's name.
    pub addressing: Addressing,
    /// Who we are; absent means what the environment gives (variables, profile, workload identity).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// A file with the access key's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id_file: Option<PathBuf>,
    /// The key of `access_key_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<Secret>,
    /// A file with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key_file: Option<PathBuf>,
    /// PEM file of the authorities that sign the service's certificate; the system's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Which announced links are followed.
    pub links: LinkPolicy,
}

/// Where a link has the bucket's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Addressing {
    /// In the host: `https://bucket.s3.amazonaws.com/key`.
    #[default]
    VirtualHost,
    /// In the path: `https://host/bucket/key`, as most services other than Amazon's want it.
    Path,
}

/// Which announced links are followed.
///
/// Whoever can write to the topic makes us fetch; the pattern keeps that to S3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkPolicy {
    /// Presigned links to Amazon S3 or to `endpoint`, and `s3://bucket/key`.
    #[default]
    PresignedS3,
    /// Any HTTP link.
    Any,
}

impl ObjectStorage {
    /// The access key's id and the key, when configured here.
    pub fn credentials(&self) -> Result<Option<(String, Secret)>, SecretError> {
        let inline_id = self.access_key_id.clone().map(Secret::from);
        let id = Secret::resolve(inline_id.as_ref(), self.access_key_id_file.as_ref())?;
        let key = Secret::resolve(self.secret_access_key.as_ref(), self.secret_access_key_file.as_ref())?;
        Ok(id.zip(key).map(|(id, key)| (id.expose().to_owned(), key)))
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if let Some(endpoint) = &self.endpoint
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            problems.push(Problem::new(
                "object_storage.endpoint",
                format!("{endpoint:?} is not an http:// or https:// URL"),
            ));
        }
        let has_id = self.access_key_id.is_some() || self.access_key_id_file.is_some();
        let has_key = self.secret_access_key.is_some() || self.secret_access_key_file.is_some();
        if has_id != has_key {
            problems.push(Problem::new(
                "object_storage.access_key_id",
                "and object_storage.secret_access_key (or their …_file) belong together; set both or none",
            ));
        }
    }
}
