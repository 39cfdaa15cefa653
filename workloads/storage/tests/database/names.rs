//! Names of clusters: those in their own data, and those that users have chosen.

use ccx_messages::{OrgId, ReportedName};
use ccx_storage::{Database, NewReport};
use chrono::Utc;
use sqlx::PgConnection;

use crate::support::{at, cluster, migrated, report, rows, run};

const REPORTED: &str = "SELECT org_id, cluster_id, name FROM ccx.reported_name ORDER BY cluster_id";

fn named(org: u64, number: u32, checked: i64, name: &str) -> NewReport {
    NewReport { reported_name: ReportedName::parse(name), ..report(org, number, checked, &["a"]) }
}

async fn write(database: &Database, reports: &[NewReport]) {
    database.write_batch(reports, at(1)).await.unwrap();
}

/// The version of each row and the transactions that have locked it.
async fn row_versions(sql: &mut PgConnection) -> Vec<String> {
    rows(sql, "SELECT ctid::text, xmin::text, xmax::text FROM ccx.reported_name ORDER BY cluster_id").await
}

#[tokio::test]
async fn reported_name_follows_the_reports_that_have_one() {
    let (database, mut sql) = migrated().await;
    write(&database, &[named(7, 1, 10, "prod.example.com"), report(7, 2, 10, &["a"])]).await;
    let row = |name: &str| format!("7 | {} | {name}", cluster(1));
    assert_eq!(rows(&mut sql, REPORTED).await, [row("prod.example.com")]);
    // An older report, and one of a pipeline that sends no names.
    write(&database, &[named(7, 1, 9, "old.example.com"), report(7, 1, 20, &["a"])]).await;
    assert_eq!(rows(&mut sql, REPORTED).await, [row("prod.example.com")]);
    write(&database, &[named(7, 1, 30, "new.example.com")]).await;
    assert_eq!(rows(&mut sql, REPORTED).await, [row("new.example.com")]);

    let org = OrgId::new(7).unwrap();
    assert_eq!(database.reported_name(org, cluster(1)).await.unwrap().as_deref(), Some("new.example.com"));
    let stored = database.report(org, cluster(1), "1").await.unwrap().unwrap();
    assert_eq!(stored.reported_name.as_deref(), Some("new.example.com"));
    assert_eq!(database.report(org, cluster(2), "1").await.unwrap().unwrap().reported_name, None);
    assert_eq!(database.reported_names(org).await.unwrap().len(), 1);
    assert_eq!(database.reported_names(OrgId::new(8).unwrap()).await.unwrap(), []);
}

#[tokio::test]
async fn name_that_stays_is_neither_written_nor_locked() {
    let (database, mut sql) = migrated().await;
    let batch = |checked| [1, 2, 3].map(|number| named(7, number, checked, "prod.example.com"));
    write(&database, &batch(10)).await;
    let before = row_versions(&mut sql).await;
    write(&database, &batch(20)).await;
    assert_eq!(row_versions(&mut sql).await, before);
}

#[tokio::test]
async fn names_and_authors_move_with_their_cluster() {
    let (database, mut sql) = migrated().await;
    write(&database, &[named(7, 1, 10, "prod.example.com")]).await;
    database.name_cluster(OrgId::new(7).unwrap(), cluster(1), "shop", "ann", Utc::now()).await.unwrap();
    let id = cluster(1);
    let author = |org: u32, user: &str| {
        format!("INSERT INTO ccx.disabled_by VALUES ({org}, '{id}', 'r', 'K', '{user}', now());")
    };
    // What the new organisation has of the cluster is older.
    let older = format!("INSERT INTO ccx.cluster_name VALUES (8, '{id}', 'older', 'bob', now());");
    run(&mut sql, &[author(7, "ann"), author(8, "bob"), older].concat()).await;
    write(&database, &[report(8, 1, 20, &["a"])]).await;
    assert_eq!(rows(&mut sql, REPORTED).await, [format!("8 | {id} | prod.example.com")]);
    assert_eq!(rows(&mut sql, "SELECT org_id, name FROM ccx.cluster_name").await, ["8 | shop"]);
    assert_eq!(rows(&mut sql, "SELECT org_id, disabled_by FROM ccx.disabled_by").await, ["8 | ann"]);
}

/// Another program has migrated the database.
#[tokio::test]
async fn report_with_a_name_is_stored_without_own_tables() {
    let (database, mut sql) = migrated().await;
    run(&mut sql, "DROP SCHEMA ccx CASCADE").await;
    write(&database, &[named(7, 1, 10, "prod.example.com")]).await;
    write(&database, &[named(8, 1, 20, "prod.example.com")]).await;
    assert_eq!(rows(&mut sql, "SELECT org_id FROM report").await, ["8"]);
    let stored = database.report(OrgId::new(8).unwrap(), cluster(1), "1").await.unwrap().unwrap();
    assert_eq!(stored.reported_name, None);
}
