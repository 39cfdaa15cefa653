//! A running service with its servers, and forms as clients send them.

use std::{fs, time::Duration};

use ccx_config::Config;
use ccx_local::{Kafka, ObjectStorage};
use ccx_test_support::{eventually_async as eventually, openapi::Operation};
use ccx_transport::{Record, TopicReader};
use futures::stream;
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    openapi,
    routes::{GATHERING_PREFIX, PREFIXES},
    run_on,
};

/// The cluster that sends.
pub(super) const CLUSTER: &str = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";

/// The content type of an insights operator's archive.
pub(super) const PERIODIC: &str = "application/vnd.redhat.openshift.periodic";

/// The path of uploads.
pub(super) const UPLOAD: &str = "/api/ingress/v1/upload";

const BOUNDARY: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// A running service with its servers.
pub(super) struct TestEnv {
    pub(super) kafka: Kafka,
    pub(super) storage: ObjectStorage,
    pub(super) config: Config,
    pub(super) base: String,
    shutdown: CancellationToken,
    _files: TempDir,
}

impl TestEnv {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// Starts a service that accepts the tokens `token-1` and `token-2` of the organisations 1 and 2.
    pub(super) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let topics = ccx_config::Topics::default();
        let kafka = Kafka::start(&[(&topics.announce, 1), (&topics.payload_status, 1)]).unwrap();
        let storage = ObjectStorage::start("uploads").await.unwrap();
        let files = tempfile::tempdir().unwrap();
        let tokens = files.path().join("tokens");
        fs::write(&tokens, "1 token-1\n2 token-2\n").unwrap();
        let mut config =
            Config { kafka: kafka.config(), object_storage: storage.config(), ..Config::default() };
        config.auth.cluster_tokens = Some(tokens);
        change(&mut config);
        let listener = ccx_service::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let (stop, settings) = (shutdown.clone(), config.clone());
        tokio::spawn(async move { run_on(listener, &settings, stop).await.unwrap() });
        Self { kafka, storage, config, base, shutdown, _files: files }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        client.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    /// Returns a request of the insights operator of an organisation's cluster.
    pub(super) fn as_cluster(&self, method: &str, path: &str, token: &str) -> RequestBuilder {
        self.request(method, path)
            .header("authorization", format!("Bearer {token}"))
            .header("user-agent", format!("insights-operator/4.17.0-abc cluster/{CLUSTER}"))
    }

    /// Sends a form in the name of the cluster of organisation 1.
    pub(super) async fn upload(&self, form: Form) -> Response {
        form.send(self.as_cluster("POST", UPLOAD, "token-1")).await
    }

    /// Returns the announcements, once there are `expected` of them.
    pub(super) async fn announcements(&self, expected: usize) -> Vec<Record> {
        self.read(&self.config.kafka.topics.announce, expected).await
    }

    /// Returns the statuses of a request, once there are `expected` of them.
    pub(super) async fn statuses(&self, request_id: &str, expected: usize) -> Vec<Value> {
        eventually("statuses", async || {
            let records = self.read(&self.config.kafka.topics.payload_status, 0).await;
            let statuses =
                records.iter().map(|record| serde_json::from_slice::<Value>(&record.payload).unwrap());
            let ours: Vec<Value> = statuses.filter(|status| status["request_id"] == request_id).collect();
            (ours.len() == expected).then_some(ours)
        })
        .await
    }

    async fn read(&self, topic: &str, expected: usize) -> Vec<Record> {
        eventually("records", async || {
            let mut reader = TopicReader::open(&self.config.kafka, topic).await.unwrap();
            let mut records = Vec::new();
            while let Some(record) = reader.next().await.unwrap() {
                records.push(record);
            }
            (records.len() >= expected).then_some(records)
        })
        .await
    }

    pub(super) async fn metrics(&self) -> String {
        self.request("GET", "/metrics").send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A form in the making, sent in chunks without a length, as the insights operator does.
#[derive(Clone, Default)]
pub(super) struct Form {
    body: Vec<u8>,
    is_cut_off: bool,
}

impl Form {
    /// Returns a form with an archive and its metadata, in the order of the insights operator.
    pub(super) fn periodic(archive: &[u8]) -> Self {
        let metadata = br#"{"custom_metadata":{"gathering_time":"2026-01-15T11:59:00Z"}}"#;
        Self::default().file("file", PERIODIC, archive).file("metadata", "application/octet-stream", metadata)
    }

    pub(super) fn file(self, name: &str, content_type: &str, content: &[u8]) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"payload.tar.gz\"\r\nContent-Type: {content_type}\r\n"
        );
        self.part(&head, content)
    }

    pub(super) fn field(self, name: &str, content: &[u8]) -> Self {
        self.part(&format!("Content-Disposition: form-data; name=\"{name}\"\r\n"), content)
    }

    /// Breaks off in the middle of the last part.
    pub(super) fn cut_off(self) -> Self {
        Self { is_cut_off: true, ..self }
    }

    fn part(mut self, head: &str, content: &[u8]) -> Self {
        self.body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n").as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub(super) async fn send(self, request: RequestBuilder) -> Response {
        let mut body = self.body;
        if self.is_cut_off {
            body.truncate(body.len() - 2);
        } else {
            body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        }
        let chunks: Vec<_> =
            body.chunks(65_537).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
        let body = Body::wrap_stream(stream::iter(chunks));
        request.header("content-type", content_type()).body(body).send().await.unwrap()
    }

    /// Sends the beginning, and then nothing more for `pause`.
    pub(super) async fn send_and_stall(self, request: RequestBuilder, pause: Duration) -> Response {
        let stalled = stream::once(async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(Vec::new())
        });
        let begin = stream::iter([Ok::<_, std::io::Error>(self.body)]);
        let body = Body::wrap_stream(futures::StreamExt::chain(begin, stalled));
        request.header("content-type", content_type()).body(body).send().await.unwrap()
    }
}

fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// Asserts the status and the described form, and returns the body as JSON.
pub(super) async fn json(response: Response, expected: StatusCode) -> Value {
    let (status, path) = (response.status(), response.url().path().to_owned());
    let text = response.text().await.unwrap();
    assert_eq!(status, expected, "{text}");
    assert_conforms(&path, status.as_u16(), &text);
    serde_json::from_str(&text).unwrap()
}

/// The prefixes of paths, with the documents about them.
pub(super) fn documents() -> [(&'static str, Value); 2] {
    let document = |text: &str| serde_json::from_str(text).unwrap();
    [
        (PREFIXES[0], document(openapi::upload_service())),
        (GATHERING_PREFIX, document(openapi::gathering_service())),
    ]
}

/// Fails unless an answer has the described form.
fn assert_conforms(path: &str, status: u16, body: &str) {
    let method = if path.ends_with("/upload") { "POST" } else { "GET" };
    for (prefix, document) in documents() {
        let Some(below) = path.strip_prefix(prefix) else { continue };
        let operation =
            Operation::find(&document, method, below).unwrap_or_else(|| panic!("{path} is not described"));
        operation.check(status, body).unwrap_or_else(|problem| panic!("{path}: {problem} in {body}"));
    }
}
