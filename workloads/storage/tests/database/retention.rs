//! Deletion of old rows.

use ccx_storage::{Database, DeletedRows, Deletion, Schema};
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::{at, cluster, migrated, report, rows, run};

/// The time from which on reports are kept.
fn cutoff() -> DateTime<Utc> {
    at(1000)
}

/// Stores cluster 1, which is old, and cluster 2.
async fn store_old_and_new(database: &Database) {
    for (number, stored) in [(1, at(999)), (2, at(1000))] {
        database.write_batch(&[report(7, number, 10, &["a", "b"])], stored).await.unwrap();
    }
}

/// Stores a row of both clusters in each of our own tables, and an author of a rule that is disabled for all clusters.
async fn store_own_rows(sql: &mut sqlx::PgConnection) {
    for (number, time) in [(1, at(999)), (2, at(1000))] {
        let (id, time) = (cluster(number), time.naive_utc());
        run(
            sql,
            &format!(
                "INSERT INTO ccx.cluster_name VALUES (7, '{id}', 'n', 'ann', now());
                 INSERT INTO ccx.reported_name VALUES (7, '{id}', 'n');
                 INSERT INTO ccx.disabled_by VALUES (7, '{id}', 'r', 'K', 'ann', now());
                 INSERT INTO ccx.processed_request VALUES (7, '{id}', 'r', '', '', '', '{time}');
                 INSERT INTO ccx.past_recommendation VALUES (7, '{id}', 'r', 'K', NULL, '{time}');"
            ),
        )
        .await;
    }
    run(sql, "INSERT INTO ccx.disabled_by VALUES (7, '', 'r', 'K', 'ann', now())").await;
}

fn counted(deleted: &[DeletedRows]) -> Vec<(&str, u64)> {
    deleted.iter().map(|deleted| (deleted.table, deleted.rows)).collect()
}

#[tokio::test]
async fn old_cluster_is_deleted_from_all_tables_and_the_new_one_kept() {
    let (database, mut sql) = migrated().await;
    store_old_and_new(&database).await;
    store_own_rows(&mut sql).await;
    let old = [
        ("report", 1),
        ("rule_hit", 2),
        ("recommendation", 2),
        ("report_info", 1),
        ("consumer_error", 0),
        ("ccx.cluster_name", 1),
        ("ccx.reported_name", 1),
        ("ccx.past_recommendation", 1),
        ("ccx.disabled_by", 1),
        ("ccx.processed_request", 1),
    ];
    let counted_only = database.delete_old_rows(Schema::Public, cutoff(), Deletion::DryRun).await.unwrap();
    assert_eq!(counted(&counted_only), old);
    assert_eq!(rows(&mut sql, "SELECT count(*) FROM report").await, ["2"]);

    let deleted = database.delete_old_rows(Schema::Public, cutoff(), Deletion::Perform).await.unwrap();
    assert_eq!(counted(&deleted), old);
    let kept = cluster(2).to_string();
    for (table, column) in [
        ("report", "cluster"),
        ("rule_hit", "cluster_id"),
        ("recommendation", "cluster_id"),
        ("ccx.cluster_name", "cluster_id"),
        ("ccx.reported_name", "cluster_id"),
        ("ccx.processed_request", "cluster_id"),
    ] {
        let left = rows(&mut sql, &format!("SELECT DISTINCT {column} FROM {table}")).await;
        assert_eq!(left, [kept.as_str()], "{table}");
    }
    // A rule that is disabled for all clusters has none.
    let authors = rows(&mut sql, "SELECT cluster_id FROM ccx.disabled_by ORDER BY 1").await;
    assert_eq!(authors, ["", kept.as_str()]);
    let nothing = database.delete_old_rows(Schema::Public, cutoff(), Deletion::Perform).await.unwrap();
    assert!(nothing.iter().all(|deleted| deleted.rows == 0), "{nothing:?}");
}

#[tokio::test]
async fn rows_without_a_report_are_old_and_feedback_is_kept() {
    let (database, mut sql) = migrated().await;
    store_old_and_new(&database).await;
    run(&mut sql, "INSERT INTO rule_hit VALUES (9, 'orphan', 'a', 'K', '{}', now())").await;
    run(
        &mut sql,
        "INSERT INTO consumer_error VALUES ('t', 0, 1, '', '2020-01-01', '2020-01-01', '', 'e');
         INSERT INTO rule_disable VALUES ('7', 'r', 'K', 'j', '2020-01-01');",
    )
    .await;
    let deleted = database.delete_old_rows(Schema::Public, cutoff(), Deletion::Perform).await.unwrap();
    let rows_of = |table| deleted.iter().find(|deleted| deleted.table == table).unwrap().rows;
    assert_eq!((rows_of("rule_hit"), rows_of("consumer_error")), (3, 1));
    assert_eq!(rows(&mut sql, "SELECT count(*) FROM rule_disable").await, ["1"]);
}

