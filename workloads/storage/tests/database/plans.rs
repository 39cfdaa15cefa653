//! Speed independent of the number of stored clusters: every statement reads its rows through an index.

use std::time::{Duration, Instant};

use ccx_storage::{Database, NewReport, NewWorkloads};
use sqlx::PgConnection;

use crate::{
    support::{at, empty, look_into, report, rows, run},
    workloads::workloads,
};

/// 100,000 clusters with a hit each, other ones than the test writes. The planner's statistics are those of the few rows before:
/// they are never gathered again, so the plan must not depend on them.
const FILL: &str = "\
    ALTER TABLE report SET (autovacuum_enabled = off); \
    ALTER TABLE rule_hit SET (autovacuum_enabled = off); \
    ALTER TABLE recommendation SET (autovacuum_enabled = off); \
    ALTER TABLE report_info SET (autovacuum_enabled = off); \
    ALTER TABLE ccx.past_recommendation SET (autovacuum_enabled = off); \
    ANALYZE; \
    INSERT INTO report (org_id, cluster, report, last_checked_at) \
        SELECT 1 + n % 50, md5(n::text)::uuid::text, '{}', '2026-01-01' FROM generate_series(1, 100000) AS n; \
    INSERT INTO rule_hit SELECT org_id, cluster, 'ccx.rules.a.report', 'KEY', '{}', '2026-01-01' FROM report WHERE report = '{}'; \
    INSERT INTO recommendation SELECT org_id, cluster, 'ccx.rules.a', 'KEY' FROM report WHERE report = '{}'; \
    INSERT INTO report_info SELECT org_id, cluster, '4.18.1' FROM report WHERE report = '{}'; \
    INSERT INTO ccx.past_recommendation SELECT org_id, cluster, 'ccx.rules.a', 'KEY', NULL, '2026-01-01' FROM report WHERE report = '{}'";

/// As [`FILL`], of the tables of workloads.
const FILL_WORKLOADS: &str = "\
    ALTER TABLE dvo.dvo_report SET (autovacuum_enabled = off); \
    ALTER TABLE ccx.cleared_cluster SET (autovacuum_enabled = off); \
    ANALYZE; \
    INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, recommendations, objects, last_checked_at) \
        SELECT 1 + n % 50, md5(n::text)::uuid::text, 'n', 1, 1, '2026-01-01' FROM generate_series(1, 100000) AS n; \
    INSERT INTO ccx.cleared_cluster SELECT md5(n::text)::uuid::text, 1, '2026-01-01' FROM generate_series(100001, 200000) AS n";

const READ: &str = "\
    SELECT relname, seq_scan, coalesce(idx_tup_fetch, 0) AS fetched FROM pg_stat_user_tables \
    WHERE relname IN ('report', 'rule_hit', 'recommendation', 'report_info', 'dvo_report', 'cleared_cluster', \
        'past_recommendation') ORDER BY 1";

/// Name, sequential scans and rows read through indexes, of each table. Sessions report them with a delay.
async fn reads(connection: &mut PgConnection) -> Vec<(String, u64, u64)> {
    run(connection, "SELECT pg_stat_clear_snapshot()").await;
    let lines = rows(connection, READ).await;
    let fields = |line: &String| {
        let fields: Vec<&str> = line.split(" | ").collect();
        (fields[0].to_owned(), fields[1].parse().unwrap(), fields[2].parse().unwrap())
    };
    lines.iter().map(fields).collect()
}

/// Waits until the counts no longer change.
///
/// An idle session keeps its counts for 10 s, but reports them with the next statement if it has not done so for a second. So the
/// writing database must have a single session: a second one in the pool would report its old counts later. Even the table's
/// creation is counted, as a scan.
async fn settled_reads(database: &Database, connection: &mut PgConnection) -> Vec<(String, u64, u64)> {
    const KEPT_BACK: Duration = Duration::from_millis(1100);
    const STILL: Duration = Duration::from_secs(1);
    tokio::time::sleep(KEPT_BACK).await;
    database.schema_version(ccx_storage::Schema::Public).await.unwrap();
    let mut last = reads(connection).await;
    let mut since = Instant::now();
    while since.elapsed() < STILL {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = reads(connection).await;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

async fn migrated_with_one_session() -> (Database, PgConnection) {
    let (_, settings) = empty().await;
    let settings = ccx_config::Database { max_connections: 1, ..settings };
    let database = Database::connect(&settings).unwrap();
    database.migrate().await.unwrap();
    (database, look_into(&settings).await)
}

#[tokio::test]
async fn batch_among_a_hundred_thousand_clusters_reads_only_its_own_rows() {
    let (database, mut connection) = migrated_with_one_session().await;
    // Statements are prepared while the tables are empty, as those of a writer that starts with a new database.
    let batch = |org, first: u32, checked, rules: &[&str]| -> Vec<NewReport> {
        (first..first + 100).map(|number| report(org, number, checked, rules)).collect()
    };
    for checked in 0..8 {
        database.write_batch(&batch(1, 0, checked, &["a", "b"]), at(100)).await.unwrap();
    }
    run(&mut connection, FILL).await;
    let before = settled_reads(&database, &mut connection).await;
    database.write_batch(&batch(1, 0, 10, &["b", "c"]), at(200)).await.unwrap();
    database.write_batch(&batch(1, 100, 10, &["a", "b"]), at(200)).await.unwrap();
    database.write_batch(&batch(2, 0, 11, &["c"]), at(200)).await.unwrap();
    let after = settled_reads(&database, &mut connection).await;
    assert_no_scans(before, after);
}

#[tokio::test]
async fn workloads_among_a_hundred_thousand_clusters_read_only_their_own_rows() {
    let (database, mut connection) = migrated_with_one_session().await;
    let batch = |first: u32, checked, namespaces: &[&str]| -> Vec<NewWorkloads> {
        (first..first + 100).map(|number| workloads(1, number, checked, namespaces)).collect()
    };
    for checked in 0..8 {
        database.write_workloads(&batch(0, checked, &["a", "b"])).await.unwrap();
        database.write_workloads(&batch(100, checked, &[])).await.unwrap();
    }
    run(&mut connection, FILL_WORKLOADS).await;
    let before = settled_reads(&database, &mut connection).await;
    for (checked, first, namespaces) in
        [(10, 0, &["b", "c"][..]), (11, 0, &[]), (10, 100, &["a"]), (10, 200, &["a"]), (10, 300, &[])]
    {
        database.write_workloads(&batch(first, checked, namespaces)).await.unwrap();
    }
    let after = settled_reads(&database, &mut connection).await;
    assert_no_scans(before, after);
}

fn assert_no_scans(before: Vec<(String, u64, u64)>, after: Vec<(String, u64, u64)>) {
    assert_ne!(before, after, "the reads are counted");
    for ((table, scans_before, fetched_before), (_, scans, fetched)) in before.into_iter().zip(after) {
        assert_eq!(scans - scans_before, 0, "sequential scans of {table}");
        let fetched = fetched - fetched_before;
        assert!(fetched < 5_000, "{fetched} rows of {table} were read to write a few hundred reports");
    }
}
