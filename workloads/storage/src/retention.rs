//! Deletion of old rows.
//!
//! A table is visited once, a range of its pages after the other, each in a transaction of its own: no index is needed, and no
//! transaction locks many rows. The reports are deleted first; hits without a report are old.

use chrono::{DateTime, NaiveDateTime, Utc};
use snafu::ResultExt;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::{
    Database, Schema, StorageError,
    error::StatementSnafu,
    own_objects::{CLEARED_CLUSTERS, SCHEMA},
    own_tables,
};

/// Pages of a table that are visited in one transaction: 4 MiB.
const PAGES_PER_TRANSACTION: i64 = 512;

/// Without these, each range of hits would be joined with all reports instead of looking up those of its clusters.
const PLANS: &str =
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";

/// The rows of a table that are old. Conditions get the cutoff as `$1`.
struct OldRows {
    table: &'static str,
    condition: &'static str,
}

/// The condition for rows of a table, whose columns are `org_id` and `cluster_id`, about a cluster without a recent report. Uses
/// `report_pkey (org_id, cluster)`.
macro_rules! without_report {
    ($table:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM report WHERE report.org_id = ",
            $table,
            ".org_id AND report.cluster = ",
            $table,
            ".cluster_id AND COALESCE(reported_at >= $1, true))"
        )
    };
}

pub(crate) use without_report;

const OLD_PUBLIC_ROWS: [OldRows; 5] = [
    OldRows { table: "report", condition: "reported_at < $1" },
    OldRows { table: "rule_hit", condition: without_report!("rule_hit") },
    OldRows {
        table: "recommendation",
        condition: concat!(without_report!("recommendation"), " AND COALESCE(created_at < $1, true)"),
    },
    OldRows { table: "report_info", condition: without_report!("report_info") },
    OldRows { table: "consumer_error", condition: "consumed_at < $1" },
];

/// `reported_at` is the time of the first report: an active cluster has an old one.
const OLD_DVO_ROWS: [OldRows; 2] = [
    OldRows { table: "dvo.dvo_report", condition: "GREATEST(reported_at, last_checked_at) < $1" },
    OldRows { table: CLEARED_CLUSTERS, condition: "last_checked_at < $1" },
];

/// The tables of a cluster, with the column that names it. The reports are the last, as votes refer to them.
const CLUSTER_TABLES: [(&str, &str); 7] = [
    ("cluster_rule_toggle", "cluster_id"),
    ("cluster_rule_user_feedback", "cluster_id"),
    ("cluster_user_rule_disable_feedback", "cluster_id"),
    ("rule_hit", "cluster_id"),
    ("recommendation", "cluster_id"),
    ("report_info", "cluster_id"),
    ("report", "cluster"),
];

const DVO_CLUSTER_TABLES: [(&str, &str); 2] =
    [("dvo.dvo_report", "cluster_id"), (CLEARED_CLUSTERS, "cluster_id")];

/// Handling of old rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// They are deleted.
    Perform,
    /// They are counted.
    DryRun,
}

/// Rows of a table that were deleted, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedRows {
    /// The table, with its schema unless that is `public`.
    pub table: &'static str,
    /// Number of rows.
    pub rows: u64,
}

/// An old report, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldReport {
    /// The organisation, in schema `dvo`.
    pub org_id: Option<i32>,
    /// The cluster.
    pub cluster: String,
    /// When the report was stored, in UTC.
    pub reported_at: NaiveDateTime,
    /// When the cluster sent it, in UTC.
    pub last_checked_at: Option<NaiveDateTime>,
}

/// A rule that is disabled several times for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MultipleDisable {
    /// The table with the rows.
    pub table: String,
    /// The owner of the cluster, if it has a report.
    pub org_id: Option<i32>,
    /// The cluster.
    pub cluster: String,
    /// The rule.
    pub rule: String,
    /// Number of rows.
    pub count: i64,
}

