//! The table `dvo.dvo_report`.

use std::{collections::BTreeMap, sync::Mutex};

use ccx_messages::OrgId;
use ccx_storage::{Database, Deletion, LeaseKind, NewNamespace, NewWorkloads, Outcome, Schema};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use sqlx::PgConnection;

use crate::support::{at, cluster, empty, look_into, migrated, rows, run};

const ROWS: &str = "\
    SELECT org_id, right(cluster_id, 2) AS cluster, namespace_id, namespace_name, recommendations, objects, \
        extract(epoch FROM reported_at - '2026-01-15 12:00')::int AS reported, \
        extract(epoch FROM last_checked_at - '2026-01-15 12:00')::int AS checked, rule_hits_count \
    FROM dvo.dvo_report ORDER BY 1, 2, 3";

/// A report with one failing workload in each namespace.
pub(crate) fn workloads(org: u64, number: u32, checked: i64, namespaces: &[&str]) -> NewWorkloads {
    let namespace = |id: &&str| NewNamespace {
        id: (*id).into(),
        name: format!("name of {id}"),
        recommendations: 1,
        objects: 1,
        hit_counts: BTreeMap::from([("ccx.dvo.a|A".to_owned(), 1)]),
    };
    NewWorkloads {
        org_id: OrgId::new(org).unwrap(),
        cluster_id: cluster(number),
        last_checked_at: at(checked),
        report: format!("\"{{\\\"checked\\\":{checked}}}\""),
        namespaces: namespaces.iter().map(namespace).collect(),
        is_authenticated: true,
    }
}

#[tokio::test]
async fn report_is_a_row_of_each_namespace() {
    let (database, mut connection) = migrated().await;
    database.write_workloads(&[workloads(7, 1, 60, &["a", "b"])]).await.unwrap();
    let row = |id: &str| format!("7 | 01 | {id} | name of {id} | 1 | 1 | 60 | 60 | {{\"ccx.dvo.a|A\": 1}}");
    assert_eq!(rows(&mut connection, ROWS).await, [row("a"), row("b")]);
    let report = rows(&mut connection, "SELECT DISTINCT report FROM dvo.dvo_report").await;
    assert_eq!(report, [r#""{\"checked\":60}""#], "JSON inside a JSON string");

    let stored = database.namespace(OrgId::new(7).unwrap(), cluster(1), "a").await.unwrap().unwrap();
    assert_eq!(stored.namespace.hit_counts, r#"{"ccx.dvo.a|A": 1}"#);
}

#[tokio::test]
async fn newer_report_replaces_namespaces_and_keeps_the_time_of_their_first_report() {
    let (database, mut connection) = migrated().await;
    database.write_workloads(&[workloads(7, 1, 60, &["a", "b"]), workloads(7, 2, 60, &["a"])]).await.unwrap();
    let outcome = database.write_workloads(&[workloads(7, 1, 90, &["b", "c"])]).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Written]);
    let short =
        rows(&mut connection, &format!("SELECT cluster, namespace_id, reported, checked FROM ({ROWS}) r"))
            .await;
    assert_eq!(short, ["01 | b | 60 | 90", "01 | c | 90 | 90", "02 | a | 60 | 60"]);

    let outcome = database.write_workloads(&[workloads(7, 1, 100, &[])]).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Written]);
    assert_eq!(rows(&mut connection, "SELECT right(cluster_id, 2) FROM dvo.dvo_report").await, ["02"]);
}

#[tokio::test]
async fn report_that_is_not_newer_changes_nothing() {
    let (database, mut connection) = migrated().await;
    let batch = [workloads(7, 1, 60, &["a"]), workloads(7, 1, 50, &["old"]), workloads(7, 1, 60, &["same"])];
    let outcome = database.write_workloads(&batch).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Written, Outcome::Ignored, Outcome::Ignored]);
    let outcome = database.write_workloads(&batch[1..]).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Ignored, Outcome::Ignored]);
    assert_eq!(rows(&mut connection, "SELECT namespace_id FROM dvo.dvo_report").await, ["a"]);
}

