//! `spec.retry`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration,
    schema::{field::duration_between, rule::not_longer},
};

/// Number and intervals of retries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Retry::rules()))]
pub struct Retry {
    /// The delay before the first retry; it doubles with each.
    #[schemars(transform = duration_between("1ms", "10m"))]
    pub initial_delay: GoDuration,
    /// The maximum delay.
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub max_delay: GoDuration,
    /// Attempts per message before it is dead-lettered. An unavailable dependency does not count.
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: u32,
}

impl Retry {
    fn rules() -> Vec<Rule> {
        vec![not_longer("initialDelay", "maxDelay")]
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            initial_delay: GoDuration::from_millis(200),
            max_delay: GoDuration::from_secs(30),
            max_attempts: 8,
        }
    }
}
