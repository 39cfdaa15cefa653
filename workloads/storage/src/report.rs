//! The stored parts of a results message.

use ccx_messages::{ClusterId, OrgId, ReportedName, Results};
use chrono::{DateTime, SubsecRound, Utc};

use crate::batch::ClusterResult;

/// A cluster's report, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// The organisation that owns the cluster.
    pub org_id: OrgId,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// When the archive was announced, to the microsecond as PostgreSQL keeps it: of two reports the later one counts.
    pub last_checked_at: DateTime<Utc>,
    /// When the cluster gathered the data, if known.
    pub gathered_at: Option<DateTime<Utc>>,
    /// The whole report, a JSON object.
    pub report: String,
    /// The rules that hit, each component and key once.
    pub hits: Vec<NewHit>,
    /// The cluster's OpenShift version, if known.
    pub cluster_version: Option<String>,
    /// The name of the cluster in its own data; an unknown one leaves a stored name as it is.
    pub reported_name: Option<ReportedName>,
    /// Whether the sender has authenticated as the cluster. If not, the report may create the cluster and must not move it
    /// from another organisation.
    pub is_authenticated: bool,
}

/// A rule that hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHit {
    /// The rule's component: its module and `.report`.
    pub component: String,
    /// The error key: the rule's finding.
    pub error_key: String,
    /// The data for the texts, JSON as it stood in the message.
    pub template_data: String,
}

impl NewReport {
    /// Returns the approximate size in memory and on the wire.
    pub fn size_bytes(&self) -> usize {
        let hits =
            self.hits.iter().map(|hit| hit.component.len() + hit.error_key.len() + hit.template_data.len());
        self.report.len() + hits.sum::<usize>()
    }
}

impl ClusterResult for NewReport {
    fn org_id(&self) -> OrgId {
        self.org_id
    }

    fn cluster_id(&self) -> ClusterId {
        self.cluster_id
    }

    fn last_checked_at(&self) -> DateTime<Utc> {
        self.last_checked_at
    }
}

impl From<Results<'_>> for NewReport {
    fn from(results: Results<'_>) -> Self {
        let report = results.report.to_stored_json();
        let hits = results.report.hits.into_iter().map(|hit| NewHit {
            component: hit.component.into_owned(),
            error_key: hit.error_key.into_owned(),
            template_data: hit.details.get().to_owned(),
        });
        Self {
            org_id: results.org_id,
            cluster_id: results.cluster_id,
            last_checked_at: results.last_checked.utc().trunc_subsecs(6),
            gathered_at: results.gathered_at,
            report,
            hits: hits.collect(),
            cluster_version: results.report.cluster_version,
            reported_name: results.reported_name,
            is_authenticated: true,
        }
    }
}

impl NewHit {
    /// Returns the rule without `.report`, as the table `recommendation` names it.
    pub(crate) fn rule_fqdn(&self) -> &str {
        self.component.strip_suffix(".report").unwrap_or(&self.component)
    }
}
