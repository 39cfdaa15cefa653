use std::time::Duration;

use ccx_messages::ErrorClass;
use ccx_storage::{ConsumerError, LeaseKind, StorageError};
use tokio::time::timeout;

use crate::support::{at, migrated, report, rows, run};

const LONG: Duration = Duration::from_secs(30);

const KILL_HOLDER: &str = "\
    SELECT pg_terminate_backend(pid, 10000) FROM pg_locks \
    WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test]
async fn second_writer_waits_until_the_first_ends() {
    let (database, mut connection) = migrated().await;
    let mut first = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    let second = database.acquire_writer_lease(LeaseKind::Reports);
    let mut second = std::pin::pin!(second);
    assert!(timeout(Duration::from_millis(700), &mut second).await.is_err(), "the first writer still writes");
    first.write_batch(&[report(7, 1, 1, &["a"])], at(100)).await.unwrap();
    first.release().await.unwrap();
    let mut second = timeout(LONG, second).await.unwrap().unwrap();
    second.write_batch(&[report(7, 1, 2, &["b"])], at(200)).await.unwrap();
    assert_eq!(rows(&mut connection, "SELECT rule_fqdn FROM rule_hit").await, ["ccx.rules.b.report"]);
}

#[tokio::test]
async fn lease_is_lost_with_its_connection_and_writes_fail() {
    let (database, mut connection) = migrated().await;
    let mut first = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    first.check().await.unwrap();
    run(&mut connection, KILL_HOLDER).await;
    let mut second = timeout(LONG, database.acquire_writer_lease(LeaseKind::Reports)).await.unwrap().unwrap();
    let error = first.write_batch(&[report(7, 1, 9, &[])], at(100)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient, "{}", snafu::Report::from_error(error));
    assert!(first.is_lost());
    assert!(matches!(first.check().await, Err(StorageError::LeaseLost)));
    assert!(matches!(
        first.write_batch(&[report(7, 1, 9, &[])], at(100)).await,
        Err(StorageError::LeaseLost)
    ));
    second.write_batch(&[report(7, 1, 1, &[])], at(200)).await.unwrap();
    assert_eq!(rows(&mut connection, "SELECT report FROM report").await, [r#"{"checked":1}"#]);
}

#[tokio::test]
async fn lost_lease_is_acquired_again_although_its_old_session_still_exists() {
    let (database, mut connection) = migrated().await;
    let old = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    let mut new = database.reacquire_writer_lease(&old).await.unwrap().expect("the old session is ended");
    new.write_batch(&[report(7, 1, 1, &[])], at(100)).await.unwrap();
    assert_eq!(rows(&mut connection, "SELECT report FROM report").await, [r#"{"checked":1}"#]);
    // The lease of another writer stays.
    assert!(database.reacquire_writer_lease(&old).await.unwrap().is_none());
    new.check().await.unwrap();
}

#[tokio::test]
async fn changed_schema_is_transient_and_ends_the_session_of_the_lease() {
    let (database, mut connection) = migrated().await;
    let mut lease = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    lease.write_batch(&[report(7, 1, 1, &["a"])], at(100)).await.unwrap();
    run(&mut connection, "ALTER TABLE report RENAME COLUMN gathered_at TO gathered").await;
    let error = lease.write_batch(&[report(7, 1, 2, &["a"])], at(200)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient, "{}", snafu::Report::from_error(error));
    assert!(lease.is_lost());
    run(&mut connection, "ALTER TABLE report RENAME COLUMN gathered TO gathered_at").await;
    let mut lease = database.reacquire_writer_lease(&lease).await.unwrap().unwrap();
    lease.write_batch(&[report(7, 1, 2, &["a"])], at(200)).await.unwrap();
}

#[tokio::test]
async fn rejected_batch_keeps_the_lease() {
    let (database, _connection) = migrated().await;
    let mut lease = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    let mut poison = report(7, 1, 1, &["a"]);
    poison.hits[0].template_data = "\0".into();
    assert_eq!(lease.write_batch(&[poison], at(100)).await.unwrap_err().class(), ErrorClass::BadInput);
    assert!(!lease.is_lost());
    assert_eq!(lease.write_batch(&[report(7, 1, 1, &["a"])], at(100)).await.unwrap().written(), 1);
}

fn consumer_error(offset: i64, error: &str) -> ConsumerError {
    ConsumerError {
        topic: "ccx.ocp.results".into(),
        partition: 0,
        offset,
        key: Some(b"k".to_vec()),
        produced_at: at(1),
        consumed_at: at(2),
        message: b"{\0\xff".to_vec(),
        error: error.into(),
    }
}

#[tokio::test]
async fn consumer_error_of_any_offset_and_bytes_is_recorded_once() {
    let (database, mut connection) = migrated().await;
    let mut lease = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    let errors =
        [consumer_error(5, "first"), consumer_error(5, "again"), consumer_error((1 << 31) + 6, "far")];
    lease.record_consumer_errors(&errors).await.unwrap();
    lease.record_consumer_errors(&errors).await.unwrap();
    lease.record_consumer_errors(&[]).await.unwrap();
    assert_eq!(
        rows(&mut connection, "SELECT * FROM consumer_error ORDER BY topic_offset").await,
        [
            "ccx.ocp.results | 0 | 5 | k | 2026-01-15T12:00:01 | 2026-01-15T12:00:02 | {\u{fffd}\u{fffd} | first",
            "ccx.ocp.results | 0 | 6 | k | 2026-01-15T12:00:01 | 2026-01-15T12:00:02 | {\u{fffd}\u{fffd} | far",
        ]
    );
}
