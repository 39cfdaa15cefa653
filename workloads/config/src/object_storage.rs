//! `[object_storage]`

use std::{net::IpAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Problem, Secret, SecretError,
    formats::{BUCKET, ENDPOINT, ENDPOINT_WITH_PATH, REGION},
    secret::check_given_once,
};

/// The S3 service with the archives.
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
    /// Place of the bucket's name in a link.
    pub addressing: Addressing,
    /// The access key's id; absent means the credentials of the environment (variables, profile, workload identity).
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
    /// The announced links that are followed.
    pub links: LinkPolicy,
}

/// Place of the bucket's name in a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Addressing {
    /// In the host: `https://bucket.s3.amazonaws.com/key`.
    #[default]
    VirtualHost,
    /// In the path: `https://host/bucket/key`, as most services other than Amazon's want it.
    Path,
}

/// The announced links that are followed.
///
/// Anyone who can write to the topic makes the pipeline download; the default restricts downloads to S3.
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
    /// Returns the access key's id and the key, if they are configured here.
    pub fn credentials(&self) -> Result<Option<(String, Secret)>, SecretError> {
        let inline_id = self.access_key_id.clone().map(Secret::from);
        let id = Secret::resolve(inline_id.as_ref(), self.access_key_id_file.as_ref())?;
        let key = Secret::resolve(self.secret_access_key.as_ref(), self.secret_access_key_file.as_ref())?;
        Ok(id.zip(key).map(|(id, key)| (id.expose().to_owned(), key)))
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        self.check_location(problems);
        let (id, id_file) = (self.access_key_id.as_ref(), self.access_key_id_file.as_ref());
        let (key, key_file) = (self.secret_access_key.as_ref(), self.secret_access_key_file.as_ref());
        problems.extend(check_given_once("object_storage.access_key_id", id, id_file));
        problems.extend(check_given_once("object_storage.secret_access_key", key, key_file));
        let has_id = self.access_key_id.is_some() || self.access_key_id_file.is_some();
        let has_key = self.secret_access_key.is_some() || self.secret_access_key_file.is_some();
        if has_id != has_key {
            problems.push(Problem::new(
                "object_storage.access_key_id",
                "and object_storage.secret_access_key (or their …_file) belong together; set both or neither",
            ));
        }
    }

    fn check_location(&self, problems: &mut Vec<Problem>) {
        let mut check = |key: &str, is_valid: bool, advice: &str| {
            if !is_valid {
                problems.push(Problem::new(format!("object_storage.{key}"), format!("is invalid: {advice}")));
            }
        };
        if !self.bucket.is_empty() {
            let has_odd_dots = ["..", ".-", "-."].iter().any(|pair| self.bucket.contains(pair));
            let is_address = self.bucket.parse::<IpAddr>().is_ok();
            check("bucket", BUCKET.matches(&self.bucket) && !has_odd_dots && !is_address, BUCKET.advice);
        }
        if let Some(region) = &self.region {
            check("region", REGION.matches(region), REGION.advice);
        }
        if let Some(endpoint) = &self.endpoint {
            check("endpoint", ENDPOINT.matches(endpoint), ENDPOINT.advice);
            check("endpoint", !ENDPOINT_WITH_PATH.matches(endpoint), ENDPOINT_WITH_PATH.advice);
        }
    }
}
