//! Uploads as ingress does them: stores the archive, presigns a link to it, announces it.

use std::time::Duration;

use ccx_cli::{CliError, Exit};
use ccx_config::Config;
use ccx_messages::{AccountNumber, Announce, ClusterId, Identity, OrgId, Timestamp, TimestampError};
use ccx_transport::{Connectivity, KafkaError, ObjectStore, ObjectStoreError, Outgoing, Producer};
use chrono::{DateTime, SecondsFormat, Utc};
use snafu::{ResultExt, Snafu, ensure};

use crate::{archive_file::ArchiveFile, output};

/// The lifetime of a presigned link, as with ingress.
const LINK_LIFETIME: Duration = Duration::from_hours(24);

/// The wait for Kafka after which the user is told about it.
const SILENT_WAIT: Duration = Duration::from_secs(3);

/// The header by which consumers filter announcements.
const SERVICE_HEADER: &str = "service";

/// An archive can't be uploaded.
#[derive(Debug, Snafu)]
pub(crate) enum UploadError {
    #[snafu(display("no bucket to upload to: object_storage.bucket is empty"))]
    NoBucket,
    #[snafu(display("failed to connect to the object storage"))]
    Connect { source: ObjectStoreError },
    #[snafu(display("failed to prepare sending to Kafka"))]
    Producer { source: KafkaError },
    #[snafu(display("failed to store {archive} as {key} in the bucket {bucket}"))]
    Put { archive: String, bucket: String, key: String, source: ObjectStoreError },
    #[snafu(display("failed to presign a link to {key} in the bucket {bucket}"))]
    Presign { bucket: String, key: String, source: ObjectStoreError },
    #[snafu(display("failed to write the time of the upload"))]
    Time { source: TimestampError },
    #[snafu(display("failed to announce {archive}"))]
    Announce { archive: String, source: KafkaError },
}

impl CliError for UploadError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoBucket => Exit::Setup,
            _ => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        let section = match self {
            Self::NoBucket => {
                return Some("name one in [object_storage], or set CCX__OBJECT_STORAGE__BUCKET".into());
            }
            Self::Connect { .. } | Self::Put { .. } | Self::Presign { .. } => "[object_storage]",
            Self::Producer { .. } | Self::Announce { .. } => "[kafka]",
            Self::Time { .. } => return None,
        };
        Some(format!("see {section} in `ccx config print`"))
    }
}

/// The sender of an upload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) org_id: OrgId,
    pub(crate) account_number: Option<AccountNumber>,
    /// The cluster that the gateway would have authenticated as the sender.
    pub(crate) cluster_id: Option<ClusterId>,
    /// When the cluster gathered the data.
    pub(crate) gathered_at: Option<DateTime<Utc>>,
}

/// An archive that has been announced.
#[derive(Clone, Debug)]
pub(crate) struct Uploaded {
    /// The id of the request, by which it can be traced.
    pub(crate) request_id: String,
    /// The time of the announcement, which the report will contain.
    pub(crate) announced_at: DateTime<Utc>,
}

/// Uploads archives.
#[derive(Clone)]
pub(crate) struct Uploader {
    store: ObjectStore,
    producer: Producer,
    bucket: String,
    topic: String,
    service: String,
}

impl Uploader {
    /// Connects to the object storage and to Kafka.
    pub(crate) async fn connect(config: &Config) -> Result<Self, UploadError> {
        ensure!(!config.object_storage.bucket.is_empty(), NoBucketSnafu);
        Ok(Self {
            store: ObjectStore::connect(&config.object_storage).await.context(ConnectSnafu)?,
            producer: Producer::new(&config.kafka).context(ProducerSnafu)?,
            bucket: config.object_storage.bucket.clone(),
            topic: config.kafka.topics.announce.clone(),
            service: config.pipeline.service.clone(),
        })
    }

    /// Stores and announces an archive.
    pub(crate) async fn upload(
        &self,
        archive: &ArchiveFile,
        sender: Sender,
    ) -> Result<Uploaded, UploadError> {
        let request_id = uuid::Uuid::new_v4().simple().to_string();
        let (bucket, key) = (&self.bucket, &request_id);
        let stored = self.store.put(bucket, key, archive.bytes.clone()).await;
        stored.context(PutSnafu { archive: &archive.name, bucket, key })?;
        let link = self.store.presign_get(bucket, key, LINK_LIFETIME).await;
        let url = link.context(PresignSnafu { bucket, key })?;
        let announced_at = Utc::now();
        let announce = announce(url, &request_id, sender, announced_at).context(TimeSnafu)?;
        self.announce(archive, &announce).await?;
        Ok(Uploaded { request_id, announced_at })
    }

    async fn announce(&self, archive: &ArchiveFile, announce: &Announce) -> Result<(), UploadError> {
        let message = Outgoing {
            topic: &self.topic,
            key: None,
            headers: &[(SERVICE_HEADER, self.service.as_bytes())],
            payload: &announce.to_json(archive.bytes.len() as u64),
        };
        let mut sending = std::pin::pin!(self.producer.send(message));
        let sent = if let Ok(sent) = tokio::time::timeout(SILENT_WAIT, &mut sending).await {
            sent
        } else {
            let cause = match &*self.producer.connectivity().borrow() {
                Connectivity::Down(reason) => format!(": {reason}"),
                Connectivity::Connecting | Connectivity::Up => String::new(),
            };
            output::note(&format!("waiting up to 30 s for Kafka{cause}"));
            sending.await
        };
        sent.context(AnnounceSnafu { archive: &archive.name })
    }
}

fn announce(
    url: String,
    request_id: &str,
    sender: Sender,
    now: DateTime<Utc>,
) -> Result<Announce, TimestampError> {
    let Sender { org_id, account_number, cluster_id, gathered_at } = sender;
    Ok(Announce {
        url,
        identity: Identity { org_id, account_number, cluster_id },
        timestamp: Timestamp::parse(&now.to_rfc3339_opts(SecondsFormat::Nanos, true))?,
        request_id: Some(request_id.to_owned()),
        gathering_time: gathered_at,
        is_cluster_authenticated: cluster_id.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcement_has_the_sender_and_the_times() {
        let sender = Sender {
            org_id: OrgId::new(7).unwrap(),
            account_number: Some(AccountNumber(8)),
            cluster_id: Some(ClusterId::random()),
            gathered_at: DateTime::from_timestamp(1_768_478_300, 0),
        };
        let now = DateTime::from_timestamp(1_768_478_400, 5).unwrap();
        let announce = announce("https://link".into(), "abc", sender, now).unwrap();
        let read = Announce::parse(&announce.to_json(9)).unwrap();
        assert_eq!(read.identity.org_id, sender.org_id);
        assert_eq!(read.identity.cluster_id, sender.cluster_id);
        assert_eq!(read.timestamp.as_str(), "2026-01-15T12:00:00.000000005Z");
        assert_eq!(read.gathering_time, sender.gathered_at);
        assert_eq!(read.request_id.as_deref(), Some("abc"));
    }
}
