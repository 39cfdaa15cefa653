//! The tables of users: votes, disabled rules with their reasons, acknowledgements and ratings.
//!
//! The API owns these tables; the writer touches them only to move a cluster to another organisation.
//!
//! A change that is part of a cluster's report is announced in the same statement, like a new report by the writer, so that no
//! cached answer outlives it.

pub(crate) mod acknowledgements;
mod authors;
mod ratings;
pub(crate) mod reasons;
pub(crate) mod toggles;
mod votes;

pub use acknowledgements::Acknowledgement;
pub use authors::{Disabled, DisabledBy};
pub use reasons::DisableReason;
pub use toggles::{DisabledCluster, RuleToggle};

use ccx_messages::{ClusterId, ErrorKey, OrgId, RuleFqdn};
use sqlx::{Postgres, postgres::PgArguments, query::QueryScalar};

use crate::{
    Database, StorageError,
    notify::{self, REPORT_CHANNEL, ReportKey},
};

/// A finding of a rule on a cluster of an organisation.
///
/// The rule is named as in the table `rule_hit`: with `.report` at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRule {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The rule.
    pub rule: RuleFqdn,
    /// The error key.
    pub error_key: ErrorKey,
}

/// Whether a change found its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The row is written.
    Written,
    /// The organisation has no report of such a cluster.
    NoSuchCluster,
}

/// Wraps an `INSERT … SELECT … FROM report … ON CONFLICT …` such that it announces the change, and counts it.
///
/// `$1` organisation (number), `$2` cluster, `$3` rule, `$4` error key, `$5` organisation (text), `$6` channel, `$7` payload; the
/// statement's own values follow. The cluster is found by `report_pkey (org_id, cluster)`.
macro_rules! announced {
    ($insert:expr) => {
        concat!(
            "WITH written AS (",
            $insert,
            " RETURNING cluster_id) SELECT count(pg_notify($6, $7)) FROM written"
        )
    };
}
use announced;

impl Database {
    async fn change(
        &self,
        name: &'static str,
        sql: &'static str,
        rule: &ClusterRule,
        with_values: impl FnOnce(Scalar) -> Scalar,
    ) -> Result<Change, StorageError> {
        let key = ReportKey { org_id: rule.org_id, cluster_id: rule.cluster_id };
        let payload = notify::encode(std::iter::once(key)).pop().unwrap_or_default();
        let statement = sqlx::query_scalar(sql)
            .bind(rule.org_id.as_i32())
            .bind(rule.cluster_id.to_string())
            .bind(rule.rule.as_str().to_owned())
            .bind(rule.error_key.as_str().to_owned())
            .bind(rule.org_id.to_string())
            .bind(REPORT_CHANNEL)
            .bind(payload);
        let mut connection = self.acquire().await?;
        let written = with_values(statement).fetch_one(&mut *connection);
        let written: i64 = self.statements().run(name, written).await?;
        Ok(if written == 0 { Change::NoSuchCluster } else { Change::Written })
    }
}

type Scalar = QueryScalar<'static, Postgres, i64, PgArguments>;
