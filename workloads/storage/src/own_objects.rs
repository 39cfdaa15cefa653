//! Indexes and a table of our own, beside the tables of the versions.
//!
//! Other programs on the database neither need nor notice them: they have no version, are created when they are missing, and their
//! names begin with `ccx_` or they are in schema `ccx`. Without the indexes, the lists of the API would read all rows of an
//! organisation, or of a table.

use sqlx::{PgConnection, error::DatabaseError};
use tracing::warn;

use crate::{Schema, StorageError, observe::Statements, own_tables, sqlstate};

/// The schema of our own tables.
pub(crate) const SCHEMA: &str = "ccx";

/// The table of clusters without failing workloads.
pub(crate) const CLEARED_CLUSTERS: &str = "ccx.cleared_cluster";

/// Creates the indexes of schema `public`; each takes a lock against writers while it is built, seconds for a million rows.
const PUBLIC: &str = "\
    CREATE INDEX IF NOT EXISTS ccx_recommendation_org_rule
        ON public.recommendation (org_id, rule_id, cluster_id);
    CREATE INDEX IF NOT EXISTS ccx_cluster_rule_toggle_disabled
        ON public.cluster_rule_toggle (org_id, rule_id, error_key) WHERE disabled = 1;
    CREATE INDEX IF NOT EXISTS ccx_cluster_user_rule_disable_feedback_user
        ON public.cluster_user_rule_disable_feedback (user_id);";

/// As [`PUBLIC`], of schema `dvo`: the writer finds the rows of a cluster in any organisation.
const DVO: &str = "CREATE INDEX IF NOT EXISTS ccx_dvo_report_cluster ON dvo.dvo_report (cluster_id);";

/// Creates [`CLEARED_CLUSTERS`].
const CREATE_CLEARED_CLUSTERS: &str = "\
    CREATE SCHEMA IF NOT EXISTS ccx;
    CREATE TABLE IF NOT EXISTS ccx.cleared_cluster (
        cluster_id VARCHAR PRIMARY KEY,
        org_id INTEGER NOT NULL,
        last_checked_at TIMESTAMP NOT NULL
    );
    COMMENT ON TABLE ccx.cleared_cluster IS 'Clusters whose newest report has no failing workloads';";

/// Its rows say nothing once those of `dvo.dvo_report` are dropped.
const DROP_CLEARED_CLUSTERS: &str = "DROP TABLE IF EXISTS ccx.cleared_cluster";

/// Whether [`CLEARED_CLUSTERS`] exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClearedClusters {
    /// It is read and written.
    Recorded,
    /// It does not exist, and the writer's role may not create it.
    Unknown,
}

/// Creates what is missing, on the newest version of a schema's tables.
pub(crate) async fn create(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
) -> Result<(), StorageError> {
    let create = match schema {
        Schema::Public => &[PUBLIC, own_tables::CREATE][..],
        Schema::Dvo => &[DVO, CREATE_CLEARED_CLUSTERS],
    };
    for &statement in create {
        let statement = sqlx::raw_sql(statement).execute(&mut *connection);
        statements.run("create indexes", statement).await?;
    }
    Ok(())
}

/// Drops what an older version of a schema's tables does not have. Indexes are dropped with their tables.
pub(crate) async fn drop(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
) -> Result<(), StorageError> {
    if schema == Schema::Dvo {
        let drop = sqlx::raw_sql(DROP_CLEARED_CLUSTERS).execute(connection);
        statements.run("drop the table of cleared clusters", drop).await?;
    }
    Ok(())
}

/// Creates [`CLEARED_CLUSTERS`] if another program has migrated the database. A role that may not do so writes without it.
pub(crate) async fn cleared_clusters(
    connection: &mut PgConnection,
    statements: &Statements,
) -> Result<ClearedClusters, StorageError> {
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(CLEARED_CLUSTERS);
    if statements.run("look for cleared clusters", exists.fetch_one(&mut *connection)).await? {
        return Ok(ClearedClusters::Recorded);
    }
    let create = sqlx::raw_sql(CREATE_CLEARED_CLUSTERS).execute(connection);
    match statements.run("create the table of cleared clusters", create).await {
        Ok(_) => Ok(ClearedClusters::Recorded),
        Err(StorageError::Statement { source, .. })
            if source.as_database_error().and_then(DatabaseError::code).as_deref()
                == Some(sqlstate::INSUFFICIENT_PRIVILEGE) =>
        {
            warn!(
                "no right to create ccx.cleared_cluster, an older report of a cluster without failing workloads is stored if it \
                   comes late; run `ccx migrate` as the owner of the database"
            );
            Ok(ClearedClusters::Unknown)
        }
        Err(error) => Err(error),
    }
}
