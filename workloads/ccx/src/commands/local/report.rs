//! The REST API, as a client sees it.

use std::time::Duration;

use ccx_config::Aggregator;
use ccx_messages::{ClusterId, OrgId, RuleFqdn};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use snafu::ResultExt as _;

use super::error::{ClientSnafu, LocalError};

/// The timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The user in the paths of requests.
const USER: &str = "1";

/// A client for the reports of an organisation.
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

/// The metadata of a report.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    /// When its archive was announced, in whole seconds.
    pub(super) last_checked_at: Option<DateTime<Utc>>,
}

/// A hit of a rule.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    component: String,
    pub(super) key: String,
}

/// A hit with its texts.
#[derive(Debug, Deserialize)]
pub(super) struct Recommendation {
    /// The headline.
    pub(super) description: String,
    /// The steps that solve the problem, as Markdown.
    pub(super) resolution: String,
    /// From 1, low, to 4, critical.
    pub(super) total_risk: u8,
    extra_data: ExtraData,
}

#[derive(Debug, Deserialize)]
struct ExtraData {
    #[serde(default)]
    error_key: String,
}

impl Recommendation {
    /// Returns the error key of the hit.
    pub(super) fn key(&self) -> &str {
        &self.extra_data.error_key
    }
}

impl Hit {
    /// Returns the name of the rule.
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

    /// Returns the URL of the report of a cluster.
    pub(super) fn report_url(&self, cluster_id: ClusterId) -> String {
        format!("{}organizations/{}/clusters/{cluster_id}/users/{USER}/report", self.base, self.org_id)
    }

    /// Returns the URL of the hits of a cluster with their texts.
    pub(super) fn recommendations_url(&self, cluster_id: ClusterId) -> String {
        format!(
            "{}organizations/{}/clusters/{cluster_id}/users/{USER}/recommendations",
            self.base, self.org_id
        )
    }

    /// Returns the URL of the list of clusters.
    pub(super) fn clusters_url(&self) -> String {
        format!("{}organizations/{}/clusters", self.base, self.org_id)
    }

    /// Returns the URL of the description of the API.
    pub(super) fn openapi_url(&self) -> String {
        format!("{}openapi.json", self.base)
    }

    /// Returns the report of a cluster, or the reason why there is no report as text.
    pub(super) async fn get(&self, cluster_id: ClusterId) -> Result<Report, String> {
        self.fetch(&self.report_url(cluster_id)).await
    }

    /// Returns the hits of a cluster with their texts.
    pub(super) async fn recommendations(&self, cluster_id: ClusterId) -> Result<Vec<Recommendation>, String> {
        #[derive(Deserialize)]
        struct Recommendations {
            data: Vec<Recommendation>,
        }
        let found: Recommendations = self.fetch(&self.recommendations_url(cluster_id)).await?;
        Ok(found.data)
    }

    async fn fetch<T: DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        #[derive(Deserialize)]
        struct Envelope<T> {
            report: T,
        }
        let answer = self.client.get(url).send().await.map_err(|error| error_chain(&error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| error_chain(&error))?;
        if status != StatusCode::OK {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body).trim()));
        }
        let envelope: Envelope<T> = serde_json::from_slice(&body).map_err(|error| error_chain(&error))?;
        Ok(envelope.report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_the_paths_of_the_api() {
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
    fn hit_has_the_name_of_its_rule() {
        let hit: Hit =
            serde_json::from_str(r#"{"component":"a.b.report","key":"KEY","user_vote":0}"#).unwrap();
        assert_eq!((hit.rule().as_str(), hit.key.as_str()), ("a.b", "KEY"));
    }
}
