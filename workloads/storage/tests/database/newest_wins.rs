//! Whatever the order, the repetition and the grouping of reports: the tables end as a simple model says.

use std::collections::BTreeMap;

use ccx_messages::ClusterId;
use ccx_storage::{Database, NewReport};
use proptest::{prelude::*, test_runner::TestRunner};
use sqlx::PgConnection;
use tokio::sync::Mutex;

use crate::support::{at, hit, migrated, report, rows, run};

const RULES: [&str; 3] = ["a", "b", "c"];

/// The expected rows of one cluster: its report, and since when each rule hits.
#[derive(Clone, Debug)]
struct Stored {
    report: NewReport,
    since: BTreeMap<String, i64>,
}

/// The expected tables.
#[derive(Clone, Debug, Default)]
struct Model(BTreeMap<ClusterId, Stored>);

impl Model {
    fn write(&mut self, batch: &[NewReport], seconds: i64) {
        let mut newest: BTreeMap<ClusterId, &NewReport> = BTreeMap::new();
        for report in batch {
            let kept = newest.entry(report.cluster_id).or_insert(report);
            if report.last_checked_at > kept.last_checked_at {
                *kept = report;
            }
        }
        for (cluster, report) in newest {
            let old = self.0.get(&cluster);
            if old.is_some_and(|old| old.report.last_checked_at >= report.last_checked_at) {
                continue;
            }
            let begun =
                |component: &String| old.and_then(|old| old.since.get(component)).copied().unwrap_or(seconds);
            let since =
                report.hits.iter().map(|hit| (hit.component.clone(), begun(&hit.component))).collect();
            self.0.insert(cluster, Stored { report: report.clone(), since });
        }
    }

    fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for (cluster, Stored { report, since }) in &self.0 {
            let (org, checked) = (report.org_id, report.last_checked_at.timestamp() - at(0).timestamp());
            let version = report.cluster_version.as_deref().unwrap_or("NULL");
            rows.push(format!("{cluster} | {org} | {checked} | {} | {version}", report.report));
            for hit in &report.hits {
                let (rule, begun) = (hit.component.trim_end_matches(".report"), since[&hit.component]);
                rows.push(format!("{cluster} | {org} | {rule} | {} | {begun} | {begun}", hit.template_data));
            }
        }
        rows.sort();
        rows
    }
}

/// The same from the tables. A full join: a row that only one of two tables has would show as NULL.
async fn stored(connection: &mut PgConnection) -> Vec<String> {
    let mut all = rows(
        connection,
        "SELECT cluster, r.org_id, extract(epoch FROM last_checked_at)::bigint - 1768478400 AS checked, report, version_info \
         FROM report r FULL JOIN report_info i ON i.cluster_id = r.cluster AND i.org_id = r.org_id",
    )
    .await;
    let hits = rows(
        connection,
        "SELECT h.cluster_id, h.org_id, r.rule_fqdn, h.template_data, extract(epoch FROM h.created_at)::bigint - 1768478400 AS a, \
            extract(epoch FROM r.impacted_since)::bigint - 1768478400 AS b \
         FROM rule_hit h FULL JOIN recommendation r ON (h.cluster_id, h.org_id, h.rule_fqdn, h.error_key) \
            = (r.cluster_id, r.org_id, r.rule_fqdn || '.report', r.error_key)",
    )
    .await;
    all.extend(hits);
    all.sort();
    all
}

/// Reports of few clusters at few times. What a report says follows from its cluster and its time, so that equally new ones are
/// equal, as a message that is delivered twice is.
fn any_report() -> impl Strategy<Value = NewReport> {
    (0_u32..3, 0_i64..6).prop_map(|(cluster, checked)| {
        let mix = u64::from(cluster).wrapping_mul(31)
            + u64::try_from(checked).unwrap().wrapping_mul(0x9e37_79b9) % 251;
        let mut new = report(1 + mix % 3, cluster, checked, &[]);
        for (bit, rule) in RULES.iter().enumerate().filter(|(bit, _)| mix >> bit & 1 == 1) {
            new.hits.push(hit(rule, &format!("{}", if bit == 0 { 0 } else { checked })));
        }
        new.cluster_version = (mix % 4 != 0).then(|| format!("4.{checked}"));
        new
    })
}

fn any_batches() -> impl Strategy<Value = Vec<Vec<NewReport>>> {
    prop::collection::vec(prop::collection::vec(any_report(), 1..5), 1..8)
}

/// Begins with empty tables.
async fn apply(
    database: &Database,
    connection: &mut PgConnection,
    batches: &[Vec<NewReport>],
) -> (Vec<String>, Model) {
    run(connection, "TRUNCATE report, rule_hit, recommendation, report_info CASCADE").await;
    let mut model = Model::default();
    for (seconds, batch) in (100..).zip(batches) {
        database.write_batch(batch, at(seconds)).await.unwrap();
        model.write(batch, seconds);
    }
    (stored(connection).await, model)
}

fn without_beginnings(rows: &[String]) -> Vec<String> {
    rows.iter().map(|row| row.split(" | ").take(4).collect::<Vec<_>>().join(" | ")).collect()
}

/// Also compares with the same reports in another order, one by one.
async fn check(
    database: &Database,
    connection: &mut PgConnection,
    batches: &[Vec<NewReport>],
    rotation: prop::sample::Index,
) -> Result<(), TestCaseError> {
    let (found, model) = apply(database, connection, batches).await;
    prop_assert_eq!(&found, &model.rows());

    let mut reports: Vec<NewReport> = batches.concat();
    let middle = rotation.index(reports.len());
    reports.rotate_left(middle);
    let one_by_one: Vec<Vec<NewReport>> = reports.into_iter().rev().map(|report| vec![report]).collect();
    let (reordered, _) = apply(database, connection, &one_by_one).await;
    prop_assert_eq!(without_beginnings(&reordered), without_beginnings(&found));
    Ok(())
}

#[test]
fn tables_equal_the_model_for_any_order_of_reports() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (database, connection) = runtime.block_on(migrated());
    let connection = Mutex::new(connection);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let result =
        TestRunner::new(config).run(&(any_batches(), any::<prop::sample::Index>()), |(batches, rotation)| {
            runtime
                .block_on(async { check(&database, &mut *connection.lock().await, &batches, rotation).await })
        });
    result.unwrap();
}
