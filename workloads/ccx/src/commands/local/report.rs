//! The REST API, as a client sees it.

use std::time::Duration;

use ccx_config::Aggregator;
use ccx_messages::{ClusterId, OrgId, RuleFqdn};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use snafu::ResultExt as _;

use super::error::{ClientSnafu, LocalError};

/// How long one question may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The user as whom reports are asked for.
const USER: &str = "1";

/// Asks for the reports of an organisation.
pub(super) struct Reports {
    client: Client,
    base: String,
    org_id: OrgId,
}

/// A report of a cluster.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) meta: Meta,
    pub(super) reports: Vec<Hit>,
}

/// What the report is about.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    /// When its archive was announced, in whole seconds.
    pub(super) last_checked_at: Option<DateTime<Utc>>,
}

/// A rule that hit.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    component: String,
    pub(super) key: String,
    /// Since when.
    pub(super) impacted: Option<String>,
}

impl Hit {
    /// The rule's name.
    pub(super) fn rule(&self) -> String {
        RuleFqdn::from_component(&self.component)
            .map_or_else(|_| self.component.clone(), |rule| rule.to_string())
    }
}

impl Reports {
    pub(super) fn new(settings: &Aggregator, org_id: OrgId) -> Result<Self, LocalError> {
        let client = Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build().context(ClientSnafu)?;
        Ok(Self { client, base: format!("http://{}{}", settings.listen, settings.api_prefix), org_id })
    }

    pub(super) fn org_id(&self) -> OrgId {
        self.org_id
    }

    /// Where the report of a cluster is.
    pub(super) fn report_url(&self, cluster_id: ClusterId) -> String {
        format!("{}organizations/{}/clusters/{cluster_id}/users/{USER}/report", self.base, self.org_id)
    }

    /// Where the report of a cluster is with its texts.
    pub(super) fn recommendations_url(&self, cluster_id: ClusterId) -> String {
        format!(
            "{}organizations/{}/clusters/{cluster_id}/users/{USER}/recommendations",
            self.base, self.org_id
        )
    }

    /// Where the list of clusters is.
    pub(super) fn clusters_url(&self) -> String {
        format!("{}organizations/{}/clusters", self.base, self.org_id)
    }

    /// Where the description of the API is.
    pub(super) fn openapi_url(&self) -> String {
        format!("{}openapi.json", self.base)
    }

    /// The report of a cluster; in words why there is none.
    pub(super) async fn get(&self, cluster_id: ClusterId) -> Result<Report, String> {
        #[derive(Deserialize)]
        struct Envelope {
            report: Report,
        }
        let answer =
            self.client.get(self.report_url(cluster_id)).send().await.map_err(|error| error_chain(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| error_chain(&error))?;
        if status != StatusCode::OK {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body).trim()));
        }
        let envelope: Envelope = serde_json::from_slice(&body).map_err(|error| error_chain(&error))?;
        Ok(envelope.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_the_api() {
        let settings = Aggregator { listen: ([127, 0, 0, 1], 8080).into(), ..Aggregator::default() };
        let reports = Reports::new(&settings, OrgId::new(7).unwrap()).unwrap();
        let cluster: ClusterId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        assert_eq!(
            reports.report_url(cluster),
            "http://127.0.0.1:8080/api/v1/organizations/7/clusters/00000000-0000-4000-8000-000000000001/users/1/report"
        );
        assert_eq!(
            reports.recommendations_url(cluster),
            "http://127.0.0.1:8080/api/v1/organizations/7/clusters/00000000-0000-4000-8000-000000000001/users/1/recommendations"
        );
        assert_eq!(reports.clusters_url(), "http://127.0.0.1:8080/api/v1/organizations/7/clusters");
    }

    #[test]
    fn a_hit_has_the_name_of_its_rule() {
        let hit: Hit =
            serde_json::from_str(r#"{"component":"a.b.report","key":"KEY","user_vote":0}"#).unwrap();
        assert_eq!((hit.rule().as_str(), hit.key.as_str(), hit.impacted), ("a.b", "KEY", None));
    }
}
