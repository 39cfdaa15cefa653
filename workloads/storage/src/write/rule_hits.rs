//! The table `rule_hit`: one row for each rule and error key that fires on a cluster, with the data for its texts.
//!
//! `created_at` is when the rule began to fire: the row stays as long as every report has it.

use sqlx::PgConnection;

use super::{
    Accepted, StoredAt,
    diff::{Hit, diff, wanted},
    rows::{StoredKey, read_keys, with_keys},
};
use crate::{StorageError, observe::Statements};

/// This statement and those below use `rule_hit_pkey`.
const READ: &str = "\
    SELECT written.position, rule_hit.rule_fqdn, rule_hit.error_key \
    FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS written (org_id, cluster_id, position) \
    JOIN rule_hit ON rule_hit.cluster_id = written.cluster_id AND rule_hit.org_id = written.org_id";

const DELETE: &str = "\
    DELETE FROM rule_hit \
    USING unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS obsolete (org_id, cluster_id, rule_fqdn, error_key) \
    WHERE rule_hit.cluster_id = obsolete.cluster_id AND rule_hit.org_id = obsolete.org_id \
        AND rule_hit.rule_fqdn = obsolete.rule_fqdn AND rule_hit.error_key = obsolete.error_key";

/// Most hits are the same as two hours ago; those cost no write.
const UPDATE: &str = "\
    UPDATE rule_hit SET template_data = hit.template_data \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::text[]) \
        AS hit (org_id, cluster_id, rule_fqdn, error_key, template_data) \
    WHERE rule_hit.cluster_id = hit.cluster_id AND rule_hit.org_id = hit.org_id \
        AND rule_hit.rule_fqdn = hit.rule_fqdn AND rule_hit.error_key = hit.error_key \
        AND rule_hit.template_data <> hit.template_data";

const INSERT: &str = "\
    INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at) \
    SELECT hit.org_id, hit.cluster_id, hit.rule_fqdn, hit.error_key, hit.template_data, $6 \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::text[]) \
        AS hit (org_id, cluster_id, rule_fqdn, error_key, template_data)";

/// Leaves exactly the hits of the accepted reports.
pub(super) async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
    stored_at: StoredAt,
) -> Result<(), StorageError> {
    let stored = read_keys(connection, statements, ("read rule hits", READ), accepted).await?;
    let stored: Vec<_> = stored.iter().map(StoredKey::as_key).collect();
    let diff = diff(&wanted(accepted, |hit| &hit.component), &stored);
    if !diff.vanished.is_empty() {
        let delete = with_keys(DELETE, accepted, diff.vanished.into_iter());
        statements.run("delete rule hits", delete.execute(&mut *connection)).await?;
    }
    if !diff.kept.is_empty() {
        let update =
            with_keys(UPDATE, accepted, diff.kept.iter().map(|hit| hit.key)).bind(template_data(&diff.kept));
        statements.run("update rule hits", update.execute(&mut *connection)).await?;
    }
    if !diff.appeared.is_empty() {
        let insert = with_keys(INSERT, accepted, diff.appeared.iter().map(|hit| hit.key));
        let insert = insert.bind(template_data(&diff.appeared)).bind(stored_at.seconds);
        statements.run("insert rule hits", insert.execute(&mut *connection)).await?;
    }
    Ok(())
}

fn template_data<'a>(hits: &[Hit<'a>]) -> Vec<&'a str> {
    hits.iter().map(|hit| hit.template_data).collect()
}
