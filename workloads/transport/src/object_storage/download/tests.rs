use std::time::Duration;

use bytesize::ByteSize;
use ccx_config::LinkPolicy;
use ccx_messages::ErrorClass::{self, BadInput, Transient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::StorageSignal;

/// The action of a test server after it has read a request.
#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    Wait(Duration),
}
use Step::{Send, Wait};

/// A pause longer than any timeout of [`impatient`].
const STALL: Step = Wait(Duration::from_mins(5));

fn text(text: impl Into<String>) -> Step {
    Send(text.into().into_bytes())
}

fn response(status: &str, headers: &str, body: &str) -> Vec<Step> {
    vec![text(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))]
}

/// Starts a server that answers every request with the same steps and then closes the connection; returns a
/// link to it.
async fn serve(steps: Vec<Step>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(play(connection, steps.clone()));
        }
    });
    format!("http://{address}/upload/archive?X-Amz-Signature=5ec2e7")
}

async fn play(mut connection: TcpStream, steps: Vec<Step>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(connection.read_u8().await.unwrap());
    }
    for step in steps {
        match step {
            // The client may have closed the connection.
            Send(bytes) => drop(connection.write_all(&bytes).await),
            Wait(time) => tokio::time::sleep(time).await,
        }
    }
}

fn any_link() -> ObjectStorage {
    ObjectStorage { links: LinkPolicy::Any, ..ObjectStorage::default() }
}

async fn downloader(pipeline: &Pipeline, max_bytes: u64) -> Downloader {
    let limits = ArchiveLimits { max_compressed: ByteSize::b(max_bytes), ..ArchiveLimits::default() };
    Downloader::new(&any_link(), pipeline, &limits).await.unwrap()
}

/// Default timeouts, with room for a busy machine.
fn patient() -> Pipeline {
    Pipeline::default()
}

fn impatient() -> Pipeline {
    Pipeline {
        download_connect_timeout: Duration::from_secs(20),
        download_read_timeout: Duration::from_millis(300),
        download_timeout: Duration::from_secs(2),
        ..Pipeline::default()
    }
}

async fn fetch(pipeline: &Pipeline, steps: Vec<Step>) -> Result<Bytes, DownloadError> {
    downloader(pipeline, 1000).await.fetch(&serve(steps).await).await
}

/// Returns the class and the message of the error that the response causes.
async fn refusal(pipeline: &Pipeline, steps: Vec<Step>) -> (ErrorClass, String) {
    let error = fetch(pipeline, steps).await.expect_err("must fail");
    let text = snafu::Report::from_error(&error).to_string();
    assert!(!text.contains("X-Amz") && !text.contains("5ec2e7"), "a credential is shown: {text}");
    (error.class(), text)
}

async fn class_of_status(status: &str) -> ErrorClass {
    refusal(&patient(), response(status, "", "<Error/>")).await.0
}

#[tokio::test]
async fn archive_is_downloaded_unchanged() {
    assert_eq!(fetch(&patient(), response("200 OK", "", "archive")).await.unwrap(), "archive");
}

