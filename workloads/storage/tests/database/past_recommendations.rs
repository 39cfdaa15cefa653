//! Recommendations that no longer apply are kept with the times between which they did.

use ccx_messages::OrgId;
use ccx_storage::{Database, Deletion, Schema, StoredPastRecommendation};
use chrono::{DateTime, Utc};

use crate::support::{at, cluster, migrated, report, rows, run};

const PAST: &str = "SELECT org_id, rule_fqdn, error_key, extract(epoch FROM appeared_at)::int - 1768478400 AS appeared, \
    extract(epoch FROM vanished_at)::int - 1768478400 AS vanished FROM ccx.past_recommendation ORDER BY 5, 2";

/// Writes the report of cluster 1 with these rules; it is as old as it is stored.
async fn write(database: &Database, org: u64, seconds: i64, rules: &[&str]) {
    database.write_batch(&[report(org, 1, seconds, rules)], at(seconds)).await.unwrap();
}

async fn past(
    database: &Database,
    org: u64,
    limit: u32,
) -> Vec<(String, Option<DateTime<Utc>>, DateTime<Utc>)> {
    let past = database.past_recommendations(OrgId::new(org).unwrap(), cluster(1), limit).await.unwrap();
    let fields = |past: StoredPastRecommendation| (past.rule_fqdn, past.appeared_at, past.vanished_at);
    past.into_iter().map(fields).collect()
}

#[tokio::test]
async fn recommendation_that_vanishes_is_kept_with_both_times() {
    let (database, mut sql) = migrated().await;
    write(&database, 7, 100, &["a", "b"]).await;
    write(&database, 7, 200, &["a", "b"]).await;
    assert_eq!(rows(&mut sql, PAST).await, [""; 0], "a report that changes nothing writes nothing");
    write(&database, 7, 300, &["b"]).await;
    database.write_batch(&[report(7, 1, 250, &[])], at(350)).await.unwrap();
    write(&database, 7, 400, &["a", "b"]).await;
    write(&database, 7, 500, &[]).await;
    assert_eq!(
        rows(&mut sql, PAST).await,
        [
            "7 | ccx.rules.a | KEY | 100 | 300",
            "7 | ccx.rules.a | KEY | 400 | 500",
            "7 | ccx.rules.b | KEY | 100 | 500"
        ]
    );
    let (a, b) = ("ccx.rules.a".to_owned(), "ccx.rules.b".to_owned());
    let newest = (a.clone(), Some(at(400)), at(500));
    let all = [newest.clone(), (b, Some(at(100)), at(500)), (a, Some(at(100)), at(300))];
    assert_eq!(past(&database, 7, 10).await, all);
    assert_eq!(past(&database, 7, 1).await, [newest]);
    assert_eq!(past(&database, 8, 10).await, []);
}

#[tokio::test]
async fn unknown_first_time_stays_unknown() {
    let (database, mut sql) = migrated().await;
    write(&database, 7, 100, &["a"]).await;
    run(&mut sql, "UPDATE recommendation SET impacted_since = NULL").await;
    write(&database, 7, 200, &[]).await;
    assert_eq!(past(&database, 7, 10).await, [("ccx.rules.a".to_owned(), None, at(200))]);
}

#[tokio::test]
async fn past_moves_with_its_cluster() {
    let (database, _sql) = migrated().await;
    write(&database, 7, 100, &["a", "b"]).await;
    write(&database, 7, 200, &["b"]).await;
    write(&database, 8, 300, &[]).await;
    assert_eq!(past(&database, 7, 10).await, []);
    let ended: Vec<_> = past(&database, 8, 10).await.into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!(ended, ["ccx.rules.b", "ccx.rules.a"]);
}

#[tokio::test]
async fn past_is_deleted_when_it_is_old_or_with_its_cluster() {
    let (database, mut sql) = migrated().await;
    write(&database, 7, 100, &["a", "b"]).await;
    write(&database, 7, 200, &["b"]).await;
    write(&database, 7, 300, &[]).await;
    let deleted = database.delete_old_rows(Schema::Public, at(300), Deletion::Perform).await.unwrap();
    let rows_of = |table: &str| deleted.iter().find(|deleted| deleted.table == table).unwrap().rows;
    assert_eq!((rows_of("ccx.past_recommendation"), rows_of("report")), (1, 0));
    assert_eq!(rows(&mut sql, PAST).await, ["7 | ccx.rules.b | KEY | 100 | 300"]);
    database.delete_cluster(Schema::Public, &cluster(1).to_string()).await.unwrap();
    assert_eq!(rows(&mut sql, PAST).await, [""; 0]);
}

#[tokio::test]
async fn database_of_another_program_is_written_without_the_past() {
    let (database, mut sql) = migrated().await;
    run(&mut sql, "DROP SCHEMA ccx CASCADE").await;
    write(&database, 7, 100, &["a"]).await;
    write(&database, 7, 200, &[]).await;
    assert_eq!(past(&database, 7, 10).await, []);
    assert_eq!(rows(&mut sql, "SELECT count(*) FROM recommendation").await, ["0"]);
}
