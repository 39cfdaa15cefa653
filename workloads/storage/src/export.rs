//! Export of whole tables as CSV.
//!
//! All tables are read in one transaction, as they were at one moment. PostgreSQL writes the CSV, which is passed on in chunks: the
//! memory of an export does not depend on the size of a table.

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use snafu::ResultExt;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::{Database, StorageError, error::StatementSnafu};

/// A snapshot of the database, for exports.
pub struct ExportSnapshot {
    connection: PgConnection,
}

/// A table of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedTable {
    schema: String,
    name: String,
}

/// The rows of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Maximum number of rows of a table; absent means all.
    pub limit: Option<u64>,
    /// The organisations whose rows are exported, of tables that have an organisation; absent means all.
    pub organizations: Option<Vec<u64>>,
}

/// The order of creation, as other programs list the tables.
const TABLES: &str = "\
    SELECT relnamespace::regnamespace::text, relname::text FROM pg_catalog.pg_class \
    WHERE relkind IN ('r', 'p') AND NOT relispartition \
        AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') \
        AND relnamespace::regnamespace::text !~ '^pg_(toast|temp)' \
    ORDER BY oid";

const COLUMNS: &str = "\
    SELECT attname::text, atttypid::regtype::text FROM pg_catalog.pg_attribute \
    WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass AND attnum > 0 AND NOT attisdropped \
    ORDER BY attnum";

/// Rules that several organisations have disabled.
const DISABLED_RULES: &str = "\
    SELECT rule_id, count(rule_id) AS rule_count FROM rule_disable \
    GROUP BY rule_id HAVING count(rule_id) > 1 ORDER BY rule_count DESC, rule_id";

impl ExportedTable {
    /// Returns the name, with the schema unless that is `public`.
    pub fn display_name(&self) -> String {
        if self.is_public() { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }

    /// Returns whether the table is in schema `public`.
    pub fn is_public(&self) -> bool {
        self.schema == "public"
    }

    fn identifier(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }
}

impl Database {
    /// Begins a snapshot on a connection of its own. The server limits the time of none of its statements.
    pub async fn export_snapshot(&self) -> Result<ExportSnapshot, StorageError> {
        let mut connection = self.connect_outside_pool(&[("statement_timeout", "0")]).await?;
        let begin = sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        begin.execute(&mut connection).await.context(StatementSnafu { action: "begin an export" })?;
        Ok(ExportSnapshot { connection })
    }
}

impl ExportSnapshot {
    /// Lists the tables of all schemas.
    pub async fn tables(&mut self) -> Result<Vec<ExportedTable>, StorageError> {
        let rows = sqlx::query_as::<_, (String, String)>(TABLES);
        let rows = rows.fetch_all(&mut self.connection).await;
        let rows = rows.context(StatementSnafu { action: "list the tables" })?;
        Ok(rows.into_iter().map(|(schema, name)| ExportedTable { schema, name }).collect())
    }

    /// Returns the number of a table's rows that `filter` selects, regardless of its limit.
    pub async fn count(&mut self, table: &ExportedTable, filter: &RowFilter) -> Result<i64, StorageError> {
        let columns = self.columns(table).await?;
        let condition = condition(&columns, filter);
        let count = format!("SELECT count(*) FROM {}{condition}", table.identifier());
        let count = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut self.connection).await;
        count.context(StatementSnafu { action: "count the rows of a table" })
    }

    /// Returns a table as CSV, in chunks: the names of the columns, then the rows.
    ///
    /// Times are RFC 3339 in UTC. Absent values are empty, absent integers 0.
    pub async fn csv(
        &mut self,
        table: &ExportedTable,
        filter: &RowFilter,
    ) -> Result<impl Stream<Item = Result<Bytes, StorageError>> + '_, StorageError> {
        const ACTION: &str = "export a table";
        let columns = self.columns(table).await?;
        let values: Vec<String> = columns.iter().map(|(name, kind)| value(name, kind)).collect();
        let condition = condition(&columns, filter);
        let limit = filter.limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let (values, table) = (values.join(", "), table.identifier());
        let copy = format!(
            "COPY (SELECT {values} FROM {table}{condition}{limit}) TO STDOUT WITH (FORMAT csv, HEADER)"
        );
        let chunks = self.connection.copy_out_raw(&copy).await.context(StatementSnafu { action: ACTION })?;
        Ok(chunks.map_err(|source| StorageError::Statement { action: ACTION, source: source.into() }))
    }

    /// Returns the rules that several organisations have disabled, with their number, most often disabled first.
    pub async fn disabled_rules(&mut self) -> Result<Vec<(String, i64)>, StorageError> {
        let rules = sqlx::query_as(DISABLED_RULES).fetch_all(&mut self.connection).await;
        rules.context(StatementSnafu { action: "read the disabled rules" })
    }

    /// Closes the connection.
    pub async fn close(self) -> Result<(), StorageError> {
        self.connection.close().await.context(StatementSnafu { action: "end an export" })
    }

    async fn columns(&mut self, table: &ExportedTable) -> Result<Vec<(String, String)>, StorageError> {
        const ACTION: &str = "read the columns of a table";
        let columns = sqlx::query(COLUMNS).bind(&table.schema).bind(&table.name);
        let rows =
            columns.fetch_all(&mut self.connection).await.context(StatementSnafu { action: ACTION })?;
        let columns = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        columns.collect::<Result<_, sqlx::Error>>().context(StatementSnafu { action: ACTION })
    }
}

/// Returns the expression for a column's value.
fn value(name: &str, kind: &str) -> String {
    let column = quote(name);
    match kind {
        "timestamp without time zone" => rfc3339(&column, &column),
        "timestamp with time zone" => rfc3339(&format!("{column} AT TIME ZONE 'UTC'"), &column),
        "integer" => format!("COALESCE({column}, 0) AS {column}"),
        "boolean" => format!("COALESCE({column}, false)::text AS {column}"),
        _ => column,
    }
}

/// Zeros at the end of a fraction are left out.
fn rfc3339(time: &str, name: &str) -> String {
    format!(r#"regexp_replace(to_char({time}, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\.?0+$', '') || 'Z' AS {name}"#)
}

/// Returns the condition for the organisations of a filter, with a blank before it; empty for a table without an organisation.
fn condition(columns: &[(String, String)], filter: &RowFilter) -> String {
    let has_organization = columns.iter().any(|(name, _)| name == "org_id");
    let Some(organizations) = filter.organizations.as_ref().filter(|_| has_organization) else {
        return String::new();
    };
    let list: Vec<String> = organizations.iter().map(|org_id| format!("'{org_id}'")).collect();
    match list.as_slice() {
        [] => " WHERE false".to_owned(),
        list => format!(" WHERE org_id::text IN ({})", list.join(", ")),
    }
}

fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
