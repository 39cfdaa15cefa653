//! `[web]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Secret, SecretError, secret::check_given_once};

/// The shortest secret, in bytes: that of the keys that are derived from it.
const MIN_SECRET_BYTES: usize = 32;

/// The Advisor page, which the smart proxy serves beside the public API.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Whether the page is served.
    pub enabled: bool,
    /// A random text of 32 characters or more that protects forms. All replicas need the same one; without it, each process makes its
    /// own, and a form that another process has shown is refused.
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
}

impl Default for Web {
    fn default() -> Self {
        Self {
            enabled: true,
            secret: None,
            secret_file: None,
            console_cluster: None,
            console_organization: None,
        }
    }
}

impl Web {
    /// Returns the secret.
    pub fn secret(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.secret.as_ref(), self.secret_file.as_ref())
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        problems.extend(check_given_once("web.secret", self.secret.as_ref(), self.secret_file.as_ref()));
        if self.secret.as_ref().is_some_and(|secret| secret.expose().len() < MIN_SECRET_BYTES) {
            problems.push(Problem::new("web.secret", "is shorter than 32 characters"));
        }
        if self.console_cluster.is_some() != self.console_organization.is_some() {
            problems.push(Problem::new(
                "web.console_cluster",
                "and web.console_organization belong together; set both or neither",
            ));
        }
    }
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
}