/// Scans both tables: for a person who looks for inconsistencies.
const MULTIPLE_DISABLES: &str = "\
    SELECT found.*, (SELECT org_id FROM report WHERE report.cluster = found.cluster) AS org_id FROM ( \
        SELECT 'cluster_rule_toggle' AS \"table\", cluster_id AS cluster, rule_id AS rule, count(*) AS count \
        FROM cluster_rule_toggle GROUP BY cluster_id, rule_id HAVING count(*) > 1 \
        UNION ALL \
        SELECT 'cluster_user_rule_disable_feedback', cluster_id, rule_id, count(*) \
        FROM cluster_user_rule_disable_feedback GROUP BY cluster_id, rule_id HAVING count(*) > 1) AS found \
    ORDER BY \"table\", count DESC, cluster, rule";

impl DeletedRows {
    /// Returns whether the table is our own, which other programs on the database do not know.
    pub fn is_of_own_table(&self) -> bool {
        self.table.split_once('.').is_some_and(|(schema, _)| schema == SCHEMA)
    }
}

/// Adds the rows of a table, unless it is [`CLEARED_CLUSTERS`], which is not data of users.
fn push(deleted: &mut Vec<DeletedRows>, table: &'static str, rows: u64) {
    if table != CLEARED_CLUSTERS {
        deleted.push(DeletedRows { table, rows });
    }
}

/// Returns the tables of a schema whose rows get old, with our own.
fn old_rows(schema: Schema) -> Vec<OldRows> {
    let own = own_tables::TABLES.map(|table| OldRows { table: table.name, condition: table.old_rows });
    match schema {
        Schema::Public => OLD_PUBLIC_ROWS.into_iter().chain(own).collect(),
        Schema::Dvo => OLD_DVO_ROWS.into(),
    }
}

/// Returns the tables of a schema with rows of clusters and the columns that name the cluster, with our own. Those of reports are the last.
fn cluster_tables(schema: Schema) -> Vec<(&'static str, &'static str)> {
    let own = own_tables::TABLES.map(|table| (table.name, "cluster_id"));
    match schema {
        Schema::Public => own.into_iter().chain(CLUSTER_TABLES).collect(),
        Schema::Dvo => DVO_CLUSTER_TABLES.into(),
    }
}

impl Database {
    /// Lists the rules that are disabled several times for a cluster.
    pub async fn multiple_disables(&self) -> Result<Vec<MultipleDisable>, StorageError> {
        let list = sqlx::query_as(MULTIPLE_DISABLES);
        let mut connection = self.acquire().await?;
        self.statements().run("list multiple disables", list.fetch_all(&mut *connection)).await
    }

    /// Returns the time that is `age`, such as `90 days`, before now. Fails if the text is no interval of PostgreSQL.
    pub async fn time_before(&self, age: &str) -> Result<DateTime<Utc>, StorageError> {
        let statement = sqlx::query_scalar("SELECT now() - $1::text::interval").bind(age);
        let mut connection = self.acquire().await?;
        self.statements().run("read the maximum age", statement.fetch_one(&mut *connection)).await
    }

    /// Deletes, or counts, the rows of a schema that are older than `cutoff`; those of votes, disabled rules and ratings are kept.
    /// Tables that do not exist are left out.
    pub async fn delete_old_rows(
        &self,
        schema: Schema,
        cutoff: DateTime<Utc>,
        deletion: Deletion,
    ) -> Result<Vec<DeletedRows>, StorageError> {
        let mut deleted = Vec::new();
        let mut connection = self.acquire().await?;
        for old in &old_rows(schema) {
            if let Some(pages) = self.pages(&mut connection, old.table).await? {
                let rows = self.visit(&mut connection, old, pages, cutoff.naive_utc(), deletion).await?;
                push(&mut deleted, old.table, rows);
            }
        }
        Ok(deleted)
    }

