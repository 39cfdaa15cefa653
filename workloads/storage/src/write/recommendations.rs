//! The table `recommendation`: the same hits under the names that users see, without `.report`.
//!
//! `impacted_since` is when the rule began to fire, `created_at` when the newest report was stored.

use sqlx::PgConnection;

use super::{
    Accepted, StoredAt,
    diff::{diff, wanted},
    rows::{StoredKey, read_keys, with_keys},
};
use crate::{NewHit, StorageError, observe::Statements, own_tables::OwnTables};

/// This statement and those below use `recommendation_pk`.
const READ: &str = "\
    SELECT written.position, recommendation.rule_fqdn, recommendation.error_key \
    FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS written (org_id, cluster_id, position) \
    JOIN recommendation ON recommendation.org_id = written.org_id AND recommendation.cluster_id = written.cluster_id";

const DELETE: &str = "\
    DELETE FROM recommendation \
    USING unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS obsolete (org_id, cluster_id, rule_fqdn, error_key) \
    WHERE recommendation.org_id = obsolete.org_id AND recommendation.cluster_id = obsolete.cluster_id \
        AND recommendation.rule_fqdn = obsolete.rule_fqdn AND recommendation.error_key = obsolete.error_key";

/// As [`DELETE`], and keeps when the rule fired in `ccx.past_recommendation`. A rule can vanish twice in the second `$5`.
const MOVE_TO_PAST: &str = "\
    WITH vanished AS ( \
        DELETE FROM recommendation \
        USING unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS obsolete (org_id, cluster_id, rule_fqdn, error_key) \
        WHERE recommendation.org_id = obsolete.org_id AND recommendation.cluster_id = obsolete.cluster_id \
            AND recommendation.rule_fqdn = obsolete.rule_fqdn AND recommendation.error_key = obsolete.error_key \
        RETURNING recommendation.org_id, recommendation.cluster_id, recommendation.rule_fqdn, recommendation.error_key, \
            recommendation.impacted_since) \
    INSERT INTO ccx.past_recommendation (org_id, cluster_id, rule_fqdn, error_key, appeared_at, vanished_at) \
    SELECT org_id, cluster_id, rule_fqdn, error_key, impacted_since, $5 FROM vanished \
    ON CONFLICT (org_id, cluster_id, vanished_at, rule_fqdn, error_key) DO NOTHING";

/// No index has the column that changes, so that PostgreSQL can keep the new version of a row on its page (HOT).
const UPDATE: &str = "\
    UPDATE recommendation SET created_at = $5 \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS hit (org_id, cluster_id, rule_fqdn, error_key) \
    WHERE recommendation.org_id = hit.org_id AND recommendation.cluster_id = hit.cluster_id \
        AND recommendation.rule_fqdn = hit.rule_fqdn AND recommendation.error_key = hit.error_key";

const INSERT: &str = "\
    INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since) \
    SELECT hit.org_id, hit.cluster_id, hit.rule_fqdn, hit.error_key, hit.rule_fqdn || '|' || hit.error_key, $5, $5 \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS hit (org_id, cluster_id, rule_fqdn, error_key)";

/// Leaves exactly the recommendations of the accepted reports; those that vanish become past ones.
pub(super) async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
    stored_at: StoredAt,
    own_tables: OwnTables,
) -> Result<(), StorageError> {
    let stored = read_keys(connection, statements, ("read recommendations", READ), accepted).await?;
    let stored: Vec<_> = stored.iter().map(StoredKey::as_key).collect();
    let diff = diff(&wanted(accepted, NewHit::rule_fqdn), &stored);
    if !diff.vanished.is_empty() {
        let vanished = diff.vanished.into_iter();
        let delete = match own_tables {
            OwnTables::Present => with_keys(MOVE_TO_PAST, accepted, vanished).bind(stored_at.seconds),
            OwnTables::Missing => with_keys(DELETE, accepted, vanished),
        };
        statements.run("delete recommendations", delete.execute(&mut *connection)).await?;
    }
    if !diff.kept.is_empty() {
        let update = with_keys(UPDATE, accepted, diff.kept.iter().map(|hit| hit.key)).bind(stored_at.seconds);
        statements.run("update recommendations", update.execute(&mut *connection)).await?;
    }
    if !diff.appeared.is_empty() {
        let insert =
            with_keys(INSERT, accepted, diff.appeared.iter().map(|hit| hit.key)).bind(stored_at.seconds);
        statements.run("insert recommendations", insert.execute(&mut *connection)).await?;
    }
    Ok(())
}
