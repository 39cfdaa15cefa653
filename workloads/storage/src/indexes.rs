//! Indexes of our own, beside those of the tables' versions.
//!
//! Other programs on the database neither need nor mind them: they have no version, are created when they are missing, and their
//! names begin with `ccx_`. Without them, the lists of the API would read all rows of an organisation, or of a table.

use sqlx::PgConnection;

use crate::{Schema, StorageError, observe::Statements};

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

/// Creates the indexes of a schema that are missing, on the newest version of its tables.
pub(crate) async fn create(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: Schema,
) -> Result<(), StorageError> {
    let create = match schema {
        Schema::Public => PUBLIC,
        Schema::Dvo => DVO,
    };
    statements.run("create indexes", sqlx::raw_sql(create).execute(connection)).await?;
    Ok(())
}
