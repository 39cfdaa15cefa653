//! `[retry]`

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// Retries of failed requests.
///
/// The delay doubles from `initial_delay` to `max_delay`, shortened at random by up to a half so that many pods do not retry in
/// step. An unavailable dependency is retried without end; `max_attempts` bounds only failures that one message may have
/// caused, such as a download link that times out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// The first delay.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub initial_delay: Duration,
    /// The longest delay.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub max_delay: Duration,
    /// Number of attempts at a message before it becomes a dead letter of class transient.
    pub max_attempts: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            initial_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(30),
            max_attempts: 8,
        }
    }
}

impl Retry {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.initial_delay.is_zero() || self.initial_delay > self.max_delay {
            problems
                .push(Problem::new("retry.initial_delay", "must be more than 0 and at most retry.max_delay"));
        }
        if self.max_attempts == 0 {
            problems.push(Problem::new("retry.max_attempts", "is 0; at least 1 is needed"));
        }
    }
}

impl Retry {
    /// Returns the delay after the failed attempt number `attempt` (the first is 1); `random` is in `0.0..1.0`.
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.initial_delay.saturating_mul(1 << doublings).min(self.max_delay);
        full.mul_f64(1.0 - random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_the_longest_and_is_shortened_by_at_most_a_half() {
        let retry = Retry::default();
        let millis = |attempt, random| retry.delay(attempt, random).as_millis();
        assert_eq!([1, 2, 3].map(|attempt| millis(attempt, 0.0)), [200, 400, 800]);
        assert_eq!(millis(1, 1.0), 100);
        assert_eq!([9, 100, u32::MAX].map(|attempt| millis(attempt, 0.0)), [30_000; 3]);
    }
}
