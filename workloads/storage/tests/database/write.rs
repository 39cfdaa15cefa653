use ccx_messages::{ErrorClass, OrgId};
use ccx_storage::{Database, NewReport, Outcome};
use sqlx::PgConnection;

use crate::support::{at, cluster, hit, migrated, report, rows, run};

const REPORTS: &str = "SELECT org_id, cluster, report, reported_at, last_checked_at, kafka_offset, gathered_at FROM report ORDER BY 2";
const RULE_HITS: &str =
    "SELECT org_id, cluster_id, rule_fqdn, error_key, template_data, created_at FROM rule_hit ORDER BY 2, 3";
const RECOMMENDATIONS: &str = "\
    SELECT org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since FROM recommendation ORDER BY 2, 3";
const VERSIONS: &str = "SELECT org_id, cluster_id, version_info FROM report_info ORDER BY 2";

async fn everything(connection: &mut PgConnection) -> Vec<String> {
    let mut all = Vec::new();
    for query in [REPORTS, RULE_HITS, RECOMMENDATIONS, VERSIONS] {
        all.extend(rows(connection, query).await);
    }
    all
}

async fn write(database: &Database, reports: &[NewReport], seconds: i64) -> Vec<Outcome> {
    database.write_batch(reports, at(seconds)).await.unwrap().outcomes().to_vec()
}

#[tokio::test]
async fn report_is_stored_in_four_tables() {
    let (database, mut connection) = migrated().await;
    let stored_at = at(100) + chrono::TimeDelta::milliseconds(250);
    let outcome = database.write_batch(&[report(7, 1, 60, &["a", "b"])], stored_at).await.unwrap();
    assert_eq!(outcome.outcomes(), [Outcome::Written]);
    let id = cluster(1);
    assert_eq!(
        everything(&mut connection).await,
        [
            format!(
                r#"7 | {id} | {{"checked":60}} | 2026-01-15T12:01:40.25 | 2026-01-15T12:01:00 | 0 | 2026-01-15T12:00:00"#
            ),
            format!(r#"7 | {id} | ccx.rules.a.report | KEY | {{"checked":60}} | 2026-01-15T12:01:40"#),
            format!(r#"7 | {id} | ccx.rules.b.report | KEY | {{"checked":60}} | 2026-01-15T12:01:40"#),
            format!(
                "7 | {id} | ccx.rules.a | KEY | ccx.rules.a|KEY | 2026-01-15T12:01:40 | 2026-01-15T12:01:40"
            ),
            format!(
                "7 | {id} | ccx.rules.b | KEY | ccx.rules.b|KEY | 2026-01-15T12:01:40 | 2026-01-15T12:01:40"
            ),
            format!("7 | {id} | 4.18.60"),
        ]
    );
}

#[tokio::test]
async fn older_or_equal_report_changes_no_table() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 60, &["a"])], 100).await;
    let before = everything(&mut connection).await;
    let equal =
        NewReport { org_id: OrgId::new(8).unwrap(), cluster_version: None, ..report(7, 1, 60, &["b"]) };
    assert_eq!(write(&database, &[report(8, 1, 59, &["b"])], 200).await, [Outcome::Ignored]);
    assert_eq!(write(&database, &[equal], 200).await, [Outcome::Ignored]);
    assert_eq!(everything(&mut connection).await, before);
}

#[tokio::test]
async fn report_of_the_same_microsecond_is_equal() {
    let (database, _connection) = migrated().await;
    let at_nanos = |nanos: i64| {
        let message = format!(
            r#"{{"OrgID":1,"ClusterName":"{}","Report":{{"system":{{}},"reports":[],"fingerprints":[]}},
                "LastChecked":"2026-01-15T12:00:00.{nanos:09}Z"}}"#,
            cluster(1)
        );
        NewReport::from(ccx_messages::Results::parse(message.as_bytes()).unwrap())
    };
    assert_eq!(write(&database, &[at_nanos(5_000)], 100).await, [Outcome::Written]);
    assert_eq!(write(&database, &[at_nanos(5_999)], 100).await, [Outcome::Ignored]);
    assert_eq!(write(&database, &[at_nanos(6_000)], 100).await, [Outcome::Written]);
}

#[tokio::test]
async fn continuous_hit_keeps_its_start_and_returning_hit_restarts() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 1, &["a", "b"])], 100).await;
    write(&database, &[report(7, 1, 2, &["a"])], 200).await;
    write(&database, &[report(7, 1, 3, &["a", "b"])], 300).await;
    let since = "SELECT rule_fqdn, extract(epoch FROM created_at)::int - 1768478400 AS since FROM rule_hit ORDER BY 1";
    assert_eq!(rows(&mut connection, since).await, ["ccx.rules.a.report | 100", "ccx.rules.b.report | 300"]);
    let since = "SELECT rule_fqdn, extract(epoch FROM impacted_since)::int - 1768478400 AS since, \
        extract(epoch FROM created_at)::int - 1768478400 AS created FROM recommendation ORDER BY 1";
    assert_eq!(rows(&mut connection, since).await, ["ccx.rules.a | 100 | 300", "ccx.rules.b | 300 | 300"]);
    assert_eq!(
        rows(&mut connection, "SELECT DISTINCT template_data FROM rule_hit").await,
        [r#"{"checked":3}"#],
        "the data are the newest"
    );
}

