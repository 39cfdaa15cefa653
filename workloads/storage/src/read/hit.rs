//! One rule that hit, with its toggle and the user's vote.

use ccx_messages::{ClusterId, OrgId, RuleFqdn, RuleSelector};
use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// A rule that hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHit {
    /// The rule's component: its module and `.report`.
    pub component: String,
    /// The error key: the rule's finding.
    pub error_key: String,
    /// The data for the rule's texts: JSON, as the rule wrote it.
    pub template_data: String,
    /// Since when the rule has hit without interruption.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether the rule is disabled for the cluster.
    pub is_disabled: bool,
    /// When the rule was disabled or, without a toggle, when the user gave the reason.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The user's reason for disabling the rule; may be empty.
    pub disable_feedback: String,
    /// The user's vote: -1, 0 or 1.
    pub user_vote: i16,
}

/// The columns of a hit, to follow a `SELECT`. The aliases are those of `OPINIONS`.
macro_rules! hit_columns {
    () => {
        "hit.rule_fqdn, hit.error_key, hit.template_data, hit.created_at,
         COALESCE(toggle.disabled = 1, false) AS is_disabled,
         COALESCE(toggle.disabled_at, reason.updated_at) AS disabled_at,
         COALESCE(reason.message, '') AS disable_feedback,
         COALESCE(vote.user_vote, 0::smallint) AS user_vote"
    };
}

/// The toggle, the vote and the reason of a hit, to follow a `FROM … rule_hit AS hit`; the user is `$3`. All three tables are joined by their primary
/// key: (cluster, rule, key), with the user where there is one.
macro_rules! opinions {
    () => {
        "LEFT JOIN cluster_rule_toggle AS toggle
             ON toggle.cluster_id = hit.cluster_id AND toggle.rule_id = hit.rule_fqdn AND toggle.error_key = hit.error_key
         LEFT JOIN cluster_rule_user_feedback AS vote
             ON vote.cluster_id = hit.cluster_id AND vote.rule_id = hit.rule_fqdn AND vote.error_key = hit.error_key
             AND vote.user_id = $3
         LEFT JOIN cluster_user_rule_disable_feedback AS reason
             ON reason.cluster_id = hit.cluster_id AND reason.rule_id = hit.rule_fqdn AND reason.error_key = hit.error_key
             AND reason.user_id = $3"
    };
}

pub(super) use {hit_columns, opinions};

/// A row of [`hit_columns`].
#[derive(FromRow)]
pub(super) struct HitRow {
    rule_fqdn: String,
    error_key: String,
    template_data: String,
    created_at: Option<NaiveDateTime>,
    is_disabled: bool,
    disabled_at: Option<NaiveDateTime>,
    disable_feedback: String,
    user_vote: i16,
}

impl From<HitRow> for StoredHit {
    fn from(row: HitRow) -> Self {
        Self {
            component: row.rule_fqdn,
            error_key: row.error_key,
            template_data: row.template_data,
            created_at: row.created_at.map(|time| time.and_utc()),
            is_disabled: row.is_disabled,
            disabled_at: row.disabled_at.map(|time| time.and_utc()),
            disable_feedback: row.disable_feedback,
            user_vote: row.user_vote,
        }
    }
}

impl Database {
    /// Reads one hit of a cluster's report, as `user_id` sees it. The rule may be named with or without `.report`.
    pub async fn rule_hit(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        user_id: &str,
        selector: &RuleSelector,
    ) -> Result<Option<StoredHit>, StorageError> {
        // rule_hit_pkey (cluster_id, org_id, rule_fqdn, error_key)
        const HIT: &str = concat!(
            "SELECT ",
            hit_columns!(),
            " FROM rule_hit AS hit ",
            opinions!(),
            " WHERE hit.org_id = $1 AND hit.cluster_id = $2 AND hit.rule_fqdn = ANY($4) AND hit.error_key = $5
              ORDER BY hit.rule_fqdn LIMIT 1"
        );
        let mut connection = self.acquire().await?;
        let hit = sqlx::query_as::<_, HitRow>(HIT)
            .bind(org_id.as_i32())
            .bind(cluster_id.to_string())
            .bind(user_id)
            .bind(components(&selector.rule))
            .bind(selector.error_key.as_str());
        let row =
            self.statements().run("read a rule of a report", hit.fetch_optional(&mut *connection)).await?;
        Ok(row.map(StoredHit::from))
    }
}

fn components(rule: &RuleFqdn) -> [String; 2] {
    [rule.as_str().to_owned(), rule.component()]
}
