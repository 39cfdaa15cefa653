//! `[web]`

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Secret, SecretError, auth::Auth, formats::HTTP_URL, secret::check_given_once};

/// The shortest secret, in bytes: that of the keys that are derived from it.
const MIN_SECRET_BYTES: usize = 32;

/// The longest time for which a login is valid without another one.
const MAX_SESSION: Duration = Duration::from_hours(30 * 24);

/// The Advisor page, which the smart proxy serves beside the public API.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Whether the page is served.
    pub enabled: bool,
    /// A random text of 32 characters or more that protects forms and sessions. All replicas need the same one; without it, each
    /// process makes its own, and a form that another process has shown is refused. To replace it, write the new one in the first
    /// line and the old one in the second: the first protects what is new, both are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// A file with the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// The cluster whose health is exported as the metric `health_statuses_insights`, which the console of OpenShift shows; absent
    /// means that the metric is not exported. Needs `console_organization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_cluster: Option<String>,
    /// The organisation of that cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_organization: Option<u32>,
    /// Login of people at the OIDC provider of `auth.oidc`.
    pub login: WebLogin,
}

/// Login of people at the OIDC provider of `auth.oidc`, by the authorization code flow with PKCE. It needs `web.secret`, which
/// encrypts the sessions.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebLogin {
    /// The id of the page's client at the provider; absent means that the page has no login of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret of that client; absent for a public client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// A file with the secret of that client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The address of the page in browsers, without a path, as in `https://advisor.example.com`. The redirect URI to register at the
    /// provider is this and `/openshift/insights/advisor/login/callback`; the one for logout ends in `/logged-out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The scopes to request; `openid` is always among them.
    pub scopes: Vec<String>,
    /// The longest time until a user has to log in again, however often the provider renews the session.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub max_session: Duration,
}

impl Default for WebLogin {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            client_secret_file: None,
            url: None,
            scopes: vec!["openid".into(), "profile".into()],
            max_session: Duration::from_hours(12),
        }
    }
}

impl WebLogin {
    /// Returns the secret of the client.
    pub fn client_secret(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.client_secret.as_ref(), self.client_secret_file.as_ref())
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        problems.extend(check_given_once(
            "web.login.client_secret",
            self.client_secret.as_ref(),
            self.client_secret_file.as_ref(),
        ));
        if self.client_id.is_none() {
            return;
        }
        match &self.url {
            None => problems.push(Problem::new(
                "web.login.url",
                "is missing; name the address of the page in browsers, to which the provider leads back",
            )),
            Some(url) if !is_https_origin(url) => problems.push(Problem::new(
                "web.login.url",
                "is invalid: write https:// and a host without a path; browsers keep a session for https only",
            )),
            Some(_) => {}
        }
        if self.max_session.is_zero() || self.max_session > MAX_SESSION {
            problems.push(Problem::new("web.login.max_session", "is not between 1s and 30d"));
        }
    }
}

fn is_https_origin(url: &str) -> bool {
    let host = url.strip_prefix("https://").unwrap_or_default();
    HTTP_URL.matches(url)
        && !host.trim_end_matches('/').is_empty()
        && !host.trim_end_matches('/').contains('/')
}

impl Default for Web {
    fn default() -> Self {
        Self {
            enabled: true,
            secret: None,
            secret_file: None,
            console_cluster: None,
            console_organization: None,
            login: WebLogin::default(),
        }
    }
}

impl Web {
    /// Returns the secrets: the one that protects what is new, then those that are still accepted. Empty if none is configured.
    pub fn secrets(&self) -> Result<Vec<Secret>, SecretError> {
        let text = Secret::resolve(self.secret.as_ref(), self.secret_file.as_ref())?;
        Ok(text.iter().flat_map(lines).collect())
    }

    /// Checks the section by itself.
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        self.login.check(problems);
        problems.extend(check_given_once("web.secret", self.secret.as_ref(), self.secret_file.as_ref()));
        if self.secret.iter().flat_map(lines).any(|secret| secret.expose().len() < MIN_SECRET_BYTES) {
            problems.push(Problem::new("web.secret", "is shorter than 32 characters"));
        }
        if self.console_cluster.is_some() != self.console_organization.is_some() {
            problems.push(Problem::new(
                "web.console_cluster",
                "and web.console_organization belong together; set both or neither",
            ));
        }
    }

    /// Checks what the login needs of other sections.
    pub(crate) fn check_login(&self, auth: &Auth, problems: &mut Vec<Problem>) {
        if self.login.client_id.is_none() {
            return;
        }
        if auth.oidc.issuer.is_none() {
            problems.push(Problem::new(
                "auth.oidc.issuer",
                "is missing; web.login logs people in at that provider",
            ));
        }
        if self.secret.is_none() && self.secret_file.is_none() {
            let reason = "is missing; it encrypts the sessions of web.login: set it, or web.secret_file";
            problems.push(Problem::new("web.secret", reason));
        }
    }
}

fn lines(secret: &Secret) -> Vec<Secret> {
    let lines = secret.expose().lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Secret::from(line.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(web: &Web) -> Vec<String> {
        let mut problems = Vec::new();
        web.check(&mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn incomplete_settings_are_problems() {
        assert_eq!(problems(&Web::default()), [""; 0]);
        let web = Web {
            secret: Some(String::from("short").into()),
            console_cluster: Some("34c3ecc5-624a-49a5-bab8-4fdc5e51a266".into()),
            ..Web::default()
        };
        let found = problems(&web);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn login_needs_an_https_address_an_issuer_and_a_secret() {
        let login = |url: Option<&str>| Web {
            login: WebLogin {
                client_id: Some("advisor".into()),
                url: url.map(str::to_owned),
                ..WebLogin::default()
            },
            ..Web::default()
        };
        for valid in ["https://advisor.example.com", "https://advisor.example.com:8443/"] {
            assert_eq!(problems(&login(Some(valid))), [""; 0], "{valid}");
        }
        for invalid in
            [None, Some("http://advisor.example.com"), Some("https://"), Some("https://a.example/b")]
        {
            let found = problems(&login(invalid));
            assert!(found.len() == 1 && found[0].starts_with("web.login.url is "), "{invalid:?}: {found:?}");
        }
        let mut found = Vec::new();
        login(None).check_login(&Auth::default(), &mut found);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(
            found[0].starts_with("auth.oidc.issuer is missing")
                && found[1].starts_with("web.secret is missing")
        );
    }

    #[test]
    fn secrets_are_the_lines_the_newest_first() {
        let (new, old) = ("n".repeat(32), "o".repeat(32));
        let web = Web { secret: Some(format!("{new}\n{old}\n").into()), ..Web::default() };
        let secrets: Vec<_> =
            web.secrets().unwrap().iter().map(|secret| secret.expose().to_owned()).collect();
        assert_eq!(secrets, [new, old]);
        assert!(Web::default().secrets().unwrap().is_empty());
    }
}
