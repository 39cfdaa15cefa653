//! The columns that `rule_hit` and `recommendation` have in common.

use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};

use super::{Accepted, diff::RowKey};
use crate::{StorageError, observe::Statements};

/// A key as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct StoredKey {
    position: i64,
    rule_fqdn: String,
    error_key: String,
}

impl StoredKey {
    pub(super) fn as_key(&self) -> RowKey<'_> {
        // Positions count from 1 and come from our own array.
        let report = usize::try_from(self.position - 1).unwrap_or_default();
        RowKey { report, rule: &self.rule_fqdn, error_key: &self.error_key }
    }
}

/// Runs `sql` (`$1` organisations, `$2` clusters) over the accepted reports, for the keys that are stored.
pub(super) async fn read_keys(
    connection: &mut PgConnection,
    statements: &Statements,
    (name, sql): (&'static str, &'static str),
    accepted: &[Accepted<'_>],
) -> Result<Vec<StoredKey>, StorageError> {
    let org_ids: Vec<i32> = accepted.iter().map(|cluster| cluster.report.org_id.as_i32()).collect();
    let cluster_ids: Vec<&str> = accepted.iter().map(|cluster| cluster.cluster_id.as_str()).collect();
    let read = sqlx::query_as(sql).bind(org_ids).bind(cluster_ids);
    statements.run(name, read.fetch_all(connection)).await
}

/// Binds `$1` organisations, `$2` clusters, `$3` rules, `$4` error keys.
pub(super) fn with_keys<'a>(
    sql: &'static str,
    accepted: &[Accepted<'_>],
    keys: impl Iterator<Item = RowKey<'a>>,
) -> Query<'static, Postgres, PgArguments> {
    let (mut org_ids, mut cluster_ids, mut rules, mut error_keys) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for key in keys {
        let cluster = &accepted[key.report];
        org_ids.push(cluster.report.org_id.as_i32());
        cluster_ids.push(cluster.cluster_id.as_str());
        rules.push(key.rule);
        error_keys.push(key.error_key);
    }
    sqlx::query(sql).bind(org_ids).bind(cluster_ids).bind(rules).bind(error_keys)
}
