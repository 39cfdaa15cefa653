//! A bounded cache of decisions that other services make.

use std::{
    future::Future,
    time::{Duration, Instant, SystemTime},
};

use quick_cache::sync::Cache;

use crate::{
    AuthError,
    digest::{BlindedDigest, Blinding, TokenDigest},
    metrics::CacheCounters,
};

/// How long an accepted credential counts as accepted: a revoked token is refused after this time.
pub(crate) const ACCEPTED_FOR: Duration = Duration::from_mins(1);

/// How long a refused credential counts as refused: a new permission takes effect after this time.
pub(crate) const REFUSED_FOR: Duration = Duration::from_secs(10);

/// Most decisions, of about 200 bytes each. Others than the most used are made again.
const MAX_DECISIONS: usize = 10_000;

/// Decisions about credentials, by their digests.
///
/// Of several requests with one credential, one asks the other service and all get its answer.
pub(crate) struct DecisionCache<T> {
    blinding: Blinding,
    decisions: Cache<BlindedDigest, Decision<T>>,
    counters: Option<CacheCounters>,
}

#[derive(Clone)]
struct Decision<T> {
    outcome: Result<T, AuthError>,
    until: Instant,
}

/// An accepted credential's limit of the time for which it is cached.
pub(crate) trait Expires {
    /// When the credential expires, if it does.
    fn expires(&self) -> Option<SystemTime>;
}

impl<T: Clone + Expires> DecisionCache<T> {
    /// Creates an empty cache.
    pub(crate) fn new() -> Self {
        Self { blinding: Blinding::random(), decisions: Cache::new(MAX_DECISIONS), counters: None }
    }

    /// Counts hits and misses from now on.
    pub(crate) fn count_with(&mut self, counters: CacheCounters) {
        self.counters = Some(counters);
    }

    /// Returns the decision about `credential`: the cached one, else that of `decide`, which is cached unless it is
    /// [`AuthError::Unavailable`].
    pub(crate) async fn get_or_decide(
        &self,
        credential: &str,
        decide: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        let key = self.blinding.blind(TokenDigest::new(credential));
        self.decisions.remove_if(&key, |decision| decision.until <= Instant::now());
        let guard = match self.decisions.get_value_or_guard_async(&key).await {
            Ok(decision) => {
                self.count(|counters| counters.hits.inc());
                return decision.outcome;
            }
            Err(guard) => guard,
        };
        self.count(|counters| counters.misses.inc());
        let outcome = decide.await;
        if let Some(period) = period(&outcome) {
            // It fails only when the key was removed in the meantime: then the next request decides.
            let _ = guard.insert(Decision { outcome: outcome.clone(), until: Instant::now() + period });
        }
        outcome
    }

    fn count(&self, count: impl FnOnce(&CacheCounters)) {
        if let Some(counters) = &self.counters {
            count(counters);
        }
    }
}

/// Returns the time for which an outcome is cached.
fn period<T: Expires>(outcome: &Result<T, AuthError>) -> Option<Duration> {
    match outcome {
        Ok(accepted) => {
            let left = accepted.expires().map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
            Some(left.map_or(ACCEPTED_FOR, |left| left.min(ACCEPTED_FOR)))
        }
        Err(AuthError::Unavailable) => None,
        Err(_) => Some(REFUSED_FOR),
    }
}

impl Expires for () {
    fn expires(&self) -> Option<SystemTime> {
        None
    }
}

impl<T: Clone> std::fmt::Debug for DecisionCache<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecisionCache").field("decisions", &self.decisions.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Until(SystemTime);

    impl Expires for Until {
        fn expires(&self) -> Option<SystemTime> {
            Some(self.0)
        }
    }

    async fn decisions<T: Clone + Expires + Send + 'static>(
        credentials: &[&str],
        outcome: Result<T, AuthError>,
    ) -> usize {
        let cache = DecisionCache::new();
        let made = AtomicUsize::new(0);
        for credential in credentials {
            let _ = cache
                .get_or_decide(credential, async {
                    made.fetch_add(1, Ordering::Relaxed);
                    outcome.clone()
                })
                .await;
        }
        made.into_inner()
    }

    #[tokio::test]
    async fn decision_is_made_once_for_each_credential() {
        assert_eq!(decisions(&["a", "a", "b", "a"], Ok(())).await, 2);
        assert_eq!(decisions::<()>(&["a", "a", "b", "a"], Err(AuthError::InvalidToken)).await, 2);
    }

    #[tokio::test]
    async fn hits_and_misses_are_counted() {
        let registry = prometheus::Registry::new();
        let metrics = crate::AuthMetrics::new(ccx_service::MetricRegistrar::new(&registry, "")).unwrap();
        let counters = metrics.cache(crate::metrics::CacheKind::Logins);
        let mut cache = DecisionCache::new();
        cache.count_with(counters.clone());
        for credential in ["a", "a", "b", "a"] {
            cache.get_or_decide(credential, async { Ok(()) }).await.unwrap();
        }
        assert_eq!((counters.hits.get(), counters.misses.get()), (2, 2));
    }

    #[tokio::test]
    async fn failed_check_and_expired_credential_are_not_cached() {
        assert_eq!(decisions::<()>(&["a", "a"], Err(AuthError::Unavailable)).await, 2);
        assert_eq!(decisions(&["a", "a"], Ok(Until(SystemTime::now()))).await, 2);
    }

    #[tokio::test]
    async fn concurrent_requests_share_one_decision() {
        let cache = DecisionCache::new();
        let made = AtomicUsize::new(0);
        let ask = || {
            cache.get_or_decide("a", async {
                made.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(())
            })
        };
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!((one, other, made.load(Ordering::Relaxed)), (Ok(()), Ok(()), 1));
    }
}
