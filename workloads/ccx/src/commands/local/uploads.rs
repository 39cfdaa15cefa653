//! Archives that are dropped onto the page: to ingress, as a cluster sends them, and then until their reports are served.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use ccx_config::ArchiveLimits;
use ccx_messages::ClusterId;
use ccx_service::error_chain;
use ccx_web::{ArchiveStream, Upload, UploadState, Uploads};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::{StreamExt as _, future::BoxFuture};
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;

use super::wait::{Results, Sent};
use crate::{archive_file::ArchiveFile, archive_time::gathering_time};

/// The limit of archives that are listed: older ones are forgotten.
const MAX_LISTED: usize = 100;

/// The limit of a file's name, in characters.
const MAX_NAME: usize = 200;

/// The content type of an archive of the insights operator, which ingress takes.
const ARCHIVE_TYPE: &str = "application/vnd.redhat.openshift.periodic+tgz";

/// The receiver of the page's archives.
pub(super) struct LocalUploads {
    client: Client,
    ingress: SocketAddr,
    limits: ArchiveLimits,
    results: Arc<Results>,
    listed: Arc<Listed>,
}

/// The archives, the newest first, each with its number.
#[derive(Default)]
struct Listed(Mutex<ListedState>);

#[derive(Default)]
struct ListedState {
    begun: u64,
    uploads: VecDeque<(u64, Upload)>,
}

impl LocalUploads {
    /// Creates the receiver of archives for the ingress at an address.
    pub(super) fn new(
        ingress: SocketAddr,
        limits: ArchiveLimits,
        results: Arc<Results>,
        client: Client,
    ) -> Self {
        Self { client, ingress, limits, results, listed: Arc::default() }
    }

    async fn hand_over(&self, number: u64, name: &str, content: ArchiveStream<'_>) -> Result<Sent, String> {
        let bytes = self.read(number, content).await?;
        let (archive, limits) = (name.to_owned(), self.limits.clone());
        let archive = tokio::task::spawn_blocking(move || ArchiveFile::new(archive, bytes, &limits)).await;
        let archive = archive.map_err(|error| error_chain(&error))?;
        let cluster_id = archive.cluster_id.or_else(|| archive.made_up_cluster_id());
        let announced_at = Utc::now();
        let request_id = self.post(&archive, cluster_id).await?;
        Ok(Sent { request_id, announced_at, cluster_id })
    }

    /// Reads the content up to the limit of archives.
    async fn read(&self, number: u64, mut content: ArchiveStream<'_>) -> Result<Bytes, String> {
        let limit = self.limits.max_compressed;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = content.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
            let size = bytes.len() as u64;
            if size > limit.as_u64() {
                return Err(format!("it is larger than {limit}, which archive.max_compressed allows"));
            }
            self.listed.change(number, |upload| upload.size_bytes = size);
        }
        Ok(bytes.freeze())
    }

    /// Sends an archive to ingress, and returns the id of the request.
    async fn post(&self, archive: &ArchiveFile, cluster_id: Option<ClusterId>) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Accepted {
            request_id: String,
        }
        let gathered_at = gathering_time(Some(Path::new(&archive.name)), archive.gathered_at, None);
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let parts = form(&boundary, archive.bytes.clone(), gathered_at);
        let agent = cluster_id.map_or_else(|| "ccx-local".to_owned(), |id| format!("ccx-local cluster/{id}"));
        let request = self
            .client
            .post(format!("http://{}/api/ingress/v1/upload", self.ingress))
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .header("user-agent", agent)
            .body(reqwest::Body::wrap_stream(futures::stream::iter(parts.map(Ok::<_, std::io::Error>))));
        let response = request.send().await.map_err(|error| error_chain(&error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| error_chain(&error))?;
        let accepted = serde_json::from_slice::<Accepted>(&body).ok().filter(|_| status.is_success());
        let refusal = || format!("ingress answered {status}: {}", String::from_utf8_lossy(&body).trim());
        accepted.map(|accepted| accepted.request_id).ok_or_else(refusal)
    }
}

impl Uploads for LocalUploads {
    fn receive<'a>(&'a self, name: &'a str, content: ArchiveStream<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let number = self.listed.begin(name);
            match self.hand_over(number, name, content).await {
                Err(reason) => self.listed.set(number, UploadState::Failed { reason }),
                Ok(sent) => {
                    self.listed.set(number, UploadState::Processing);
                    let (results, listed) = (Arc::clone(&self.results), Arc::clone(&self.listed));
                    tokio::spawn(async move {
                        let state = match results.wait(&sent).await {
                            Ok((cluster, report, _)) => {
                                UploadState::Processed { cluster, hits: report.reports.len() as u64 }
                            }
                            Err(reason) => UploadState::Failed { reason },
                        };
                        listed.set(number, state);
                    });
                }
            }
        })
    }

    fn list(&self) -> Vec<Upload> {
        self.listed.state().uploads.iter().map(|(_, upload)| upload.clone()).collect()
    }
}

impl Listed {
    fn begin(&self, name: &str) -> u64 {
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        let upload = Upload {
            name: name.chars().take(MAX_NAME).collect(),
            size_bytes: 0,
            began_at: Utc::now(),
            state: UploadState::Receiving,
        };
        state.uploads.push_front((number, upload));
        state.uploads.truncate(MAX_LISTED);
        number
    }

    fn set(&self, number: u64, next: UploadState) {
        self.change(number, |upload| upload.state = next);
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Upload)) {
        if let Some((_, upload)) = self.state().uploads.iter_mut().find(|(found, _)| *found == number) {
            change(upload);
        }
    }

    fn state(&self) -> MutexGuard<'_, ListedState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the parts of an insights operator's form: the archive and its metadata.
fn form(boundary: &str, archive: Bytes, gathered_at: Option<DateTime<Utc>>) -> [Bytes; 3] {
    let mut metadata = json!({ "custom_metadata": {} });
    if let Some(time) = gathered_at {
        metadata["custom_metadata"]["gathering_time"] =
            time.to_rfc3339_opts(SecondsFormat::Secs, true).into();
    }
    let before = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"payload.tar.gz\"\r\n\
         Content-Type: {ARCHIVE_TYPE}\r\n\r\n"
    );
    let after = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"metadata\"; filename=\"metadata.json\"\r\n\
         Content-Type: application/json\r\n\r\n{metadata}\r\n--{boundary}--\r\n"
    );
    [before.into(), archive, after.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_the_newest_first_and_is_bounded() {
        let listed = Listed::default();
        let first = listed.begin("first");
        for number in 1..=MAX_LISTED {
            listed.begin(&format!("{number}"));
        }
        listed.set(first, UploadState::Processing);
        let state = listed.state();
        assert_eq!((state.uploads.len(), state.uploads[0].1.name.as_str()), (MAX_LISTED, "100"));
        assert!(state.uploads.iter().all(|(number, _)| *number != first), "the oldest is forgotten");
    }

    #[test]
    fn form_has_the_archive_unchanged_and_the_time() {
        let time = DateTime::from_timestamp(1_768_478_400, 0);
        let parts = form("b", Bytes::from_static(b"\x1f\x8b"), time);
        assert_eq!(&*parts[1], b"\x1f\x8b");
        let text = String::from_utf8(parts[2].to_vec()).unwrap();
        assert!(
            text.contains(r#""gathering_time":"2026-01-15T12:00:00Z""#) && text.ends_with("\r\n--b--\r\n")
        );
    }
}
