use std::time::Duration;

use ccx_messages::OrgId;
use ccx_storage::{ReportChange, ReportKey, ReportListener};
use tokio::time::timeout;

use crate::support::{at, cluster, migrated, report, run};

async fn next(listener: &mut ReportListener) -> ReportChange {
    timeout(Duration::from_secs(30), listener.next()).await.expect("a change is heard")
}

fn changed(org: u64, number: u32) -> ReportChange {
    ReportChange::Changed(ReportKey { org_id: OrgId::new(org).unwrap(), cluster_id: cluster(number) })
}

#[tokio::test]
async fn what_a_batch_changes_is_heard_and_what_it_ignores_is_not() {
    let (database, _connection) = migrated().await;
    let mut listener = ReportListener::new(&database);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    database.write_batch(&[report(7, 2, 5, &[]), report(7, 1, 5, &[])], at(100)).await.unwrap();
    database.write_batch(&[report(7, 1, 4, &[])], at(100)).await.unwrap();
    database.write_batch(&[report(8, 1, 6, &[])], at(100)).await.unwrap();
    let heard = [
        next(&mut listener).await,
        next(&mut listener).await,
        next(&mut listener).await,
        next(&mut listener).await,
    ];
    assert_eq!(
        heard,
        [changed(7, 1), changed(7, 2), changed(8, 1), changed(7, 1)],
        "a move concerns both owners"
    );
}

#[tokio::test]
async fn a_batch_that_fails_is_not_heard() {
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
async fn what_is_not_heard_while_the_connection_is_lost_counts_as_everything() {
    let (database, mut connection) = migrated().await;
    let mut listener = ReportListener::new(&database);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    let kill_listener = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
    run(&mut connection, kill_listener).await;
    assert_eq!(next(&mut listener).await, ReportChange::Unheard);
    assert_eq!(next(&mut listener).await, ReportChange::Everything);
    database.write_batch(&[report(7, 1, 1, &[])], at(100)).await.unwrap();
    assert_eq!(next(&mut listener).await, changed(7, 1));
}
