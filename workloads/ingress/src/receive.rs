//! The form of an upload, read part by part: the archive goes to the object storage as it arrives.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use ccx_messages::UploadMetadata;
use ccx_service::error_chain;
use ccx_transport::ObjectUpload;
use chrono::Utc;
use futures::{Stream, StreamExt as _, stream::BoxStream};
use multer::{Field, Multipart};
use snafu::{ResultExt, Snafu, ensure};

use crate::{
    api::Limits,
    content_type::ArchiveType,
    error::{
        ContentTypeSnafu, EmptyFileSnafu, FieldsTooLargeSnafu, FormSnafu, NoFileSnafu, SeveralFilesSnafu,
        StoreSnafu, TooLargeSnafu, UploadError,
    },
};

/// Most bytes of the fields beside the archive. The metadata of an insights operator has about 70.
const MAX_FIELDS_BYTES: u64 = 1024 * 1024;

/// Most bytes that are read and dropped after a refusal, so that the client gets to read the answer.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Longest time for it.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The body of a request. It fails when no byte arrives for too long.
pub(crate) type BodyStream = BoxStream<'static, Result<Bytes, BodyError>>;

/// The body did not arrive whole.
#[derive(Debug, Snafu)]
pub(crate) enum BodyError {
    #[snafu(display("no byte arrived for {} s", idle.as_secs()))]
    Idle { idle: Duration },
    #[snafu(display("the request broke off"))]
    Broken { source: axum::Error },
}

/// A form that was read to its end.
pub(crate) enum Form {
    /// With an archive, which is not readable before it is finished.
    Upload(Box<ReceivedUpload>),
    /// A client that tests the connection: nothing is stored.
    Test,
}

/// An archive and the client's metadata.
pub(crate) struct ReceivedUpload {
    pub(crate) archive: ObjectUpload,
    pub(crate) archive_type: ArchiveType,
    pub(crate) content_type: String,
    /// `None` if the form has none, or none that can be read.
    pub(crate) metadata: Option<UploadMetadata>,
}

/// Returns the body as a stream that fails after `idle` without a byte.
pub(crate) fn body_stream(body: Body, idle: Duration) -> BodyStream {
    let next = move |mut body: BodyDataStream| async move {
        let item = match tokio::time::timeout(idle, body.next()).await {
            Ok(item) => item?.context(BrokenSnafu),
            Err(_) => IdleSnafu { idle }.fail(),
        };
        Some((item, body))
    };
    futures::stream::unfold(body.into_data_stream(), next).boxed()
}

/// Reads and drops the rest of a body that was refused: a client that is still sending would not see the answer.
pub(crate) fn drain(mut body: BodyStream) {
    tokio::spawn(tokio::time::timeout(DRAIN_TIMEOUT, async move {
        let mut drained = 0;
        while let Some(Ok(chunk)) = body.next().await {
            drained += chunk.len();
            if drained > MAX_DRAINED_BYTES {
                return;
            }
        }
    }));
}

/// Reads a form. `begin` begins to store the archive.
pub(crate) async fn receive(
    body: impl Stream<Item = Result<Bytes, BodyError>> + Send,
    boundary: String,
    limits: &Limits,
    begin: impl Fn() -> ObjectUpload,
) -> Result<Form, UploadError> {
    let mut form = Multipart::new(body, boundary);
    let mut fields = Fields::default();
    let (mut archive, mut metadata, mut is_test) = (None, None, false);
    while let Some(field) = form.next_field().await.map_err(form_error)? {
        match field.name() {
            Some("file" | "upload") => {
                ensure!(archive.is_none(), SeveralFilesSnafu);
                archive = Some(receive_archive(field, limits, begin()).await?);
            }
            Some("metadata") => metadata = Some(fields.read(field).await?),
            Some("test") => is_test = fields.read(field).await? == b"test",
            _ => fields.skip(field).await?,
        }
    }
    if is_test {
        return Ok(Form::Test);
    }
    let Some((archive, archive_type, content_type)) = archive else { return NoFileSnafu.fail() };
    ensure!(archive.size_bytes() > 0, EmptyFileSnafu);
    let metadata = metadata.and_then(|json| parse_metadata(&json));
    Ok(Form::Upload(Box::new(ReceivedUpload { archive, archive_type, content_type, metadata })))
}

async fn receive_archive(
    mut field: Field<'_>,
    limits: &Limits,
    mut archive: ObjectUpload,
) -> Result<(ObjectUpload, ArchiveType, String), UploadError> {
    let content_type = field.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let archive_type = ArchiveType::parse(&content_type);
    let max_bytes = archive_type.as_ref().and_then(|found| limits.max_bytes(&found.service));
    let (Some(archive_type), Some(max_bytes)) = (archive_type, max_bytes) else {
        let content_type: String = content_type.chars().take(100).collect();
        return ContentTypeSnafu { content_type }.fail();
    };
    while let Some(chunk) = field.chunk().await.map_err(form_error)? {
        ensure!(archive.size_bytes() + chunk.len() as u64 <= max_bytes, TooLargeSnafu { max_bytes });
        archive.write(chunk).await.context(StoreSnafu)?;
    }
    Ok((archive, archive_type, content_type))
}

/// The fields beside the archive, bounded together.
#[derive(Default)]
struct Fields {
    read_bytes: u64,
}

impl Fields {
    async fn read(&mut self, mut field: Field<'_>) -> Result<Vec<u8>, UploadError> {
        let mut content = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(form_error)? {
            self.count(&chunk)?;
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    async fn skip(&mut self, mut field: Field<'_>) -> Result<(), UploadError> {
        while let Some(chunk) = field.chunk().await.map_err(form_error)? {
            self.count(&chunk)?;
        }
        Ok(())
    }

    fn count(&mut self, chunk: &Bytes) -> Result<(), UploadError> {
        self.read_bytes += chunk.len() as u64;
        ensure!(self.read_bytes <= MAX_FIELDS_BYTES, FieldsTooLargeSnafu { max_bytes: MAX_FIELDS_BYTES });
        Ok(())
    }
}

/// Metadata that can't be read are treated as absent, as by the service that this one replaces.
fn parse_metadata(json: &[u8]) -> Option<UploadMetadata> {
    UploadMetadata::parse(json, Utc::now())
        .inspect_err(|error| tracing::info!(error = error_chain(error), "metadata of an upload ignored"))
        .ok()
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn form_error(error: multer::Error) -> UploadError {
    if let multer::Error::StreamReadFailed(source) = &error
        && let Some(BodyError::Idle { .. }) = source.downcast_ref()
    {
        return UploadError::TooSlow;
    }
    FormSnafu { reason: error.to_string() }.build()
}