#[tokio::test]
async fn workloads_of_an_active_cluster_are_kept() {
    let (database, mut sql) = migrated().await;
    run(
        &mut sql,
        "INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, recommendations, objects, reported_at, last_checked_at)
         VALUES (1, 'active', 'n', 1, 1, '2020-01-01', '2030-01-01'), (1, 'old', 'n', 1, 1, '2020-01-01', '2020-01-02')",
    )
    .await;
    let deleted = database.delete_old_rows(Schema::Dvo, cutoff(), Deletion::Perform).await.unwrap();
    assert_eq!(counted(&deleted), [("dvo.dvo_report", 1)]);
    assert_eq!(rows(&mut sql, "SELECT cluster_id FROM dvo.dvo_report").await, ["active"]);
}

#[tokio::test]
async fn every_range_of_a_large_table_is_visited() {
    let (database, mut sql) = migrated().await;
    // About 1,200 pages: three ranges.
    run(
        &mut sql,
        "INSERT INTO consumer_error SELECT 't', 0, n, '', '2020-01-01', '2020-01-01', repeat(md5(n::text), 50), 'e' \
         FROM generate_series(1, 5000) n",
    )
    .await;
    let deleted = database.delete_old_rows(Schema::Public, cutoff(), Deletion::Perform).await.unwrap();
    let errors = deleted.iter().find(|deleted| deleted.table == "consumer_error").unwrap();
    assert_eq!(errors.rows, 5000);
}

#[tokio::test]
async fn tables_that_do_not_exist_are_left_out() {
    let (database, mut sql) = migrated().await;
    run(&mut sql, "DROP TABLE report_info; DROP SCHEMA dvo CASCADE").await;
    store_rows_of(&mut sql).await;
    let deleted = database.delete_old_rows(Schema::Public, cutoff(), Deletion::Perform).await.unwrap();
    assert!(deleted.iter().all(|deleted| deleted.table != "report_info"), "{deleted:?}");
    assert_eq!(database.delete_old_rows(Schema::Dvo, cutoff(), Deletion::Perform).await.unwrap(), []);
    let cluster = database.delete_cluster(Schema::Public, "c").await.unwrap();
    assert_eq!(cluster.iter().map(|deleted| deleted.rows).sum::<u64>(), 2, "{cluster:?}");
}

async fn store_rows_of(sql: &mut sqlx::PgConnection) {
    run(
        sql,
        "INSERT INTO report VALUES (1, 'c', '{}', '2030-01-01', '2030-01-01');
         INSERT INTO rule_hit VALUES (1, 'c', 'a', 'K', '{}', now())",
    )
    .await;
}

#[tokio::test]
async fn old_reports_are_listed_and_vacuumed() {
    let (database, _sql) = migrated().await;
    store_old_and_new(&database).await;
    let old = database.old_reports(Schema::Public, cutoff()).await.unwrap();
    assert_eq!(old.len(), 1);
    assert_eq!((old[0].org_id, old[0].cluster.as_str()), (None, cluster(1).to_string().as_str()));
    assert_eq!(old[0].reported_at, at(999).naive_utc());
    database.vacuum().await.unwrap();
}

#[tokio::test]
async fn maximum_age_is_an_interval_of_postgresql() {
    let (database, _sql) = migrated().await;
    let age = Utc::now() - database.time_before("3 days").await.unwrap();
    assert!((age - TimeDelta::days(3)).abs() < TimeDelta::minutes(5), "{age}");
    assert!(database.time_before("three moons").await.is_err());
}

#[tokio::test]
async fn deleted_cluster_has_rows_in_no_own_table() {
    let (database, mut sql) = migrated().await;
    store_old_and_new(&database).await;
    store_own_rows(&mut sql).await;
    let deleted = database.delete_cluster(Schema::Public, &cluster(1).to_string()).await.unwrap();
    let own: Vec<(&str, u64)> =
        deleted.iter().filter(|rows| rows.is_of_own_table()).map(|rows| (rows.table, rows.rows)).collect();
    let expected = [
        "ccx.cluster_name",
        "ccx.reported_name",
        "ccx.past_recommendation",
        "ccx.disabled_by",
        "ccx.processed_request",
    ];
    assert_eq!(own, expected.map(|table| (table, 1)));
    for table in expected {
        let left = rows(&mut sql, &format!("SELECT count(*) FROM {table} WHERE cluster_id <> ''")).await;
        assert_eq!(left, ["1"], "{table}");
    }
}

/// A table of schema `ccx` that is missing from the list would never be cleaned.
#[tokio::test]
async fn every_own_table_is_cleaned() {
    let (database, mut sql) = migrated().await;
    let cleaned = database.delete_old_rows(Schema::Public, cutoff(), Deletion::DryRun).await.unwrap();
    let cleaned: Vec<&str> = cleaned.iter().map(|rows| rows.table).collect();
    let own = "SELECT 'ccx.' || tablename FROM pg_tables WHERE schemaname = 'ccx' AND tablename <> 'cleared_cluster'";
    for table in rows(&mut sql, own).await {
        assert!(cleaned.contains(&table.as_str()), "{table} is not in {cleaned:?}");
    }
}