#[tokio::test]
async fn report_without_hits_and_version_deletes_the_stored_ones() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 1, &["a", "b"])], 100).await;
    write(&database, &[NewReport { cluster_version: None, ..report(7, 1, 2, &[]) }], 200).await;
    assert_eq!(everything(&mut connection).await.len(), 1, "only the report is left");
}

#[tokio::test]
async fn two_components_of_one_rule_are_two_hits_and_one_recommendation() {
    let (database, mut connection) = migrated().await;
    let mut both = report(7, 1, 1, &["a"]);
    both.hits.push(ccx_storage::NewHit { component: "ccx.rules.a".into(), ..hit("a", "{}") });
    write(&database, &[both.clone()], 100).await;
    write(&database, &[NewReport { last_checked_at: at(2), ..both }], 200).await;
    assert_eq!(rows(&mut connection, RULE_HITS).await.len(), 2);
    assert_eq!(rows(&mut connection, RECOMMENDATIONS).await.len(), 1);
}

#[tokio::test]
async fn batch_outcomes_are_in_the_order_of_its_reports() {
    let (database, _connection) = migrated().await;
    write(&database, &[report(7, 3, 50, &[])], 100).await;
    let batch = [
        report(7, 9, 1, &[]),
        report(7, 3, 49, &[]),
        report(7, 2, 1, &[]),
        report(7, 9, 2, &[]),
        report(7, 9, 2, &[]),
    ];
    let (written, ignored) = (Outcome::Written, Outcome::Ignored);
    assert_eq!(write(&database, &batch, 200).await, [ignored, ignored, written, written, ignored]);
    assert_eq!(write(&database, &[], 200).await, []);
}

const USER_TABLES: &str = "\
    INSERT INTO cluster_rule_toggle (cluster_id, rule_id, disabled, updated_at, error_key, org_id) \
        VALUES ('{}', 'r', 1, now(), 'K', '7'); \
    INSERT INTO cluster_rule_user_feedback (cluster_id, rule_id, user_id, message, user_vote, added_at, updated_at, org_id) \
        VALUES ('{}', 'r', 'u', '', 1, now(), now(), '7'); \
    INSERT INTO cluster_user_rule_disable_feedback (cluster_id, user_id, rule_id, message, added_at, updated_at, org_id) \
        VALUES ('{}', 'u', 'r', '', now(), now(), '7');";

const OWNERS: &str = "\
    SELECT DISTINCT 'report' AS t, org_id::text FROM report UNION SELECT 'hit', org_id::text FROM rule_hit \
    UNION SELECT 'recommendation', org_id::text FROM recommendation UNION SELECT 'info', org_id::text FROM report_info \
    UNION SELECT 'toggle', org_id FROM cluster_rule_toggle UNION SELECT 'vote', org_id FROM cluster_rule_user_feedback \
    UNION SELECT 'why', org_id FROM cluster_user_rule_disable_feedback ORDER BY 1, 2";

#[tokio::test]
async fn cluster_moves_completely_and_only_with_a_newer_report() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 10, &["a", "b"])], 100).await;
    run(&mut connection, &USER_TABLES.replace("{}", &cluster(1).to_string())).await;
    let owned_by = |org: u32| {
        ["hit", "info", "recommendation", "report", "toggle", "vote", "why"]
            .map(|table| format!("{table} | {org}"))
    };
    write(&database, &[report(8, 1, 9, &["a"])], 200).await;
    assert_eq!(rows(&mut connection, OWNERS).await, owned_by(7));
    write(&database, &[report(8, 1, 11, &["a"])], 300).await;
    assert_eq!(rows(&mut connection, OWNERS).await, owned_by(8));
    let since = "SELECT extract(epoch FROM created_at)::int - 1768478400 AS since FROM rule_hit";
    assert_eq!(rows(&mut connection, since).await, ["100"], "a move does not end a hit");
}

#[tokio::test]
async fn rows_of_the_new_owner_are_replaced_by_those_that_move() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 10, &["a"])], 100).await;
    let left_over = "INSERT INTO rule_hit SELECT 8, cluster_id, rule_fqdn, error_key, 'old', created_at FROM rule_hit; \
        INSERT INTO recommendation SELECT 8, cluster_id, rule_fqdn, error_key, rule_id FROM recommendation;";
    run(&mut connection, left_over).await;
    write(&database, &[report(8, 1, 11, &["a"])], 200).await;
    assert_eq!(
        rows(&mut connection, "SELECT org_id, template_data FROM rule_hit").await,
        [r#"8 | {"checked":11}"#]
    );
    assert_eq!(rows(&mut connection, "SELECT org_id FROM recommendation").await, ["8"]);
}

