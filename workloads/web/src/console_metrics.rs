//! `health_statuses_insights` and `insightsclient_last_gather_time`: the metrics that the card "Insights" of OpenShift's console shows.
//!
//! The insights operator exports them from the vendor's answers. Where there is no such operator, or no way to the vendor, these are
//! their replacement: the same names and label, from our own data. The card's third query, `cluster_operator_conditions`, is about that
//! operator; the card works without an answer to it.

use std::time::Duration;

use ccx_auth::{Caller, CallerKind};
use ccx_config::Web;
use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use prometheus::{IntGaugeVec, Opts, Registry};
use snafu::{ResultExt as _, Snafu};
use tokio_util::sync::CancellationToken;

use crate::{
    model::{Risk, RiskCounts},
    source::{Source, SourceError},
};

/// The time between two reads of the report: clusters send one every two hours.
const INTERVAL: Duration = Duration::from_mins(1);

/// The value while there is no report; the console shows that results are pending.
const PENDING: i64 = -1;

/// The metric can't be exported.
#[derive(Debug, Snafu)]
pub enum ConsoleMetricsError {
    /// The cluster's id is not a UUID.
    #[snafu(display("web.console_cluster: {source}"))]
    Cluster {
        /// The cause.
        source: ccx_messages::IdError,
    },
    /// The organisation is out of range.
    #[snafu(display("web.console_organization: {source}"))]
    Organization {
        /// The cause.
        source: ccx_messages::IdError,
    },
    /// The metric can't be registered.
    #[snafu(display("failed to register health_statuses_insights"))]
    Register {
        /// The cause.
        source: prometheus::Error,
    },
}

/// The health of one cluster as a metric.
pub(crate) struct ConsoleMetrics {
    cluster: ClusterId,
    caller: Caller,
    gauge: IntGaugeVec,
    /// Without labels: a vector, so that there is no time before there is a report.
    last_report: IntGaugeVec,
}

impl ConsoleMetrics {
    /// Registers the metric if a cluster is configured.
    pub(crate) fn new(registry: &Registry, settings: &Web) -> Result<Option<Self>, ConsoleMetricsError> {
        let (Some(cluster), Some(number)) = (&settings.console_cluster, settings.console_organization) else {
            return Ok(None);
        };
        let cluster = cluster.parse().context(ClusterSnafu)?;
        let org_id = OrgId::new(number.into()).context(OrganizationSnafu)?;
        let options =
            Opts::new("health_statuses_insights", "Number of recommendations of the console's cluster.");
        let gauge = IntGaugeVec::new(options, &["metric"]).context(RegisterSnafu)?;
        registry.register(Box::new(gauge.clone())).context(RegisterSnafu)?;
        let options = Opts::new(
            "insightsclient_last_gather_time",
            "Time of the newest report of the console's cluster, in seconds since 1970.",
        );
        let last_report = IntGaugeVec::new(options, &[]).context(RegisterSnafu)?;
        registry.register(Box::new(last_report.clone())).context(RegisterSnafu)?;
        let metrics = Self { cluster, caller: reader(org_id), gauge, last_report };
        metrics.set(None);
        Ok(Some(metrics))
    }

    /// Keeps the metric up to date until `shutdown`. An answer that fails leaves the last values.
    pub(crate) async fn follow(&self, source: &dyn Source, shutdown: &CancellationToken) {
        loop {
            match source.cluster_row(&self.caller, self.cluster).await {
                Ok(row) => self.set(row.last_checked_at.map(|reported_at| (row.hits, reported_at))),
                Err(SourceError::NotFound) => self.set(None),
                Err(_) => {}
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
                return;
            }
        }
    }

    fn set(&self, report: Option<(RiskCounts, DateTime<Utc>)>) {
        let hits = report.map(|(hits, _)| hits);
        if let Some((_, reported_at)) = report {
            self.last_report.with_label_values::<&str>(&[]).set(reported_at.timestamp());
        }
        let value = |count: u32| hits.map_or(PENDING, |_| count.into());
        for risk in Risk::ALL {
            let count = hits.map_or(0, |hits| hits[risk]);
            self.gauge.with_label_values(&[risk.key()]).set(value(count));
        }
        self.gauge.with_label_values(&["total"]).set(value(hits.map_or(0, |hits| hits.total())));
    }
}

/// The process itself reads the cluster's report.
fn reader(org_id: OrgId) -> Caller {
    Caller {
        org_id,
        account_number: None,
        user_id: None,
        display_name: None,
        cluster_id: None,
        kind: CallerKind::ServiceAccount,
        is_cluster_authenticated: false,
        internal: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_names_labels_and_values_that_the_console_reads() {
        let registry = Registry::new();
        let settings = Web {
            console_cluster: Some("34c3ecc5-624a-49a5-bab8-4fdc5e51a266".into()),
            console_organization: Some(1),
            ..Web::default()
        };
        let metrics = ConsoleMetrics::new(&registry, &settings).unwrap().unwrap();
        let values = || {
            let families = registry.gather();
            let health = families.iter().find(|family| family.name() == "health_statuses_insights").unwrap();
            health
                .get_metric()
                .iter()
                .inspect(|metric| assert_eq!(metric.get_label()[0].name(), "metric"))
                .map(|metric| (metric.get_label()[0].value().to_owned(), metric.get_gauge().get_value()))
                .collect::<Vec<_>>()
        };
        assert!(values().iter().all(|(_, value)| *value < 0.0));
        let last_report = || {
            let families = registry.gather();
            let family = families.iter().find(|family| family.name() == "insightsclient_last_gather_time");
            family.map(|family| family.get_metric()[0].get_gauge().get_value())
        };
        assert_eq!(last_report(), None);
        let hits = [Risk::Critical, Risk::Low, Risk::Low].into_iter().collect();
        metrics.set(Some((hits, DateTime::from_timestamp(1_768_478_400, 0).unwrap())));
        assert_eq!(last_report(), Some(1_768_478_400.0));
        let expected =
            [("critical", 1.0), ("important", 0.0), ("low", 2.0), ("moderate", 0.0), ("total", 3.0)];
        assert_eq!(values(), expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn metric_is_absent_without_a_cluster() {
        assert!(ConsoleMetrics::new(&Registry::new(), &Web::default()).unwrap().is_none());
    }
}
