//! Clusters with a release that has reached its end of life.

use chrono::NaiveDate;
use serde::Serialize;

use super::{lifecycle::Lifecycle, meta};
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "OCP_VERSION_END_OF_LIFE";

pub(super) struct OcpVersionEndOfLife;

#[derive(Serialize)]
struct Details<'a> {
    version: &'a str,
    minor: String,
    end_date: NaiveDate,
    eus: bool,
    is_hosted: bool,
    is_managed: bool,
}

impl Rule for OcpVersionEndOfLife {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.ocp_version_end_of_life", KEY)
            .requires(CLUSTER_VERSION)
            .not_on(ClusterKind::Okd, "OKD has no support dates; only its current release gets fixes")
            .adapts_to(ClusterKind::HostedControlPlane, "the text names the HostedCluster and its node pools")
            .adapts_to(
                ClusterKind::ManagedService,
                "the text names the provider, who has support dates of its own",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?.current()?;
        let minor = context.minor_version()?;
        let Lifecycle { end_date, eus } = Lifecycle::find(minor)?;
        let is_over = context.now()?.date_naive() > end_date;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        let is_managed = context.is_kind(ClusterKind::ManagedService);
        let minor = minor.to_string();
        is_over.then(|| Response::hit(KEY, &Details { version, minor, end_date, eus, is_hosted, is_managed }))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::{
        Budget, Engine, Finding,
        testing::{Answer, archive, ask},
    };

    fn version(version: &str) -> (&'static str, Value) {
        ("config/version.json", json!({"status": {"history": [{"state": "Completed", "version": version}]}}))
    }

    /// Returns the hits on an archive that was gathered at a time.
    fn hits_at(time: &str, version: (&'static str, Value)) -> Vec<Finding> {
        let now: DateTime<Utc> = time.parse().unwrap();
        let engine = Engine::new(vec![Box::new(OcpVersionEndOfLife)], Budget::default());
        engine.run(&archive(&[version]), Some(now)).hits
    }

    #[test]
    fn release_after_its_end_is_a_hit() {
        let details = json!({"version": "4.12.3", "minor": "4.12", "end_date": "2024-07-17", "eus": true,
            "is_hosted": false, "is_managed": false});
        assert_eq!(ask(OcpVersionEndOfLife, &[version("4.12.3")]), Answer::Hit(details));
    }

    #[test]
    fn last_day_is_supported() {
        assert_eq!(hits_at("2025-08-27T23:59:59Z", version("4.15.1")).len(), 0);
        assert_eq!(hits_at("2025-08-28T00:00:00Z", version("4.15.1")).len(), 1);
    }

    #[test]
    fn okd_is_a_skip() {
        for release in ["4.15.0-0.okd-2024-03-10-010116", "4.12.0-okd-scos.3"] {
            assert!(matches!(ask(OcpVersionEndOfLife, &[version(release)]), Answer::Skip(_)), "{release}");
        }
    }

    #[test]
    fn supported_or_unknown_release_is_silent() {
        for release in ["4.18.9", "9.9.1", "?"] {
            assert_eq!(ask(OcpVersionEndOfLife, &[version(release)]), Answer::Miss, "{release}");
        }
        assert_eq!(ask(OcpVersionEndOfLife, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