#[tokio::test]
async fn left_over_rows_of_a_deleted_report_move_too() {
    let (database, mut connection) = migrated().await;
    write(&database, &[report(7, 1, 10, &["a"]), report(7, 2, 10, &[])], 100).await;
    run(&mut connection, "DELETE FROM report").await;
    write(&database, &[report(8, 1, 1, &["a"]), report(8, 2, 1, &[])], 200).await;
    let owners = rows(&mut connection, OWNERS).await;
    assert_eq!(owners, ["hit | 8", "info | 8", "recommendation | 8", "report | 8"]);
}

#[tokio::test]
async fn text_with_a_zero_byte_is_bad_input_and_rejects_the_batch() {
    let (database, mut connection) = migrated().await;
    let poison = NewReport { cluster_version: Some("4.18\0".into()), ..report(7, 2, 1, &["a"]) };
    let error = database.write_batch(&[report(7, 1, 1, &["a"]), poison], at(100)).await.unwrap_err();
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        (ErrorClass::BadInput, "failed to write versions")
    );
    assert!(everything(&mut connection).await.is_empty());
    write(&database, &[report(7, 1, 1, &["a"])], 200).await;
}

#[tokio::test]
async fn killed_writer_leaves_no_partial_batch() {
    let (database, mut connection) = migrated().await;
    run(
        &mut connection,
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'; \
         CREATE TRIGGER die BEFORE INSERT ON report_info FOR EACH ROW EXECUTE FUNCTION die()",
    )
    .await;
    let error = database.write_batch(&[report(7, 1, 1, &["a"])], at(100)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    assert!(everything(&mut connection).await.is_empty());
    run(&mut connection, "DROP TRIGGER die ON report_info").await;
    assert_eq!(write(&database, &[report(7, 1, 1, &["a"])], 100).await, [Outcome::Written]);
}

#[tokio::test]
async fn batches_at_the_same_moment_end_with_the_newest_of_each_cluster() {
    let (database, mut connection) = migrated().await;
    let write_all = async |org: u64, reverse: bool| {
        for round in 0..10 {
            let checked = round * 10 + i64::try_from(org).unwrap();
            let mut batch: Vec<NewReport> =
                (0..20).map(|number| report(org, number, checked, &["a", "b"])).collect();
            if reverse {
                batch.reverse();
            }
            while let Err(error) = database.write_batch(&batch, at(100)).await {
                assert_eq!(error.class(), ErrorClass::Transient, "{}", snafu::Report::from_error(error));
            }
        }
    };
    futures::join!(write_all(1, false), write_all(2, true), write_all(3, false));
    let owners = rows(&mut connection, OWNERS).await;
    assert_eq!(owners, ["hit | 3", "info | 3", "recommendation | 3", "report | 3"]);
    let counts = "SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM rule_hit) AS hits";
    assert_eq!(rows(&mut connection, counts).await, ["20 | 40"]);
}

#[tokio::test]
async fn statements_are_observed_by_name() {
    let (database, _connection) = migrated().await;
    let names = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = names.clone();
    let database =
        database.with_query_observer(std::sync::Arc::new(move |name, _| seen.lock().unwrap().push(name)));
    write(&database, &[report(7, 1, 1, &["a"])], 100).await;
    let names = names.lock().unwrap();
    assert_eq!(names[..2], ["look for tables of ours", "begin a batch"]);
    assert!(names.contains(&"insert rule hits") && names.last() == Some(&"commit a batch"), "{names:?}");
}

#[tokio::test]
async fn unauthenticated_report_creates_a_cluster_and_does_not_move_one() {
    let (database, mut connection) = migrated().await;
    let unauthenticated = |org, cluster, seconds| NewReport {
        is_authenticated: false,
        ..report(org, cluster, seconds, &["a"])
    };
    let outcomes = write(&database, &[unauthenticated(7, 1, 1), report(7, 2, 1, &["a"])], 100).await;
    assert_eq!(outcomes, [Outcome::Written, Outcome::Written]);
    // The same organisation goes on; another one is rejected alone, and nothing of the cluster moves.
    let outcomes = write(
        &database,
        &[unauthenticated(7, 1, 2), unauthenticated(8, 2, 2), unauthenticated(8, 3, 2)],
        200,
    )
    .await;
    assert_eq!(outcomes, [Outcome::Written, Outcome::Unauthenticated, Outcome::Written]);
    let owners = rows(&mut connection, "SELECT org_id FROM report ORDER BY cluster").await;
    assert_eq!(owners, ["7", "7", "8"]);
    let hits = rows(&mut connection, "SELECT org_id FROM rule_hit ORDER BY cluster_id").await;
    assert_eq!(hits, ["7", "7", "8"]);
    // A deleted report leaves its hits, which belong to the organisation nevertheless.
    run(&mut connection, "DELETE FROM report WHERE org_id = 7").await;
    assert_eq!(write(&database, &[unauthenticated(8, 2, 3)], 300).await, [Outcome::Unauthenticated]);
    assert_eq!(write(&database, &[report(8, 2, 4, &["a"])], 400).await, [Outcome::Written]);
}