#[tokio::test]
async fn archive_without_content_length_is_downloaded() {
    let until_closed = vec![text("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\narch"), text("ive")];
    assert_eq!(fetch(&patient(), until_closed).await.unwrap(), "archive");
    let chunked =
        vec![text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\narch\r\n3\r\nive\r\n0\r\n\r\n")];
    assert_eq!(fetch(&patient(), chunked).await.unwrap(), "archive");
}

#[tokio::test]
async fn compressed_archive_is_not_decompressed() {
    let steps = response("200 OK", "content-encoding: gzip\r\n", "not really gzip");
    assert_eq!(fetch(&patient(), steps).await.unwrap(), "not really gzip");
}

#[tokio::test]
async fn expired_or_invalid_link_is_bad_input() {
    for status in [
        "403 Forbidden",
        "404 Not Found",
        "400 Bad Request",
        "401 Unauthorized",
        "410 Gone",
        "204 No Content",
    ] {
        assert_eq!(class_of_status(status).await, BadInput, "{status}");
    }
}

#[tokio::test]
async fn server_error_is_transient() {
    let statuses = [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Slow Down",
        "429 Too Many Requests",
        "408 Request Timeout",
    ];
    for status in statuses {
        assert_eq!(class_of_status(status).await, Transient, "{status}");
    }
}

#[tokio::test]
async fn error_has_the_status_and_the_link_without_query() {
    let (_, error) = refusal(&patient(), response("403 Forbidden", "", "")).await;
    assert!(error.contains("/upload/archive: the server answered 403"), "{error}");
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let target = serve(response("200 OK", "", "elsewhere")).await;
    let (class, error) =
        refusal(&patient(), response("302 Found", &format!("location: {target}\r\n"), "")).await;
    assert_eq!(class, BadInput);
    assert!(error.contains("the server redirects (302)"), "{error}");
}

#[tokio::test]
async fn empty_archive_is_bad_input() {
    let (class, error) = refusal(&patient(), response("200 OK", "", "")).await;
    assert_eq!(class, BadInput);
    assert!(error.contains("it is empty"), "{error}");
}

#[tokio::test]
async fn archive_of_exactly_the_limit_is_downloaded() {
    assert_eq!(fetch(&patient(), response("200 OK", "", &"x".repeat(1000))).await.unwrap().len(), 1000);
}

#[tokio::test]
async fn too_large_content_length_is_rejected_before_the_body() {
    let steps = vec![text("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n"), STALL];
    let (class, error) = refusal(&patient(), steps).await;
    assert_eq!(class, BadInput);
    assert!(error.contains("larger than archive.max_compressed, 1000 B"), "{error}");
}

#[tokio::test]
async fn archive_without_content_length_is_rejected_at_the_limit() {
    let endless = vec![text("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), text("x".repeat(1001)), STALL];
    let (class, error) = refusal(&patient(), endless).await;
    assert_eq!(class, BadInput);
    assert!(error.contains("larger than archive.max_compressed"), "{error}");
}

#[tokio::test]
async fn truncated_body_is_transient() {
    let steps = vec![text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")];
    let (class, error) = refusal(&patient(), steps).await;
    assert_eq!(class, Transient);
    assert!(error.contains("failed to download all of http://127.0.0.1"), "{error}");
}

#[tokio::test]
async fn server_without_response_times_out() {
    let (class, error) = refusal(&impatient(), vec![STALL]).await;
    assert_eq!(class, Transient);
    assert!(error.contains("in time"), "{error}");
}

#[tokio::test]
async fn stalled_body_times_out() {
    let steps = vec![text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegin"), STALL];
    let (class, error) = refusal(&impatient(), steps).await;
    assert_eq!(class, Transient);
    assert!(error.contains("in time"), "{error}");
}

#[tokio::test]
async fn slow_body_exceeds_the_total_timeout() {
    let mut steps = vec![text("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")];
    steps.extend((0..1000).flat_map(|_| [text("x"), Wait(Duration::from_millis(20))]));
    let pipeline = Pipeline { download_read_timeout: Duration::from_mins(1), ..impatient() };
    let (class, error) = refusal(&pipeline, steps).await;
    assert_eq!(class, Transient);
    assert!(error.contains("in time"), "{error}");
}

#[tokio::test]
async fn response_that_is_not_http_is_transient() {
    assert_eq!(refusal(&patient(), vec![text("SSH-2.0-OpenSSH_9.9\r\n")]).await.0, Transient);
    assert_eq!(refusal(&patient(), vec![]).await.0, Transient);
}

async fn unreachable(link: &str) -> DownloadError {
    downloader(&patient(), 1000).await.fetch(link).await.expect_err("must fail")
}

#[tokio::test]
async fn refused_connection_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = unreachable(&format!("http://{address}/key")).await;
    assert!(matches!(error, DownloadError::Connect { .. }), "{error:?}");
    assert_eq!(error.class(), Transient);
}

#[tokio::test]
async fn unknown_host_is_transient() {
    let error = unreachable("http://archives.invalid/key").await;
    assert_eq!(error.class(), Transient);
}

#[tokio::test]
async fn disallowed_link_is_not_requested() {
    let link = serve(response("200 OK", "", "secret")).await;
    let strict =
        Downloader::new(&ObjectStorage::default(), &patient(), &ArchiveLimits::default()).await.unwrap();
    assert!(matches!(strict.fetch(&link).await, Err(DownloadError::NotS3 { .. })));
}

#[tokio::test]
async fn missing_ca_file_is_a_bug() {
    let storage = ObjectStorage { ca_file: Some("/nowhere/ca.crt".into()), ..any_link() };
    let error =
        Downloader::new(&storage, &patient(), &ArchiveLimits::default()).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Bug);
    assert!(snafu::Report::from_error(&error).to_string().contains("/nowhere/ca.crt"));
}

/// Probes an endpoint that answers with the steps.
async fn probe(steps: Vec<Step>) -> Result<(), DownloadError> {
    let url = serve(steps).await;
    let storage = ObjectStorage { endpoint: Some(url), ..any_link() };
    Downloader::new(&storage, &impatient(), &ArchiveLimits::default()).await.unwrap().probe().await
}

#[tokio::test]
async fn probe_accepts_every_answer_but_a_server_error() {
    for status in ["200 OK", "307 Temporary Redirect", "403 Forbidden", "404 Not Found"] {
        assert!(probe(response(status, "", "")).await.is_ok(), "{status}");
    }
    for status in ["500 Internal Server Error", "502 Bad Gateway", "503 Slow Down"] {
        assert!(probe(response(status, "", "")).await.is_err(), "{status}");
    }
    assert!(probe(vec![STALL]).await.is_err(), "silence is no answer");
}

/// The environment variable with the endpoint that the child process probes.
const PROBED_VARIABLE: &str = "CCX_TEST_PROBED_ENDPOINT";

/// The part of the next test that runs in a child process, where a proxy is configured; does nothing otherwise.
#[tokio::test]
async fn child_process_probes_through_its_proxy() {
    let Ok(endpoint) = std::env::var(PROBED_VARIABLE) else { return };
    let storage = ObjectStorage { endpoint: Some(endpoint), ..any_link() };
    let downloader = Downloader::new(&storage, &patient(), &ArchiveLimits::default()).await.unwrap();
    downloader.probe().await.unwrap();
}

#[tokio::test]
async fn probe_goes_through_the_proxy() {
    let proxy = serve(response("403 Forbidden", "", "")).await;
    let proxy = proxy.split("/upload").next().unwrap().to_owned();
    let status = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["child_process_probes_through_its_proxy", "--nocapture"])
        .env(PROBED_VARIABLE, "http://storage.invalid:9000")
        .env("HTTP_PROXY", &proxy)
        .env("http_proxy", &proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .status()
        .await
        .unwrap();
    assert!(status.success(), "no name can be resolved, only the proxy can be reached");
}

#[tokio::test]
async fn signal_distinguishes_answer_from_failure() {
    for (status, signal) in [
        ("404 Not Found", StorageSignal::Answered),
        ("403 Forbidden", StorageSignal::Answered),
        ("302 Found", StorageSignal::Answered),
        ("503 Slow Down", StorageSignal::Failed),
        ("429 Too Many Requests", StorageSignal::Failed),
    ] {
        let error = fetch(&patient(), response(status, "", "x")).await.unwrap_err();
        assert_eq!(error.signal(), signal, "{status}");
    }
    let stalled = fetch(&impatient(), vec![STALL]).await.unwrap_err();
    assert_eq!(stalled.signal(), StorageSignal::Failed);
    let error = downloader(&patient(), 1000).await.fetch("ftp://host/key").await.unwrap_err();
    assert_eq!(error.signal(), StorageSignal::NotTried);
}
