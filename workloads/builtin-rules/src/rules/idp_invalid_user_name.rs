//! Users who cannot log in because their name in the identity provider is not a valid resource name.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{LOG_MAX_AGE, meta};
use ccx_rules::{Context, FileMatches, LogQuery, Response, Rule, RuleMeta, documents::AUTHENTICATION_LOGS};

const KEY: &str = "IDENTITY_PROVIDER_INVALID_USER_NAMES";
const BEFORE_NAME: &str = "invalid resource name \"";

const INVALID_NAMES: LogQuery =
    LogQuery::new("idp_invalid_user_name", AUTHENTICATION_LOGS, &["AuthenticationError"])
        .matching(r#"invalid resource name ".*". .may not contain"#)
        .within(LOG_MAX_AGE);

pub(super) struct IdpInvalidUserName;

#[derive(Serialize)]
struct Details {
    names: BTreeSet<String>,
    count: usize,
}

impl Rule for IdpInvalidUserName {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.idp_invalid_user_name", KEY).scans(INVALID_NAMES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let matches = context.log_matches(&INVALID_NAMES);
        let count: usize = matches.iter().map(|file| file.count).sum();
        let lines = context.within_budget(matches.iter().flat_map(FileMatches::lines));
        let names: BTreeSet<String> = lines.filter_map(|line| masked_name(&line)).collect();
        (count > 0).then(|| Response::hit(KEY, &Details { names, count }))
    }
}

/// Masks the user part of an identity's name, which is personal data.
fn masked_name(line: &str) -> Option<String> {
    let (_, after) = line.split_once(BEFORE_NAME)?;
    let (name, _) = after.split_once('"')?;
    Some(name.split_once(':').map_or_else(|| "***".into(), |(provider, _)| format!("{provider}:***")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const PATH: &str = "config/pod/openshift-authentication/logs/p/errors.log";

    fn failure(name: &str) -> String {
        format!("E1 AuthenticationError: invalid resource name \"{name}\": [may not contain '/']\n")
    }

    #[test]
    fn user_part_of_a_name_is_masked() {
        let log = [failure("sso:anna/b"), failure("sso:carl/d"), failure("eve/e"), "fine\n".into()].concat();
        let answer = ask(IdpInvalidUserName, &[(PATH, json!(log))]);
        assert_eq!(answer, Answer::Hit(json!({"names": ["***", "sso:***"], "count": 3})));
    }

    #[test]
    fn other_login_failure_is_silent() {
        let log =
            "AuthenticationError: user not found\ninvalid resource name \"a/b\": [may not contain '/']\n";
        assert_eq!(ask(IdpInvalidUserName, &[(PATH, json!(log))]), Answer::Miss);
        assert_eq!(ask(IdpInvalidUserName, &[]), Answer::skip_all(&["authentication_logs"]));
    }
}
