//! `spec.monitoring`

use ccx_crds::{CcxPipelineSpec, Presence, Scrape};

use crate::{
    model::{
        kind::Kind,
        references::References,
        validated,
        validated::{Optional, ScrapeBy},
    },
    validate::problems::Problems,
};

/// Returns the monitoring that the cluster supports.
pub(super) fn monitoring(
    spec: &CcxPipelineSpec,
    references: &References,
    problems: &mut Problems,
) -> validated::Monitoring {
    let monitoring = &spec.monitoring;
    let has_dashboards = monitoring.dashboards.presence == Presence::Enabled;
    validated::Monitoring {
        scrape: scrape_by(monitoring.scrape, references, problems),
        // With or without a PodMonitor, so that a discovered kind never changes a pod template.
        annotations: if monitoring.scrape == Scrape::Auto { Optional::Present } else { Optional::Absent },
        interval: monitoring.interval.as_str().to_owned(),
        alerts: alerts(monitoring.alerts, references, problems),
        dashboard_labels: has_dashboards.then(|| monitoring.dashboards.labels.clone()),
        labels: monitoring.labels.clone(),
    }
}

fn scrape_by(scrape: Scrape, references: &References, problems: &mut Problems) -> ScrapeBy {
    let mut require = |kind, by| {
        if !references.capabilities.serves(kind) {
            problems.push_not_served("spec.monitoring.scrape", kind, "choose Auto");
        }
        by
    };
    match scrape {
        Scrape::Auto if references.capabilities.serves(Kind::PodMonitor) => ScrapeBy::PodMonitor,
        Scrape::Auto => ScrapeBy::Annotations,
        Scrape::PodMonitor => require(Kind::PodMonitor, ScrapeBy::PodMonitor),
        Scrape::ServiceMonitor => require(Kind::ServiceMonitor, ScrapeBy::ServiceMonitor),
        Scrape::Disabled => ScrapeBy::Nothing,
    }
}

fn alerts(presence: Presence, references: &References, problems: &mut Problems) -> Optional {
    let is_served = references.capabilities.serves(Kind::PrometheusRule);
    match presence {
        Presence::Enabled if !is_served => {
            problems.push_not_served("spec.monitoring.alerts", Kind::PrometheusRule, "choose Auto");
            Optional::Absent
        }
        Presence::Auto | Presence::Enabled if is_served => Optional::Present,
        Presence::Auto | Presence::Enabled | Presence::Disabled => Optional::Absent,
    }
}
