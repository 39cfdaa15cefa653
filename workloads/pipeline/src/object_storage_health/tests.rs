use ccx_config::{Config, ObjectStorage};
use ccx_service::{Dependency, Health};
use ccx_transport::Position;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

fn record() -> RecordId {
    RecordId { topic: "announce".into(), position: Position { partition: 0, offset: 1 } }
}

async fn health_of(endpoint: Option<String>) -> (ObjectStorageHealth, Health, IntGauge) {
    Box::pin(health_with(ObjectStorage { endpoint, ..ObjectStorage::default() })).await
}

async fn health_with(settings: ObjectStorage) -> (ObjectStorageHealth, Health, IntGauge) {
    let config = Config { object_storage: settings, ..Config::default() };
    let health = Health::new();
    let unavailable = IntGauge::new("unavailable", "unavailable").unwrap();
    let prober = Downloader::new(&config.object_storage, &config.pipeline, &config.archive);
    let prober = Box::pin(prober).await.unwrap();
    let condition = health.condition(Dependency::OBJECT_STORAGE);
    (ObjectStorageHealth::new(prober, condition, unavailable.clone()), health, unavailable)
}

/// Answers every request with a status.
async fn serve(listener: TcpListener, status: &'static str) {
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).await;
        let response = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _ = connection.write_all(response.as_bytes()).await;
    }
}

async fn failed(health: &ObjectStorageHealth) -> bool {
    health.observe(record(), StorageSignal::Failed, health.answers()).await
}

#[tokio::test]
async fn readiness_follows_the_endpoint() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (storage, health, unavailable) = health_of(Some(format!("http://{address}"))).await;
    assert!(!failed(&storage).await);
    let unmet: Vec<_> = health.readiness().unmet().map(ToString::to_string).collect();
    assert_eq!(unmet, [format!("object storage: http://{address}/ does not answer")]);
    assert_eq!(unavailable.get(), 1);

    let server = tokio::spawn(serve(TcpListener::bind(address).await.unwrap(), "403 Forbidden"));
    let never = CancellationToken::new();
    let end_of_outage = storage.wait(Duration::from_hours(1), &never);
    tokio::select! {
        () = storage.probe_periodically() => unreachable!("it probes forever"),
        waited = end_of_outage => assert_eq!(waited, Waited::TryAgain),
    }
    assert!(health.readiness().is_ready());
    assert_eq!(unavailable.get(), 0);
    assert!(failed(&storage).await, "the endpoint answers: it is the link");
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_the_bucket() {
    let server = ccx_local::ObjectStorage::start("insights-upload").await.unwrap();
    let first_report = async |settings: ObjectStorage| -> Option<String> {
        let (storage, health, _) = Box::pin(health_with(settings)).await;
        let reported = async {
            while health.readiness().dependencies[0].connecting {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = storage.probe_periodically() => unreachable!("it probes forever"),
            () = reported => health.readiness().dependencies[0].cause.clone(),
        }
    };
    assert_eq!(first_report(server.config()).await, None);
    let missing = ObjectStorage { bucket: "no-such-bucket".into(), ..server.config() };
    assert_eq!(first_report(missing).await.as_deref(), Some("the bucket no-such-bucket does not exist"));
}

#[tokio::test]
async fn endpoint_that_answers_with_a_server_error_is_an_outage_for_a_single_record() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener, "503 Service Unavailable"));
    let (storage, ..) = health_of(Some(endpoint)).await;
    for _ in 0..10 {
        assert!(!failed(&storage).await);
    }
    server.abort();
}

#[tokio::test]
async fn shutdown_ends_a_wait() {
    let (storage, ..) = health_of(None).await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    assert_eq!(storage.wait(Duration::from_hours(1), &shutdown).await, Waited::ShuttingDown);
}
