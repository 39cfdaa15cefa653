use std::time::Duration;

use ccx_messages::OrgId;
use ccx_storage::{ReportChange, ReportKey, ReportListener};
use tokio::time::timeout;

use crate::support::{at, cluster, migrated, report, run};

async fn next(listener: &mut ReportListener) -> ReportChange {
    timeout(Duration::from_secs(30), listener.next()).await.expect("a change")
}

fn changed(org: u64, number: u32) -> ReportChange {
    ReportChange::Changed(ReportKey { org_id: OrgId::new(org).unwrap(), cluster_id: cluster(number) })
}

#[tokio::test]
async fn changes_of_a_batch_are_received_and_ignored_reports_are_not() {
    let (database, _connection) = migrated().await;
    let mut listener = ReportListener::new(&database);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    database.write_batch(&[report(7, 2, 5, &[]), report(7, 1, 5, &[])], at(100)).await.unwrap();
    database.write_batch(&[report(7, 1, 4, &[])], at(100)).await.unwrap();
    database.write_batch(&[report(8, 1, 6, &[])], at(100)).await.unwrap();
    let received = [
        next(&mut listener).await,
        next(&mut listener).await,
        next(&mut listener).await,
        next(&mut listener).await,
    ];
    assert_eq!(
        received,
        [changed(7, 1), changed(7, 2), changed(8, 1), changed(7, 1)],
        "a move concerns both owners"
    );
}

#[tokio::test]
async fn failed_batch_is_not_received() {
    let (database, _connection) = migrated().await;
    let mut listener = ReportListener::new(&database);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    let mut poison = report(7, 1, 1, &[]);
    poison.cluster_version = Some("\0".into());
    database.write_batch(&[poison], at(100)).await.unwrap_err();
    database.write_batch(&[report(7, 2, 1, &[])], at(100)).await.unwrap();
    assert_eq!(next(&mut listener).await, changed(7, 2));
}

#[tokio::test]
async fn changes_during_a_lost_connection_count_as_everything() {
    let (database, mut connection) = migrated().await;
    let mut listener = ReportListener::new(&database);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    let kill_listener = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
    run(&mut connection, kill_listener).await;
    assert_eq!(next(&mut listener).await, ReportChange::Lost);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    database.write_batch(&[report(7, 1, 1, &[])], at(100)).await.unwrap();
    assert_eq!(next(&mut listener).await, changed(7, 1));
}
