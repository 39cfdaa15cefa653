//! Export of tables.

use ccx_storage::{Database, ExportedTable, RowFilter};
use futures::TryStreamExt as _;

use crate::support::{migrated, run};

async fn csv(database: &Database, name: &str, filter: &RowFilter) -> String {
    let mut snapshot = database.export_snapshot().await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let table = tables.into_iter().find(|table| table.display_name() == name).unwrap();
    let chunks: Vec<_> = snapshot.csv(&table, filter).await.unwrap().try_collect().await.unwrap();
    snapshot.close().await.unwrap();
    String::from_utf8(chunks.concat()).unwrap()
}

#[tokio::test]
async fn tables_of_all_schemas_are_listed_in_the_order_of_their_creation() {
    let (database, _sql) = migrated().await;
    let mut snapshot = database.export_snapshot().await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let names: Vec<String> = tables.iter().map(ExportedTable::display_name).collect();
    assert_eq!(names.len(), 19, "{names:?}");
    let public = tables.iter().filter(|table| table.is_public()).count();
    assert_eq!(public, 11, "{names:?}");
    for table in [
        "dvo.dvo_report",
        "ccx.cluster_name",
        "ccx.disabled_by",
        "ccx.reported_name",
        "ccx.past_recommendation",
    ] {
        assert!(names.contains(&table.to_owned()), "{table} in {names:?}");
    }
}

#[tokio::test]
async fn values_have_the_format_of_the_original() {
    let (database, mut sql) = migrated().await;
    run(
        &mut sql,
        r#"INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at) VALUES
           (1, 'c,1', '{"a":"b"}', '2020-01-02 03:04:00', '2020-01-02 03:04:05.120000'), (2, 'd', '', NULL, '2020-01-02')"#,
    )
    .await;
    let all = csv(&database, "report", &RowFilter::default()).await;
    let expected = "org_id,cluster,report,reported_at,last_checked_at,kafka_offset,gathered_at\n\
        1,\"c,1\",\"{\"\"a\"\":\"\"b\"\"}\",2020-01-02T03:04:00Z,2020-01-02T03:04:05.12Z,0,\n\
        2,d,\"\",,2020-01-02T00:00:00Z,0,\n";
    assert_eq!(all, expected);
    let one = csv(&database, "report", &RowFilter { limit: Some(1), organizations: None }).await;
    assert_eq!(one.lines().count(), 2, "{one}");
    let second = RowFilter { limit: None, organizations: Some(vec![2]) };
    assert!(
        csv(&database, "report", &second).await.ends_with("gathered_at\n2,d,\"\",,2020-01-02T00:00:00Z,0,\n")
    );
    let none = RowFilter { limit: None, organizations: Some(Vec::new()) };
    assert_eq!(csv(&database, "report", &none).await.lines().count(), 1);
    // A table without organisations is exported whole.
    assert_eq!(csv(&database, "migration_info", &none).await, "version\n32\n");
}

#[tokio::test]
async fn rows_are_counted_and_rules_that_several_disabled_listed() {
    let (database, mut sql) = migrated().await;
    run(
        &mut sql,
        "INSERT INTO rule_disable VALUES ('1', 'a', 'K', '', now()), ('2', 'a', 'K', '', now()), ('1', 'b', 'K', '', now())",
    )
    .await;
    let mut snapshot = database.export_snapshot().await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let table = tables.iter().find(|table| table.display_name() == "rule_disable").unwrap();
    assert_eq!(snapshot.count(table, &RowFilter::default()).await.unwrap(), 3);
    let first = RowFilter { limit: None, organizations: Some(vec![1]) };
    assert_eq!(snapshot.count(table, &first).await.unwrap(), 2);
    assert_eq!(snapshot.disabled_rules().await.unwrap(), [("a".to_owned(), 2)]);
}

#[tokio::test]
async fn rows_written_during_an_export_are_not_in_it() {
    let (database, mut sql) = migrated().await;
    let mut snapshot = database.export_snapshot().await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let table = tables.iter().find(|table| table.display_name() == "rule_disable").unwrap();
    run(&mut sql, "INSERT INTO rule_disable VALUES ('1', 'a', 'K', '', now())").await;
    assert_eq!(snapshot.count(table, &RowFilter::default()).await.unwrap(), 0);
}
