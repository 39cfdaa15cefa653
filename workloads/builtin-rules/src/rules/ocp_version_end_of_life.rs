//! Releases that no longer get fixes.

use chrono::NaiveDate;
use serde::Serialize;

use super::{lifecycle::Lifecycle, meta};
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "OCP_VERSION_END_OF_LIFE";

pub(super) struct OcpVersionEndOfLife;

#[derive(Serialize)]
struct Details<'a> {
    version: &'a str,
    minor: String,
    end_date: NaiveDate,
    eus: bool,
}

impl Rule for OcpVersionEndOfLife {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.ocp_version_end_of_life", KEY).requires(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?.current()?;
        let minor = context.minor_version()?;
        let Lifecycle { end_date, eus } = Lifecycle::of(minor)?;
        let is_over = context.now()?.date_naive() > end_date;
        is_over.then(|| Response::hit(KEY, &Details { version, minor: minor.to_string(), end_date, eus }))
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

    /// What the rule says of an archive that was gathered at a time.
    fn hits_at(time: &str, version: (&'static str, Value)) -> Vec<Finding> {
        let now: DateTime<Utc> = time.parse().unwrap();
        let engine = Engine::new(vec![Box::new(OcpVersionEndOfLife)], Budget::default());
        engine.run(&archive(&[version]), Some(now)).hits
    }

    #[test]
    fn a_release_without_support_is_a_hit() {
        let details = json!({"version": "4.12.3", "minor": "4.12", "end_date": "2024-07-17", "eus": true});
        assert_eq!(ask(OcpVersionEndOfLife, &[version("4.12.3")]), Answer::Hit(details));
    }

    #[test]
    fn the_last_day_counts_as_supported() {
        assert_eq!(hits_at("2025-08-27T23:59:59Z", version("4.15.1")).len(), 0);
        assert_eq!(hits_at("2025-08-28T00:00:00Z", version("4.15.1")).len(), 1);
    }

    #[test]
    fn a_release_that_is_supported_or_not_known_is_none() {
        for release in ["4.18.9", "9.9.1", "?"] {
            assert_eq!(ask(OcpVersionEndOfLife, &[version(release)]), Answer::Miss, "{release}");
        }
        assert_eq!(ask(OcpVersionEndOfLife, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
