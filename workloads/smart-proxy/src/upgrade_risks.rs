//! Predictions of the risks of upgrades, from another service; without one, there are none.

use std::time::Duration;

use ccx_messages::ClusterId;
use serde_json::{Value, json};
use snafu::{ResultExt, Snafu};

/// The service can't answer.
#[derive(Debug, Snafu)]
pub enum UpgradeRisksError {
    /// The client can't be built.
    #[snafu(display("failed to set up the client of the service for upgrade risks"))]
    Client {
        /// The cause.
        source: reqwest::Error,
    },
    /// The service does not answer, or with another status or body.
    #[snafu(display("failed to query the service for upgrade risks"))]
    Query {
        /// The cause.
        source: reqwest::Error,
    },
}

/// The service for upgrade risks.
#[derive(Clone, Debug)]
pub(crate) struct UpgradeRisks {
    /// `None` when none is configured.
    service: Option<(reqwest::Client, String)>,
}

impl UpgradeRisks {
    /// Creates a client of the service at `url`.
    pub(crate) fn new(url: Option<&str>, timeout: Duration) -> Result<Self, UpgradeRisksError> {
        let Some(url) = url else { return Ok(Self { service: None }) };
        let client = reqwest::Client::builder().timeout(timeout).build().context(ClientSnafu)?;
        Ok(Self { service: Some((client, url.trim_end_matches('/').to_owned())) })
    }

    /// Returns the prediction about a cluster; `None` without one.
    pub(crate) async fn prediction(&self, cluster_id: ClusterId) -> Result<Option<Value>, UpgradeRisksError> {
        let Some((client, url)) = &self.service else { return Ok(None) };
        let url = format!("{url}/cluster/{cluster_id}/upgrade-risks-prediction");
        let response = client.get(url).send().await.context(QuerySnafu)?;
        if matches!(response.status().as_u16(), 204 | 404) {
            return Ok(None);
        }
        let answer: Value = parsed(response).await?;
        Ok(Some(answer).filter(|answer| answer["upgrade_recommendation"].is_object()))
    }

    /// Returns the predictions about several clusters.
    pub(crate) async fn predictions(&self, clusters: &[ClusterId]) -> Result<Vec<Value>, UpgradeRisksError> {
        let Some((client, url)) = &self.service else { return Ok(Vec::new()) };
        let request = client.post(format!("{url}/upgrade-risks-prediction"));
        let body = json!({ "clusters": clusters.iter().map(ToString::to_string).collect::<Vec<_>>() });
        let request = request.header("content-type", "application/json").body(body.to_string());
        let mut answer: Value = parsed(request.send().await.context(QuerySnafu)?).await?;
        Ok(match answer["predictions"].take() {
            Value::Array(predictions) => predictions,
            _ => Vec::new(),
        })
    }
}

async fn parsed(response: reqwest::Response) -> Result<Value, UpgradeRisksError> {
    let body = response.error_for_status().context(QuerySnafu)?.bytes().await.context(QuerySnafu)?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}
