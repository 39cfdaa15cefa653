//! Waiting for a condition, never longer than a limit.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

/// How long [`eventually`] waits. Generous: only a test that fails spends it, and machines may be busy.
pub const SOON: Duration = Duration::from_mins(2);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// The result of one attempt: the expected value, or the reason why it does not exist yet.
pub trait Attempt {
    /// The expected value.
    type Value;

    /// Returns the value, or what was observed instead.
    fn into_result(self) -> Result<Self::Value, String>;
}

impl Attempt for bool {
    type Value = ();

    fn into_result(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("false".into()) }
    }
}

impl<T> Attempt for Option<T> {
    type Value = T;

    fn into_result(self) -> Result<T, String> {
        self.ok_or_else(|| "none".into())
    }
}

impl<T, E: Debug> Attempt for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Repeats `attempt` until it succeeds, for at most [`SOON`].
///
/// ```
/// # use ccx_test_support::eventually;
/// let mut count = 0;
/// let third = eventually("the third attempt", || {
///     count += 1;
///     if count == 3 { Ok("third") } else { Err(count) }
/// });
/// assert_eq!(third, "third");
/// ```
pub fn eventually<A: Attempt>(what: &str, attempt: impl FnMut() -> A) -> A::Value {
    eventually_within(SOON, what, attempt)
}

/// Repeats `attempt` until it succeeds, for at most `limit`; then panics with what was last observed.
pub fn eventually_within<A: Attempt>(
    limit: Duration,
    what: &str,
    mut attempt: impl FnMut() -> A,
) -> A::Value {
    let deadline = Instant::now() + limit;
    loop {
        match attempt().into_result() {
            Ok(value) => return value,
            Err(observed) => check(deadline, limit, what, &observed),
        }
        thread::sleep(PAUSE);
    }
}

/// Repeats `attempt` until it succeeds, for at most [`SOON`], and lets other tasks run in between.
pub async fn eventually_async<A: Attempt>(what: &str, mut attempt: impl AsyncFnMut() -> A) -> A::Value {
    // The clock of the system, not tokio's: a test may have paused that one.
    let deadline = Instant::now() + SOON;
    loop {
        match attempt().await.into_result() {
            Ok(value) => return value,
            Err(observed) => check(deadline, SOON, what, &observed),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn check(deadline: Instant, limit: Duration, what: &str, observed: &str) {
    assert!(Instant::now() < deadline, "{what}: not within {limit:?}; last observed: {observed}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the light: not within 0ns; last observed: \"red\"")]
    fn late_value_panics_with_the_last_observation() {
        eventually_within(Duration::ZERO, "the light", || Err::<(), _>("red"));
    }

    #[tokio::test]
    async fn async_attempt_is_repeated_until_it_succeeds() {
        let mut attempts = 0;
        let done = eventually_async("two attempts", async || {
            attempts += 1;
            attempts == 2
        });
        done.await;
        assert_eq!(attempts, 2);
    }
}