#[tokio::test]
async fn cluster_moves_to_another_organisation_only_if_it_has_authenticated() {
    let (database, mut connection) = migrated().await;
    database.write_workloads(&[workloads(7, 1, 60, &["a", "b"])]).await.unwrap();
    let stranger = NewWorkloads { is_authenticated: false, ..workloads(8, 1, 70, &["a"]) };
    let outcome = database.write_workloads(&[stranger]).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Unauthenticated]);
    assert_eq!(rows(&mut connection, "SELECT DISTINCT org_id FROM dvo.dvo_report").await, ["7"]);

    database.write_workloads(&[workloads(8, 1, 80, &["a"])]).await.unwrap();
    let short = format!("SELECT org_id, namespace_id, reported, checked FROM ({ROWS}) r");
    assert_eq!(rows(&mut connection, &short).await, ["8 | a | 60 | 80"]);
}

/// Writes a report as a writer that starts does, and returns its outcome.
async fn write_after_restart(database: &Database, report: NewWorkloads) -> Outcome {
    let mut lease = database.acquire_writer_lease(LeaseKind::Workloads).await.unwrap();
    let outcome = lease.write_workloads(&[report]).await.unwrap();
    lease.release().await.unwrap();
    outcome.outcomes()[0]
}

const CLEARED: &str = "SELECT org_id, right(cluster_id, 2) FROM ccx.cleared_cluster";

#[tokio::test]
async fn late_report_of_a_cluster_without_failing_workloads_is_ignored_after_a_restart() {
    let (database, mut connection) = migrated().await;
    for (checked, namespaces, expected) in [
        (60, &["a"][..], Outcome::Written),
        (100, &[], Outcome::Written),
        (80, &["a"], Outcome::Ignored),
        (100, &["a"], Outcome::Ignored),
    ] {
        let outcome = write_after_restart(&database, workloads(7, 1, checked, namespaces)).await;
        assert_eq!(outcome, expected, "{checked}");
    }
    assert_eq!(rows(&mut connection, ROWS).await, [""; 0]);
    assert_eq!(rows(&mut connection, CLEARED).await, ["7 | 01"]);

    let outcome = write_after_restart(&database, workloads(7, 1, 120, &["a"])).await;
    assert_eq!(outcome, Outcome::Written);
    assert_eq!(rows(&mut connection, CLEARED).await, [""; 0], "the table of the namespaces tells now");
}

#[tokio::test]
async fn cluster_without_failing_workloads_moves_only_if_it_has_authenticated() {
    let (database, mut connection) = migrated().await;
    write_after_restart(&database, workloads(7, 1, 60, &[])).await;
    let stranger = NewWorkloads { is_authenticated: false, ..workloads(8, 1, 70, &["a"]) };
    assert_eq!(write_after_restart(&database, stranger).await, Outcome::Unauthenticated);
    assert_eq!(write_after_restart(&database, workloads(8, 1, 80, &[])).await, Outcome::Written);
    assert_eq!(rows(&mut connection, CLEARED).await, ["8 | 01"]);
}

#[tokio::test]
async fn writer_on_a_database_that_another_program_migrated_creates_its_table() {
    let (database, mut connection) = migrated().await;
    run(&mut connection, "DROP SCHEMA ccx CASCADE").await;
    assert_eq!(write_after_restart(&database, workloads(7, 1, 60, &[])).await, Outcome::Written);
    assert_eq!(rows(&mut connection, CLEARED).await, ["7 | 01"]);
}

#[tokio::test]
async fn writer_without_the_right_to_create_its_table_writes_without_it() {
    let (database, settings) = empty().await;
    database.migrate().await.unwrap();
    let mut connection = look_into(&settings).await;
    let role = format!("writer_{}", settings.name);
    let setup = format!(
        "DROP SCHEMA ccx CASCADE; CREATE ROLE \"{role}\" LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA dvo TO \"{role}\"; \
         GRANT ALL ON ALL TABLES IN SCHEMA dvo TO \"{role}\""
    );
    run(&mut connection, &setup).await;
    let password = Some(ccx_config::Secret::from("p".to_owned()));
    let settings = ccx_config::Database { user: role, password, password_file: None, ..settings };
    let limited = Database::connect(&settings).unwrap();
    for (checked, namespaces) in [(60, &["a"][..]), (70, &[]), (80, &["b"])] {
        let outcome = write_after_restart(&limited, workloads(7, 1, checked, namespaces)).await;
        assert_eq!(outcome, Outcome::Written, "{checked}");
    }
    assert_eq!(rows(&mut connection, "SELECT namespace_id FROM dvo.dvo_report").await, ["b"]);
}

