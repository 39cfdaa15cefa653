//! Databases, reports, and a look into the tables.

use ccx_messages::{ClusterId, OrgId};
use ccx_storage::{Database, NewHit, NewReport};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row, postgres::PgConnectOptions};

/// An empty database of its own, and how to connect to it.
pub(crate) async fn empty() -> (Database, ccx_config::Database) {
    let settings = ccx_local::test_postgres().await.create_database().await.unwrap();
    // Other tests keep the machine busy.
    let settings = ccx_config::Database { connect_timeout: std::time::Duration::from_secs(30), ..settings };
    (Database::connect(&settings).unwrap(), settings)
}

/// A database with all tables, and a connection to look into it.
pub(crate) async fn migrated() -> (Database, PgConnection) {
    let (database, settings) = empty().await;
    database.migrate().await.unwrap();
    (database, look_into(&settings).await)
}

pub(crate) async fn look_into(settings: &ccx_config::Database) -> PgConnection {
    let password = settings.password().unwrap().unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host(&settings.host)
        .port(settings.port)
        .database(&settings.name)
        .username(&settings.user)
        .password(password.expose());
    PgConnection::connect_with(&options).await.unwrap()
}

/// The rows of a query, columns joined by ` | `.
pub(crate) async fn rows(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let as_text = format!(
        "SELECT concat_ws(' | ', VARIADIC ARRAY(SELECT coalesce(value, 'NULL') FROM json_each_text(to_json(q)))) FROM ({query}) q"
    );
    let rows = sqlx::query(AssertSqlSafe(as_text)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

pub(crate) fn cluster(number: u32) -> ClusterId {
    format!("00000000-0000-4000-8000-{number:012x}").parse().unwrap()
}

/// `seconds` after noon of a day in 2026.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_768_478_400 + seconds, 0).unwrap()
}

/// The report of a cluster, with a hit `ccx.rules.<rule>.report|KEY` for each rule.
pub(crate) fn report(org: u64, cluster_number: u32, checked: i64, rules: &[&str]) -> NewReport {
    NewReport {
        org_id: OrgId::new(org).unwrap(),
        cluster_id: cluster(cluster_number),
        last_checked_at: at(checked),
        gathered_at: Some(at(checked - 60)),
        report: format!(r#"{{"checked":{checked}}}"#),
        hits: rules.iter().map(|rule| hit(rule, &format!(r#"{{"checked":{checked}}}"#))).collect(),
        cluster_version: Some(format!("4.18.{checked}")),
        reported_name: None,
        is_authenticated: true,
    }
}

pub(crate) fn hit(rule: &str, template_data: &str) -> NewHit {
    NewHit {
        component: format!("ccx.rules.{rule}.report"),
        error_key: "KEY".into(),
        template_data: template_data.into(),
    }
}