    /// Deletes all rows of a cluster in one transaction.
    pub async fn delete_cluster(
        &self,
        schema: Schema,
        cluster: &str,
    ) -> Result<Vec<DeletedRows>, StorageError> {
        let mut connection = self.acquire().await?;
        let mut transaction = self.statements().run("begin a deletion", connection.begin()).await?;
        let mut deleted = Vec::new();
        for (table, column) in cluster_tables(schema) {
            if self.pages(&mut transaction, table).await?.is_some() {
                let statement = AssertSqlSafe(format!("DELETE FROM {table} WHERE {column} = $1"));
                let delete = sqlx::query(statement).bind(cluster);
                let done =
                    self.statements().run("delete a cluster", delete.execute(&mut *transaction)).await?;
                push(&mut deleted, table, done.rows_affected());
            }
        }
        self.statements().run("commit a deletion", transaction.commit()).await?;
        Ok(deleted)
    }

    /// Lists the reports of a schema that were stored before `cutoff`, oldest first.
    pub async fn old_reports(
        &self,
        schema: Schema,
        cutoff: DateTime<Utc>,
    ) -> Result<Vec<OldReport>, StorageError> {
        let list = match schema {
            Schema::Public => {
                "SELECT NULL::int4, cluster, reported_at, last_checked_at FROM report \
                 WHERE reported_at < $1 ORDER BY reported_at"
            }
            Schema::Dvo => {
                "SELECT org_id, cluster_id, reported_at, last_checked_at FROM dvo.dvo_report \
                 WHERE reported_at < $1 ORDER BY reported_at"
            }
        };
        let list = sqlx::query(list).bind(cutoff.naive_utc());
        let mut connection = self.acquire().await?;
        let rows = self.statements().run("list old reports", list.fetch_all(&mut *connection)).await?;
        let reports = rows.iter().map(|row| {
            Ok(OldReport {
                org_id: row.try_get(0)?,
                cluster: row.try_get(1)?,
                reported_at: row.try_get(2)?,
                last_checked_at: row.try_get(3)?,
            })
        });
        reports.collect::<Result<_, sqlx::Error>>().context(StatementSnafu { action: "list old reports" })
    }

    /// Frees the space of deleted rows for new ones. The server limits the time of no statement meanwhile.
    pub async fn vacuum(&self) -> Result<(), StorageError> {
        let mut connection = self.connect_outside_pool(&[("statement_timeout", "0")]).await?;
        let vacuum = sqlx::query("VACUUM");
        self.statements().run("vacuum the database", vacuum.execute(&mut connection)).await?;
        connection.close().await.context(StatementSnafu { action: "close the connection" })
    }

    /// Visits the old rows of a table, and returns their number.
    async fn visit(
        &self,
        connection: &mut PgConnection,
        old: &OldRows,
        pages: i64,
        cutoff: NaiveDateTime,
        deletion: Deletion,
    ) -> Result<u64, StorageError> {
        let OldRows { table, condition } = old;
        let range = "ctid >= $2::text::tid AND ctid < $3::text::tid";
        let statement = match deletion {
            Deletion::Perform => format!("DELETE FROM {table} WHERE {range} AND ({condition})"),
            Deletion::DryRun => format!("SELECT FROM {table} WHERE {range} AND ({condition})"),
        };
        let mut rows = 0;
        for first in (0..pages).step_by(usize::try_from(PAGES_PER_TRANSACTION).unwrap_or(1)) {
            let mut transaction = self.statements().run("begin a deletion", connection.begin()).await?;
            self.statements().run("choose plans", sqlx::query(PLANS).execute(&mut *transaction)).await?;
            let visit = sqlx::query(AssertSqlSafe(statement.clone()))
                .bind(cutoff)
                .bind(format!("({first},0)"))
                .bind(format!("({},0)", first + PAGES_PER_TRANSACTION));
            let done = self.statements().run("delete old rows", visit.execute(&mut *transaction)).await?;
            self.statements().run("commit a deletion", transaction.commit()).await?;
            rows += done.rows_affected();
        }
        Ok(rows)
    }

    /// Returns the size of a table in pages; `None` if it does not exist.
    async fn pages(&self, connection: &mut PgConnection, table: &str) -> Result<Option<i64>, StorageError> {
        const PAGES: &str = "SELECT pg_relation_size(to_regclass($1)) / current_setting('block_size')::int8";
        let pages = sqlx::query_scalar(PAGES).bind(table);
        self.statements().run("read the size of a table", pages.fetch_one(connection)).await
    }
}