#[tokio::test]
async fn records_of_cleared_clusters_are_dropped_with_the_tables_of_workloads() {
    let (database, mut connection) = migrated().await;
    write_after_restart(&database, workloads(7, 1, 60, &[])).await;
    let old = database.delete_old_rows(Schema::Dvo, at(61), Deletion::Perform).await.unwrap();
    assert_eq!(old.len(), 1, "{old:?}");
    assert_eq!(rows(&mut connection, CLEARED).await, [""; 0]);

    write_after_restart(&database, workloads(7, 1, 60, &[])).await;
    database.migrate_to(Schema::Dvo, 0).await.unwrap();
    database.migrate().await.unwrap();
    assert_eq!(rows(&mut connection, CLEARED).await, [""; 0]);
}

#[tokio::test]
async fn writers_of_reports_and_of_workloads_work_beside_each_other() {
    let (database, mut connection) = migrated().await;
    let _reports = database.acquire_writer_lease(LeaseKind::Reports).await.unwrap();
    let mut lease = database.acquire_writer_lease(LeaseKind::Workloads).await.unwrap();
    lease.write_workloads(&[workloads(7, 1, 60, &["a"])]).await.unwrap();
    assert_eq!(rows(&mut connection, "SELECT namespace_id FROM dvo.dvo_report").await, ["a"]);
}

#[tokio::test]
async fn migration_creates_the_index_by_which_the_rows_of_a_cluster_are_found() {
    let (_database, mut connection) = migrated().await;
    let query =
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'dvo' AND indexdef LIKE '%(cluster_id)%'";
    assert_eq!(rows(&mut connection, query).await, ["ccx_dvo_report_cluster"]);
}

/// Reports of one time are equal: each time is that of one archive. Some have no failing workloads.
fn any_workloads() -> impl Strategy<Value = NewWorkloads> {
    (0_u32..3, 0_i64..12).prop_map(|(number, checked)| {
        let namespaces: Vec<&str> = ["a", "b", "c"]
            .into_iter()
            .zip([1, 2, 4])
            .filter(|(_, bit)| checked & bit != 0)
            .map(|(id, _)| id)
            .collect();
        workloads(7, number, checked, &namespaces)
    })
}

async fn apply(
    database: &Database,
    connection: &mut PgConnection,
    batches: &[Vec<NewWorkloads>],
) -> Vec<String> {
    run(connection, "TRUNCATE dvo.dvo_report, ccx.cleared_cluster").await;
    for batch in batches {
        let mut lease = database.acquire_writer_lease(LeaseKind::Workloads).await.unwrap();
        lease.write_workloads(batch).await.unwrap();
        lease.release().await.unwrap();
    }
    rows(
        connection,
        "SELECT org_id, cluster_id, namespace_id, last_checked_at FROM dvo.dvo_report ORDER BY 2, 3",
    )
    .await
}

#[test]
fn rows_are_those_of_the_newest_reports_for_any_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (database, connection) = runtime.block_on(migrated());
    let connection = Mutex::new(connection);
    let config = ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() };
    let batches = prop::collection::vec(prop::collection::vec(any_workloads(), 1..5), 1..6);
    let result = TestRunner::new(config).run(&batches, |batches| {
        let mut connection = connection.lock().unwrap();
        runtime.block_on(async {
            let found = apply(&database, &mut connection, &batches).await;
            let one_by_one: Vec<Vec<NewWorkloads>> =
                batches.concat().into_iter().rev().map(|report| vec![report]).collect();
            let reordered = apply(&database, &mut connection, &one_by_one).await;
            prop_assert_eq!(found, reordered);
            Ok::<(), TestCaseError>(())
        })
    });
    result.unwrap();
}
