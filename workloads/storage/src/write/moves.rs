//! Clusters that have come to another organisation take with them everything that is stored about them.

use std::borrow::Cow;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{Accepted, Stored};
use crate::{
    StorageError,
    observe::Statements,
    own_tables::{OwnTable, OwnTables, TABLES},
};

/// A cluster that has come from organisation `from`.
pub(super) struct Move<'a> {
    pub(super) cluster: &'a Accepted<'a>,
    pub(super) from: i32,
}

/// Rows of clusters without a report, which an interrupted program or a deleted report has left with another organisation.
/// Uses `rule_hit_pkey` and `report_info_cluster_id_key`. What has rows in `recommendation` has them in `rule_hit` too;
/// `recommendation` has no index that begins with the cluster.
const FIND_LEFT_OVERS: &str = "\
    SELECT new.position, left_over.org_id \
    FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS new (org_id, cluster_id, position), \
    LATERAL ( \
        (SELECT org_id FROM rule_hit WHERE cluster_id = new.cluster_id AND org_id <> new.org_id LIMIT 1) \
        UNION ALL \
        (SELECT org_id FROM report_info WHERE cluster_id = new.cluster_id AND org_id <> new.org_id) \
        LIMIT 1 \
    ) AS left_over";

/// The statements that move a cluster, except the row of `report`, which is written anyway. `$1` is the organisations that clusters
/// leave, `$2` those that they come to, `$3` the clusters. What the new organisation has of the cluster is older than that and gives
/// way. Users' votes and switches have no organisation in their keys, and write it as text.
const APPLY: [(&str, &str); 8] = [
    (
        "make room for rule hits",
        "DELETE FROM rule_hit USING unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE rule_hit.cluster_id = moved.cluster AND rule_hit.org_id = moved.new_org",
    ),
    (
        "move rule hits",
        "UPDATE rule_hit SET org_id = moved.new_org \
         FROM unnest($1::int4[], $2::int4[], $3::text[]) AS moved (old_org, new_org, cluster) \
         WHERE rule_hit.cluster_id = moved.cluster AND rule_hit.org_id = moved.old_org",
    ),
    (
        "make room for recommendations",
        "DELETE FROM recommendation USING unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE recommendation.org_id = moved.new_org AND recommendation.cluster_id = moved.cluster",
    ),
    (
        "move recommendations",
        "UPDATE recommendation SET org_id = moved.new_org \
         FROM unnest($1::int4[], $2::int4[], $3::text[]) AS moved (old_org, new_org, cluster) \
         WHERE recommendation.org_id = moved.old_org AND recommendation.cluster_id = moved.cluster",
    ),
    (
        "move versions",
        "UPDATE report_info SET org_id = moved.new_org FROM unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE report_info.cluster_id = moved.cluster",
    ),
    (
        "move rule toggles",
        "UPDATE cluster_rule_toggle SET org_id = moved.new_org::text \
         FROM unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE cluster_rule_toggle.cluster_id = moved.cluster",
    ),
    (
        "move votes",
        "UPDATE cluster_rule_user_feedback SET org_id = moved.new_org::text \
         FROM unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE cluster_rule_user_feedback.cluster_id = moved.cluster",
    ),
    (
        "move feedback on disabled rules",
        "UPDATE cluster_user_rule_disable_feedback SET org_id = moved.new_org::text \
         FROM unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
         WHERE cluster_user_rule_disable_feedback.cluster_id = moved.cluster",
    ),
];

/// As [`APPLY`], for a table of ours.
fn apply_to_own(table: &OwnTable) -> [(&'static str, String); 2] {
    let name = table.name;
    [
        (
            "make room in a table of ours",
            format!(
                "DELETE FROM {name} AS own USING unnest($2::int4[], $3::text[]) AS moved (new_org, cluster) \
                 WHERE own.org_id = moved.new_org AND own.cluster_id = moved.cluster"
            ),
        ),
        (
            "move rows of a table of ours",
            format!(
                "UPDATE {name} AS own SET org_id = moved.new_org \
                 FROM unnest($1::int4[], $2::int4[], $3::text[]) AS moved (old_org, new_org, cluster) \
                 WHERE own.org_id = moved.old_org AND own.cluster_id = moved.cluster"
            ),
        ),
    ]
}

/// Splits off the reports that would move a cluster from another organisation although their senders have not authenticated as
/// the cluster: the id in an archive is the sender's own statement. Returns the others, and the positions of these.
pub(super) async fn reject_unauthenticated<'a>(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: Vec<Accepted<'a>>,
) -> Result<(Vec<Accepted<'a>>, Vec<usize>), StorageError> {
    if accepted.iter().all(|cluster| cluster.report.is_authenticated) {
        return Ok((accepted, Vec::new()));
    }
    let moves = find(connection, statements, &accepted).await?;
    let rejected = moves.iter().map(|moved| moved.cluster).filter(|cluster| !cluster.report.is_authenticated);
    let positions: Vec<usize> = rejected.map(|cluster| cluster.position).collect();
    let kept = accepted.into_iter().filter(|cluster| !positions.contains(&cluster.position)).collect();
    Ok((kept, positions))
}

/// The clusters that have changed hands.
pub(super) async fn find<'a>(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &'a [Accepted<'a>],
) -> Result<Vec<Move<'a>>, StorageError> {
    let mut moves = Vec::new();
    let mut new = Vec::new();
    for cluster in accepted {
        match cluster.stored {
            Stored::ReportOf(org_id) if org_id == cluster.report.org_id.as_i32() => {}
            Stored::ReportOf(from) => moves.push(Move { cluster, from }),
            Stored::Nothing => new.push(cluster),
        }
    }
    if new.is_empty() {
        return Ok(moves);
    }
    let org_ids: Vec<i32> = new.iter().map(|cluster| cluster.report.org_id.as_i32()).collect();
    let cluster_ids: Vec<&str> = new.iter().map(|cluster| cluster.cluster_id.as_str()).collect();
    let find = sqlx::query_as::<_, (i64, i32)>(FIND_LEFT_OVERS).bind(org_ids).bind(cluster_ids);
    let left_overs = statements.run("find left-over rows", find.fetch_all(connection)).await?;
    let to_move = |(position, from): (i64, i32)| {
        let index = usize::try_from(position - 1).ok()?;
        Some(Move { cluster: new.get(index)?, from })
    };
    moves.extend(left_overs.into_iter().filter_map(to_move));
    Ok(moves)
}

/// Gives all their rows to the new organisations.
pub(super) async fn apply(
    connection: &mut PgConnection,
    statements: &Statements,
    moves: &[Move<'_>],
    own_tables: OwnTables,
) -> Result<(), StorageError> {
    if moves.is_empty() {
        return Ok(());
    }
    let from: Vec<i32> = moves.iter().map(|moved| moved.from).collect();
    let to: Vec<i32> = moves.iter().map(|moved| moved.cluster.report.org_id.as_i32()).collect();
    let clusters: Vec<&str> = moves.iter().map(|moved| moved.cluster.cluster_id.as_str()).collect();
    let mut apply = APPLY.map(|(name, sql)| (name, Cow::from(sql))).to_vec();
    if own_tables == OwnTables::Present {
        let own = TABLES.iter().filter(|table| table.moves).flat_map(apply_to_own);
        apply.extend(own.map(|(name, sql)| (name, Cow::from(sql))));
    }
    for (name, sql) in apply {
        let statement = sqlx::query(AssertSqlSafe(sql)).bind(&from).bind(&to).bind(&clusters);
        statements.run(name, statement.execute(&mut *connection)).await?;
    }
    Ok(())
}
