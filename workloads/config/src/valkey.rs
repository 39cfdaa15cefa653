//! `[valkey]`

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Problem, Secret, SecretError,
    formats::{BROKER, PORT},
    secret::check_given_once,
};

/// The Valkey or Redis server with the processed requests.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Valkey {
    /// `host:port` of the server; absent means that processed requests are not available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Number of the database.
    pub database: u16,
    /// Name of the user; absent means the server's default user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A file with the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Whether connections are encrypted, with a certificate that is trusted for the host.
    pub tls: bool,
    /// PEM file of the authorities that sign the server's certificate; Mozilla's list when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Time limit of connecting, and of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub timeout: Duration,
}

impl Default for Valkey {
    fn default() -> Self {
        Self {
            endpoint: None,
            database: 0,
            username: None,
            password: None,
            password_file: None,
            tls: false,
            ca_file: None,
            timeout: Duration::from_secs(5),
        }
    }
}

impl Valkey {
    /// Returns the user's password.
    pub fn password(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.password.as_ref(), self.password_file.as_ref())
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let (password, file) = (self.password.as_ref(), self.password_file.as_ref());
        problems.extend(check_given_once("valkey.password", password, file));
        if let Some(endpoint) = &self.endpoint {
            let is_valid = BROKER.matches(endpoint) && PORT.matches(endpoint);
            let reason = "is invalid: write host:port, without a scheme";
            problems.extend((!is_valid).then(|| Problem::new("valkey.endpoint", reason)));
        }
        if self.username.is_some() && password.is_none() && file.is_none() {
            let reason = "needs a password; set valkey.password_file (or valkey.password) too";
            problems.push(Problem::new("valkey.username", reason));
        }
        if self.ca_file.is_some() && !self.tls {
            let reason = "is not used: set valkey.tls to true, or remove it";
            problems.push(Problem::new("valkey.ca_file", reason));
        }
        if self.timeout.is_zero() {
            problems.push(Problem::new("valkey.timeout", "is 0; give a time such as 5s"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Valkey)) -> Vec<String> {
        let mut valkey = Valkey { endpoint: Some("valkey:6379".into()), ..Valkey::default() };
        change(&mut valkey);
        let mut problems = Vec::new();
        valkey.check(&mut problems);
        problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn consistent_settings_have_no_problem() {
        assert!(problems(|_| {}).is_empty());
        assert!(problems(|valkey| valkey.endpoint = None).is_empty());
        assert!(problems(|valkey| valkey.endpoint = Some("[::1]:6379".into())).is_empty());
    }

    #[test]
    fn contradictions_are_found() {
        assert_eq!(problems(|valkey| valkey.endpoint = Some("redis://valkey".into())), ["valkey.endpoint"]);
        assert_eq!(problems(|valkey| valkey.username = Some("ccx".into())), ["valkey.username"]);
        assert_eq!(problems(|valkey| valkey.ca_file = Some("ca.pem".into())), ["valkey.ca_file"]);
        assert_eq!(problems(|valkey| valkey.timeout = Duration::ZERO), ["valkey.timeout"]);
    }
}
