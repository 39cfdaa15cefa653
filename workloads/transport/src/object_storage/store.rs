//! The object storage with the configured credentials.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_s3::config::{
    Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ObjectCannedAcl;
use aws_smithy_http_client::tls;
use bytes::Bytes;
use ccx_config::{Addressing, CannedAcl, ObjectStorage};
use ccx_messages::ErrorClass;
use snafu::{IntoError as _, ResultExt as _};

use super::error::{
    AuthoritiesSnafu, BucketSnafu, BucketStatusSnafu, CredentialsSnafu, DeniedSnafu, EncryptionSnafu,
    NoBucketSnafu, PresignSnafu, PutSnafu, RejectedSnafu,
};
use super::failure::RequestFailure;
use super::{ObjectStoreError, ObjectUpload};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit of the response after the whole request was sent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The object storage with the configured credentials. Clones share one connection pool.
///
/// Objects are downloaded by a [`Downloader`](super::Downloader), so that all downloads obey the same limits.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    pub(super) client: aws_sdk_s3::Client,
    endpoint: Option<String>,
}

impl ObjectStore {
    /// Prepares a client, without talking to the server. Credentials and the region, when they are not configured, come from
    /// where AWS' tools take them: variables, profiles, and the workload's identity.
    pub async fn connect(settings: &ObjectStorage) -> Result<Self, ObjectStoreError> {
        Ok(Self::from_sdk(&Box::pin(loader(settings)?.load()).await, settings))
    }

    /// Requests the bucket with the configured credentials, and returns how it can be used.
    ///
    /// Without credentials the request is not signed. A server that refuses it has answered all the same: presigned links need no
    /// credentials of ours.
    pub async fn check_bucket(settings: &ObjectStorage) -> Result<BucketAccess, ObjectStoreError> {
        let sdk = Box::pin(loader(settings)?.load()).await;
        let is_authenticated = match sdk.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.is_ok(),
            None => false,
        };
        if is_authenticated {
            Self::from_sdk(&sdk, settings).reachable(&settings.bucket).await?;
            return Ok(BucketAccess::Authorized);
        }
        let anonymous = loader(settings)?.no_credentials().load().await;
        match Self::from_sdk(&anonymous, settings).reachable(&settings.bucket).await {
            Ok(()) | Err(ObjectStoreError::Denied { .. }) => Ok(BucketAccess::PresignedOnly),
            Err(error) => Err(error),
        }
    }

    fn from_sdk(sdk: &SdkConfig, settings: &ObjectStorage) -> Self {
        let mut config = Builder::from(sdk)
            .force_path_style(settings.addressing == Addressing::Path)
            // Few services other than Amazon's know the newer checksums; TLS and the archive's own do.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        config.set_endpoint_url(settings.endpoint.clone());
        Self { client: aws_sdk_s3::Client::from_conf(config.build()), endpoint: settings.endpoint.clone() }
    }

    /// Stores an object, replacing one of the same name. At most three attempts.
    pub async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<(), ObjectStoreError> {
        self.put_with_acl(bucket, key, body, None).await
    }

    /// As [`put`](Self::put), with an access control list; absent means that the bucket decides.
    pub async fn put_with_acl(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        acl: Option<CannedAcl>,
    ) -> Result<(), ObjectStoreError> {
        let acl = acl.map(|acl| ObjectCannedAcl::from(acl.as_str()));
        let put = self.client.put_object().bucket(bucket).key(key).set_acl(acl).body(body.into());
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let class = class_of(&error);
                Err(self.failure(&error)).context(PutSnafu { bucket, key, class })
            }
        }
    }

    /// Begins to store an object of unknown size, in place of one of that name.
    pub fn begin_upload(&self, bucket: &str, key: &str) -> ObjectUpload {
        ObjectUpload::new(self.clone(), bucket, key)
    }

    /// Stores a file of at most 5 GiB as an object, in place of one of that name. Tries three times.
    pub async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        file: &Path,
        content_type: &str,
    ) -> Result<(), ObjectStoreError> {
        let class = ErrorClass::Bug;
        let body =
            ByteStream::from_path(file).await.map_err(boxed).context(PutSnafu { bucket, key, class })?;
        let put = self.client.put_object().bucket(bucket).key(key).content_type(content_type).body(body);
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let class = class_of(&error);
                Err(self.failure(&error)).context(PutSnafu { bucket, key, class })
            }
        }
    }

    /// A link with which anyone can download the object until `expires` (at most a week) has passed.
    pub async fn presign_get(
        &self,
        bucket: &str,
        key: &str,
        expires: Duration,
    ) -> Result<String, ObjectStoreError> {
        let expiry =
            PresigningConfig::expires_in(expires).map_err(boxed).context(PresignSnafu { bucket, key })?;
        let request = self.client.get_object().bucket(bucket).key(key).presigned(expiry).await;
        let request = request.map_err(boxed).context(PresignSnafu { bucket, key })?;
        Ok(request.uri().into())
    }

    /// Whether the bucket exists and the credentials give access to it.
    pub async fn reachable(&self, bucket: &str) -> Result<(), ObjectStoreError> {
        let result = self.client.head_bucket().bucket(bucket).send().await;
        match result {
            Ok(_) => Ok(()),
            Err(error) => match self.bucket_error(&error, bucket) {
                ObjectStoreError::NoBucket { .. } => Err(self.why_not_found(bucket).await),
                error => Err(error),
            },
        }
    }

    /// Finds out why a server answers 404 to a request whose answer has no body: some do so for an unknown access key, too.
    async fn why_not_found(&self, bucket: &str) -> ObjectStoreError {
        let Err(error) = self.client.list_objects_v2().bucket(bucket).max_keys(1).send().await else {
            return NoBucketSnafu { bucket }.build();
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        match (status, error.code()) {
            (Some(status @ (401 | 403)), _) => DeniedSnafu { bucket, status }.build(),
            (_, Some(code)) if !matches!(code, "NoSuchBucket" | "NotFound") => {
                RejectedSnafu { code, bucket }.build()
            }
            _ => NoBucketSnafu { bucket }.build(),
        }
    }

    /// A refusal has no body, so the SDK only knows the status; other errors are explained by the SDK.
    fn bucket_error(&self, error: &SdkError<HeadBucketError>, bucket: &str) -> ObjectStoreError {
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => NoBucketSnafu { bucket }.build(),
            Some(status @ (401 | 403)) => DeniedSnafu { bucket, status }.build(),
            Some(status) if !(200..300).contains(&status) => {
                BucketStatusSnafu { bucket, status, class: class_of(error) }.build()
            }
            _ => BucketSnafu { bucket, class: class_of(error) }.into_error(self.failure(error)),
        }
    }

    /// Returns the cause of a failed request, with the endpoint if it can't be reached.
    pub(super) fn failure<E: ProvideErrorMetadata + Error + 'static>(
        &self,
        error: &SdkError<E>,
    ) -> Box<dyn Error + Send + Sync> {
        Box::new(RequestFailure::new(self.endpoint.as_deref(), error))
    }
}

