//! `POST …/upload`: an archive is received, stored and announced.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ccx_auth::Caller;
use ccx_messages::{Status, UploadMetadata};
use ccx_outbox::Request as TrackedRequest;
use chrono::Utc;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use snafu::{ResultExt, ensure};
use tokio::time::timeout;

use crate::{
    announce::{StoredArchive, identity_of},
    api::{Api, Shared},
    error::{AnnounceSnafu, BusySnafu, DeniedOrganizationSnafu, StoreSnafu, TooSlowSnafu, UploadError},
    metrics::InFlight,
    openapi::{Accepted, AcceptedUpload},
    receive::{BodyStream, Form, ReceivedUpload, body_stream, drain, receive},
    request_id::{REQUEST_ID_HEADER, RequestId},
};

/// Most bytes of a body that is not a form: only tests of the connection send one.
const MAX_TEST_BYTES: usize = 4096;

/// An upload in progress.
struct Upload<'a> {
    api: &'a Shared,
    caller: Caller,
    headers: &'a HeaderMap,
    request_id: &'a RequestId,
}

/// Upload of an archive, as a form with the part `file`. Every answer has the id of the request in the header `x-rh-insights-request-id`.
#[utoipa::path(
    post,
    path = "/upload",
    request_body(content = crate::openapi::UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The body is a test of the connection; nothing is stored.", body = Accepted),
        (status = 201, description = "As 202, for clients of `advisor` without metadata.", body = Accepted),
        (status = 202, description = "The archive is stored and announced.", body = Accepted),
        (status = 400, description = "The body is not a form with one archive."),
        (status = 401, description = "The caller is unknown."),
        (status = 403, description = "The organisation may not upload."),
        (status = 408, description = "The archive came too slowly."),
        (status = 413, description = "The archive, or a field, is too large."),
        (status = 415, description = "The content type names no service that is accepted."),
        (status = 500, description = "The service is at fault."),
        (status = 503, description = "The storage or Kafka is unavailable, or too many uploads are in flight.")
    )
)]
pub(crate) async fn upload(State(api): State<Api>, request: Request) -> Response {
    let api = &*api.shared;
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let request_id = RequestId::from_headers(&parts.headers);
    let agent = api.agents.label(&parts.headers);
    api.metrics.count_request(&agent);
    let mut body = body_stream(body, api.limits.idle_timeout());
    let accepted =
        AssertUnwindSafe(accept(api, &parts.headers, &request_id, &agent, &mut body)).catch_unwind().await;
    let accepted = accepted.unwrap_or(Err(UploadError::Panicked));
    api.metrics.observe_outcome(accepted.is_ok(), start.elapsed());
    let mut response = accepted.unwrap_or_else(|error| {
        drain(body);
        error.into_response()
    });
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        response.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), id);
    }
    api.metrics.count_response(&agent, response.status());
    response
}

async fn accept(
    api: &Shared,
    headers: &HeaderMap,
    request_id: &RequestId,
    agent: &str,
    body: &mut BodyStream,
) -> Result<Response, UploadError> {
    let caller = api.authenticator.authenticate(headers).await?;
    ensure!(!api.limits.is_denied(caller.org_id), DeniedOrganizationSnafu);
    let upload = Upload { api, caller, headers, request_id };
    let Some(boundary) = boundary(headers) else { return upload.accept_test(body).await };
    let permit = timeout(api.limits.idle_timeout(), api.uploads.acquire()).await;
    let Ok(Ok(_permit)) = permit else { return BusySnafu.fail() };
    let _in_flight = InFlight::new(&api.metrics.uploads_in_flight);
    let begin = || api.store.begin_upload(&api.bucket, &request_id.object_key(upload.caller.org_id));
    let received = timeout(api.limits.upload_timeout(), receive(body, boundary, &api.limits, begin)).await;
    match received.ok().ok_or_else(|| TooSlowSnafu.build())?? {
        Form::Test => Ok(upload.response(StatusCode::OK)),
        Form::Upload(received) => {
            api.metrics.observe_size(agent, received.archive.size_bytes());
            upload.store_and_announce(*received).await
        }
    }
}

impl Upload<'_> {
    /// Accepts a test of the connection that is not a form with parts.
    async fn accept_test(&self, body: &mut BodyStream) -> Result<Response, UploadError> {
        let mut content = Vec::new();
        while let Some(Ok(chunk)) = body.next().await {
            content.extend_from_slice(&chunk);
            ensure!(content.len() <= MAX_TEST_BYTES, crate::error::NotMultipartSnafu);
        }
        let is_json = serde_json::from_slice::<Value>(&content).is_ok_and(|json| json["test"] == "test");
        ensure!(is_json || content == b"test=test", crate::error::NotMultipartSnafu);
        Ok(self.response(StatusCode::OK))
    }

    async fn store_and_announce(&self, received: ReceivedUpload) -> Result<Response, UploadError> {
        self.report(Status::Received, "Payload received by ingress");
        let is_old_client = received.archive_type.service == "advisor" && received.metadata.is_none();
        let service = received.archive_type.service.clone();
        if let Err(error) = self.try_store_and_announce(received).await {
            self.report(Status::Error, &error.to_string());
            return Err(error);
        }
        self.report(Status::Success, &format!("Sent to validation service: {service}"));
        Ok(self.response(if is_old_client { StatusCode::CREATED } else { StatusCode::ACCEPTED }))
    }

    async fn try_store_and_announce(&self, received: ReceivedUpload) -> Result<(), UploadError> {
        let ReceivedUpload { archive, archive_type, content_type, metadata } = received;
        let Self { api, caller, headers, request_id } = self;
        let start = Instant::now();
        let size_bytes = archive.finish().await.context(StoreSnafu)?;
        api.metrics.observe_stage(start.elapsed());
        let key = request_id.object_key(caller.org_id);
        let link = api.store.presign_get(&api.bucket, &key, api.limits.link_validity()).await;
        let stored = StoredArchive {
            caller,
            identity: &identity_of(caller, &api.authenticator, headers),
            request_id: request_id.as_str(),
            archive_type: &archive_type,
            content_type: &content_type,
            metadata: metadata.unwrap_or_else(|| UploadMetadata::empty(Utc::now())),
            size_bytes,
            url: &link.context(StoreSnafu)?,
        };
        // The archive stays if this fails: Kafka may have stored an announcement that it did not acknowledge.
        api.announcer.announce(stored).await.context(AnnounceSnafu)?;
        tracing::info!(
            request_id = request_id.as_str(),
            org_id = %caller.org_id,
            cluster_id = caller.cluster_id.map(tracing::field::display),
            kind = caller.kind.as_str(),
            service = archive_type.service,
            size_bytes,
            "archive announced"
        );
        Ok(())
    }

    fn report(&self, status: Status, reason: &str) {
        let owner = Some((self.caller.org_id, self.caller.account_number));
        let request = TrackedRequest { id: self.request_id.as_str().to_owned(), owner };
        self.api.tracker.record(self.request_id.as_str(), self.caller.org_id, status, reason);
        self.api.statuses.report(Some(&request), status, Some(reason));
    }

    fn response(&self, status: StatusCode) -> Response {
        let upload = AcceptedUpload {
            account_number: self.caller.account_number.map(|account| account.0.to_string()),
            org_id: self.caller.org_id.to_string(),
        };
        let accepted = Accepted { request_id: self.request_id.as_str().to_owned(), upload };
        (status, Json(accepted)).into_response()
    }
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(content_type).ok()
}
