//! Settings of the Insights operator in the `support` secret, which is deprecated.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, MinorVersion, SUPPORT_SECRET, Text},
};

const KEY: &str = "IO_415_CHANGE_CONFIG_LOCATION";

/// First release that reads the settings from a config map.
const SINCE: MinorVersion = MinorVersion::new(4, 15);

pub(super) struct Io415ChangeConfigLocation;

#[derive(Serialize)]
struct Details<'a> {
    options: &'a [Text<'a>],
    version: &'a str,
}

impl Rule for Io415ChangeConfigLocation {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.io_415_change_config_location", KEY)
            .requires(SUPPORT_SECRET)
            .requires(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let options = context.support_secret()?;
        let version = context.cluster_version()?.current()?;
        let is_hit = !options.is_empty() && context.minor_version()? >= SINCE;
        is_hit.then(|| Response::hit(KEY, &Details { options, version }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(options: Value, version: &str) -> Answer {
        let files = [
            ("config/secrets/openshift-config/support/data.json", options),
            ("config/version.json", json!({"status": {"desired": {"version": version}}})),
        ];
        ask(Io415ChangeConfigLocation, &files)
    }

    #[test]
    fn settings_in_the_secret_are_a_hit_since_4_15() {
        let hit = Answer::Hit(json!({"options": ["interval"], "version": "4.15.0"}));
        assert_eq!(ask_about(json!({"interval": "MW0="}), "4.15.0"), hit);
        assert_eq!(ask_about(json!({"interval": "MW0="}), "4.14.30"), Answer::Miss);
    }

    #[test]
    fn empty_secret_is_a_skip() {
        assert_eq!(ask_about(json!({}), "4.18.9"), Answer::skip_all(&["support_secret"]));
        assert_eq!(
            ask(Io415ChangeConfigLocation, &[]),
            Answer::skip_all(&["support_secret", "cluster_version"])
        );
    }
}
