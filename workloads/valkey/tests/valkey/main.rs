//! The request store with a real server.

#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::{sync::LazyLock, time::Duration};

use ccx_local::{Valkey, ValkeyProtection};
use ccx_messages::{ClusterId, OrgId};
use ccx_valkey::{ProcessedRequest, RequestStore, RequestTimes};

const CLUSTER: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";

fn org(number: u64) -> OrgId {
    OrgId::new(number).unwrap()
}

static ONLY_CLUSTER: LazyLock<ClusterId> = LazyLock::new(|| CLUSTER.parse().unwrap());

fn processed(request_id: &str) -> ProcessedRequest {
    ProcessedRequest {
        org_id: org(7),
        cluster_id: *ONLY_CLUSTER,
        request_id: request_id.into(),
        gathered_at: Some("2026-01-15T11:00:00Z".parse().unwrap()),
        processed_at: "2026-01-15T12:00:00.25Z".parse().unwrap(),
        hits: vec![("ccx.rules.a.report".into(), "A".into()), ("ccx.rules.b.report".into(), "B".into())],
    }
}

/// Runs a command by the server's own client.
struct Client(redis::aio::MultiplexedConnection);

impl Client {
    async fn connect(settings: &ccx_config::Valkey) -> Self {
        let url = format!("redis://{}", settings.endpoint.as_deref().unwrap());
        Self(redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap())
    }

    async fn run<T: redis::FromRedisValue>(&mut self, line: &str) -> T {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(if word == "\"\"" { "" } else { word });
        });
        command.query_async(&mut self.0).await.unwrap()
    }
}

fn request_ids(times: Vec<RequestTimes>) -> Vec<String> {
    let mut ids: Vec<String> = times.into_iter().map(|times| times.request_id).collect();
    ids.sort();
    ids
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn written_request_has_the_keys_fields_and_expiration_of_other_services() {
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    let store = RequestStore::new(&server.config()).unwrap();
    store.write(&[processed("request/1")]).await.unwrap();

    let mut client = Client::connect(&server.config()).await;
    let mut keys: Vec<String> = client.run("KEYS organization:*").await;
    keys.sort();
    let key = format!("organization:7:cluster:{CLUSTER}:request:request/1");
    assert_eq!(keys, [key.clone(), format!("{key}:reports")]);
    let value: String = client.run(&format!("GET {key}")).await;
    assert_eq!(value, "");
    let hash: std::collections::BTreeMap<String, String> =
        client.run(&format!("HGETALL {key}:reports")).await;
    let fields: Vec<(&str, &str)> =
        hash.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("cluster_id", CLUSTER),
        ("org_id", "7"),
        ("processed_timestamp", "2026-01-15T12:00:00.25Z"),
        ("received_timestamp", "2026-01-15T11:00:00Z"),
        ("request_id", "request/1"),
        ("rule_hits", "ccx.rules.a|A,ccx.rules.b|B"),
    ];
    assert_eq!(fields, expected);
    for key in keys {
        let seconds: i64 = client.run(&format!("TTL {key}")).await;
        assert!((86_390..=86_400).contains(&seconds), "{key}: {seconds}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn requests_of_a_cluster_are_read() {
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    let store = RequestStore::new(&server.config()).unwrap();
    let of_another_org = ProcessedRequest { org_id: org(70), ..processed("other") };
    store.write(&[processed("r1"), processed("r2"), of_another_org, processed("")]).await.unwrap();

    assert_eq!(request_ids(store.requests(org(7), *ONLY_CLUSTER).await.unwrap()), ["r1", "r2"]);
    assert!(store.requests(org(8), *ONLY_CLUSTER).await.unwrap().is_empty());
    assert!(store.is_processed(org(7), *ONLY_CLUSTER, "r1").await.unwrap());
    assert!(!store.is_processed(org(7), *ONLY_CLUSTER, "other").await.unwrap());
    let hits = store.rule_hits(org(7), *ONLY_CLUSTER, "r2").await.unwrap().unwrap();
    assert_eq!(hits.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ccx.rules.a|A", "ccx.rules.b|B"]);
    assert_eq!(store.rule_hits(org(7), *ONLY_CLUSTER, "r3").await.unwrap(), None);

    let asked = ["r2".to_owned(), "missing".to_owned()];
    let times = store.request_times(org(7), *ONLY_CLUSTER, &asked).await.unwrap();
    assert_eq!(times[0].as_ref().unwrap().received, "2026-01-15T11:00:00Z");
    assert_eq!(times[1], None);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn requests_that_another_service_wrote_are_listed_until_the_index_is_complete() {
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    let store = RequestStore::new(&server.config()).unwrap();
    store.write(&[processed("ours")]).await.unwrap();
    let mut client = Client::connect(&server.config()).await;
    let key = format!("organization:7:cluster:{CLUSTER}:request:theirs");
    let () = client.run(&format!("SET {key} \"\"")).await;
    let () = client.run(&format!("HSET {key}:reports request_id theirs rule_hits nonsense,ccx.a|A")).await;

    assert_eq!(request_ids(store.requests(org(7), *ONLY_CLUSTER).await.unwrap()), ["ours", "theirs"]);
    let hits = store.rule_hits(org(7), *ONLY_CLUSTER, "theirs").await.unwrap().unwrap();
    assert_eq!(hits.len(), 1, "an invalid selector is left out");

    let () = client.run("SET ccx:requests-indexed-since 1").await;
    assert_eq!(request_ids(store.requests(org(7), *ONLY_CLUSTER).await.unwrap()), ["ours"]);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn expired_request_is_not_listed() {
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    let store = RequestStore::new(&server.config()).unwrap().with_expiration(Duration::from_secs(1));
    store.write(&[processed("short")]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!store.is_processed(org(7), *ONLY_CLUSTER, "short").await.unwrap());
    assert!(store.requests(org(7), *ONLY_CLUSTER).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_with_tls_and_password_is_used() {
    let server = Valkey::start(ValkeyProtection::TlsAndPassword).unwrap();
    let settings = server.config();
    let store = RequestStore::new(&settings).unwrap();
    store.ping().await.unwrap();
    store.write(&[processed("secret")]).await.unwrap();
    assert!(store.is_processed(org(7), *ONLY_CLUSTER, "secret").await.unwrap());

    let wrong_password = ccx_config::Valkey { password: Some("wrong".to_owned().into()), ..settings.clone() };
    let error = RequestStore::new(&wrong_password).unwrap().ping().await.unwrap_err();
    assert_eq!(error.to_string(), "failed to reach the Valkey server");
    let untrusted = ccx_config::Valkey { ca_file: None, ..settings };
    assert!(RequestStore::new(&untrusted).unwrap().ping().await.is_err());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn store_works_again_after_an_outage() {
    let mut server = Valkey::start(ValkeyProtection::None).unwrap();
    let store = RequestStore::new(&server.config()).unwrap();
    store.write(&[processed("before")]).await.unwrap();
    server.stop();
    assert!(store.write(&[processed("during")]).await.is_err());
    server.resume().unwrap();
    let mut outcome = store.write(&[processed("after")]).await;
    if outcome.is_err() {
        outcome = store.write(&[processed("after")]).await;
    }
    outcome.unwrap();
    assert!(store.is_processed(org(7), *ONLY_CLUSTER, "after").await.unwrap());
}

#[tokio::test]
async fn settings_without_a_server_are_rejected() {
    let error = RequestStore::new(&ccx_config::Valkey::default()).err().unwrap();
    assert_eq!(error.to_string(), "no Valkey server is configured; set valkey.endpoint");
}
