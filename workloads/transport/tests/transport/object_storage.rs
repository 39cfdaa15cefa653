//! Storing and downloading objects with an S3 server.

use std::time::Duration;

use bytes::Bytes;
use ccx_config::{ArchiveLimits, CannedAcl, Pipeline, Secret};
use ccx_messages::ErrorClass;
use ccx_transport::{BucketAccess, DownloadError, Downloader, ObjectStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const BUCKET: &str = "insights-upload";
const HOUR: Duration = Duration::from_hours(1);

async fn downloader(settings: &ccx_config::ObjectStorage) -> Downloader {
    Downloader::new(settings, &Pipeline::default(), &ArchiveLimits::default()).await.unwrap()
}

/// Starts a server with one object; it stops when the returned handle is dropped.
async fn server_with(key: &str, body: &'static [u8]) -> (ccx_local::ObjectStorage, ObjectStore) {
    let server = ccx_local::ObjectStorage::start(BUCKET).await.unwrap();
    let store = ObjectStore::connect(&server.config()).await.unwrap();
    store.put(BUCKET, key, Bytes::from_static(body)).await.unwrap();
    (server, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_object_is_downloaded_by_presigned_link_under_the_default_policy() {
    let (server, store) = server_with("00/11", b"archive").await;
    let link = store.presign_get(BUCKET, "00/11", HOUR).await.unwrap();
    assert_eq!(downloader(&server.config()).await.fetch(&link).await.unwrap(), "archive");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_object_is_downloaded_by_name() {
    let (server, _) = server_with("a b/é", b"archive").await;
    let link = format!("s3://{BUCKET}/a%20b/%C3%A9");
    assert_eq!(downloader(&server.config()).await.fetch(&link).await.unwrap(), "archive");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_object_is_bad_input() {
    let (server, store) = server_with("key", b"archive").await;
    let downloader = downloader(&server.config()).await;
    let by_name = downloader.fetch(&format!("s3://{BUCKET}/other")).await.expect_err("must fail");
    assert!(matches!(by_name, DownloadError::Status { status: 404, .. }), "{by_name:?}");
    let link = store.presign_get(BUCKET, "other", HOUR).await.unwrap();
    let by_link = downloader.fetch(&link).await.expect_err("must fail");
    assert_eq!((by_name.class(), by_link.class()), (ErrorClass::BadInput, ErrorClass::BadInput));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampered_link_is_bad_input() {
    let (server, store) = server_with("key", b"archive").await;
    let link = store
        .presign_get(BUCKET, "key", HOUR)
        .await
        .unwrap()
        .replace("X-Amz-Signature=", "X-Amz-Signature=00");
    let error = downloader(&server.config()).await.fetch(&link).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::BadInput);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_own_credentials_are_not_bad_input() {
    let (server, _) = server_with("key", b"archive").await;
    let wrong = ccx_config::ObjectStorage {
        secret_access_key: Some(Secret::from("wrong".to_owned())),
        ..server.config()
    };
    let error = downloader(&wrong).await.fetch(&format!("s3://{BUCKET}/key")).await.expect_err("must fail");
    assert!(matches!(error, DownloadError::Refused { .. }), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Transient);
    let store = ObjectStore::connect(&wrong).await.unwrap();
    let error = store.put(BUCKET, "key", Bytes::from_static(b"x")).await.expect_err("must fail");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("SignatureDoesNotMatch") && !cause.contains('{'), "{cause}");
    let error = store.reachable(BUCKET).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Bug);
    let text = error.to_string();
    assert!(text.starts_with("access to the bucket insights-upload is denied (HTTP 403)"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bucket_without_credentials_is_checked_by_an_unsigned_request() {
    let (server, _) = server_with("key", b"archive").await;
    let ours = server.config();
    assert_eq!(ObjectStore::check_bucket(&ours).await.unwrap(), BucketAccess::Authorized);
    let anonymous = ccx_config::ObjectStorage { access_key_id: None, secret_access_key: None, ..ours };
    assert_eq!(ObjectStore::check_bucket(&anonymous).await.unwrap(), BucketAccess::PresignedOnly);
    let unreachable = ccx_config::ObjectStorage { endpoint: Some("http://127.0.0.1:1".into()), ..anonymous };
    let error = ObjectStore::check_bucket(&unreachable).await.expect_err("must fail");
    assert_eq!(error.to_string(), "failed to ask for the bucket insights-upload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reachable_of_missing_bucket_is_an_error() {
    let (_server, store) = server_with("key", b"archive").await;
    store.reachable(BUCKET).await.unwrap();
    let error = store.reachable("no-such-bucket").await.expect_err("must fail");
    assert_eq!(error.to_string(), "the bucket no-such-bucket does not exist");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bucket_probe_tells_missing_bucket_and_wrong_key() {
    let (server, _) = server_with("key", b"archive").await;
    let ours = server.config();
    downloader(&ours).await.probe_bucket().await.unwrap();
    let probe = async |settings: ccx_config::ObjectStorage| -> String {
        downloader(&settings).await.probe_bucket().await.expect_err("must fail").to_string()
    };
    let missing = ccx_config::ObjectStorage { bucket: "no-such-bucket".into(), ..ours.clone() };
    assert_eq!(probe(missing).await, "the bucket no-such-bucket does not exist");
    let wrong = ccx_config::ObjectStorage {
        secret_access_key: Some(Secret::from("wrong".to_owned())),
        ..ours.clone()
    };
    let rejected =
        "the object storage rejects the access key (SignatureDoesNotMatch) for the bucket insights-upload";
    assert_eq!(probe(wrong).await, rejected);
    let unknown = ccx_config::ObjectStorage { access_key_id: Some("unknown".into()), ..ours };
    assert!(probe(unknown).await.starts_with("the object storage rejects the access key ("));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreachable_server_is_transient() {
    let settings = ccx_config::ObjectStorage {
        endpoint: Some("http://127.0.0.1:1".into()),
        addressing: ccx_config::Addressing::Path,
        access_key_id: Some("id".into()),
        secret_access_key: Some(Secret::from("key".to_owned())),
        ..ccx_config::ObjectStorage::default()
    };
    let store = ObjectStore::connect(&settings).await.unwrap();
    let error = store.put(BUCKET, "key", Bytes::from_static(b"archive")).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "no answer from http://127.0.0.1:1: Connection refused (os error 111)");
    assert!(cause.source().is_none());
    let error =
        downloader(&settings).await.fetch(&format!("s3://{BUCKET}/key")).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
}

/// The size of a part of an upload.
const PART: usize = 8 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn object_of_unknown_size_is_stored_whole_in_one_or_more_parts() {
    let (server, store) = server_with("key", b"archive").await;
    for size in [0, 1, PART, PART + 1, 2 * PART + 12_345] {
        let body: Vec<u8> = (0..size).map(|index| u8::try_from(index % 251).unwrap()).collect();
        let mut upload = store.begin_upload(BUCKET, "large");
        for chunk in body.chunks(700_001) {
            upload.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        assert_eq!(upload.finish().await.unwrap(), size as u64);
        let link = store.presign_get(BUCKET, "large", HOUR).await.unwrap();
        let stored = reqwest::get(link).await.unwrap().bytes().await.unwrap();
        assert!(stored == body, "{size}: {} bytes are stored", stored.len());
    }
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn object_that_is_not_finished_can_not_be_read() {
    let (_server, store) = server_with("key", b"archive").await;
    let mut upload = store.begin_upload(BUCKET, "unfinished");
    upload.write(Bytes::from(vec![1; 2 * PART])).await.unwrap();
    drop(upload);
    let link = store.presign_get(BUCKET, "unfinished", HOUR).await.unwrap();
    assert_eq!(reqwest::get(link).await.unwrap().status(), 404);
}

/// Accepts one request without a body, and returns its head.
async fn answer_one_request(listener: tokio::net::TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn access_control_list_is_sent_only_if_it_is_configured() {
    for (acl, expected) in
        [(None, None), (Some(CannedAcl::BucketOwnerRead), Some("x-amz-acl: bucket-owner-read"))]
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = ccx_config::ObjectStorage {
            endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
            addressing: ccx_config::Addressing::Path,
            access_key_id: Some("id".into()),
            secret_access_key: Some(Secret::from("key".to_owned())),
            ..ccx_config::ObjectStorage::default()
        };
        let store = ObjectStore::connect(&settings).await.unwrap();
        let put = store.put_with_acl(BUCKET, "key", Bytes::new(), acl);
        let (head, stored) = tokio::join!(answer_one_request(listener), put);
        stored.unwrap();
        assert_eq!(head.lines().find(|line| line.starts_with("x-amz-acl")), expected, "{head}");
    }
}