/// How a bucket can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketAccess {
    /// The credentials give access to the bucket.
    Authorized,
    /// There are no credentials: objects can be downloaded by presigned links, and not be stored.
    PresignedOnly,
}

fn loader(settings: &ObjectStorage) -> Result<ConfigLoader, ObjectStoreError> {
    let mut loader = environment(settings);
    if let Some((id, key)) = settings.credentials().context(CredentialsSnafu)? {
        loader = loader.credentials_provider(Credentials::new(id, key.expose(), None, None, "configuration"));
    }
    if let Some(file) = &settings.ca_file {
        loader = loader.http_client(http_client(file)?);
    }
    Ok(loader)
}

fn environment(settings: &ObjectStorage) -> ConfigLoader {
    // Not the SDK's whole chain: it would query the metadata service of a cloud, and wait for it elsewhere.
    let region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(Region::from_static("us-east-1"));
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    aws_config::defaults(BehaviorVersion::latest()).region(region).timeout_config(timeouts)
}

/// An HTTP client that trusts the authorities in `file` beside the system's.
fn http_client(file: &Path) -> Result<SharedHttpClient, ObjectStoreError> {
    let authorities = std::fs::read(file).context(AuthoritiesSnafu { path: file })?;
    let trusted = tls::TrustStore::default().with_pem_certificate(authorities);
    let context = tls::TlsContext::builder()
        .with_trust_store(trusted)
        .build()
        .map_err(boxed)
        .context(EncryptionSnafu)?;
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    Ok(aws_smithy_http_client::Builder::new().tls_provider(provider).tls_context(context).build_https())
}

/// A refusal lasts until the configuration is changed; every other error is transient.
pub(super) fn class_of<E>(error: &SdkError<E>) -> ErrorClass {
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (error, status) {
        (SdkError::ConstructionFailure(_), _) => ErrorClass::Bug,
        (_, Some(408 | 429)) => ErrorClass::Transient,
        (_, Some(400..=499)) => ErrorClass::Bug,
        _ => ErrorClass::Transient,
    }
}

fn boxed(error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
    Box::new(error)
}
