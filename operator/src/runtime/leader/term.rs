//! The decision about the Lease: a pure function of its observed state and the time.

use std::time::{Duration, Instant};

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};

/// The duration of a Lease that has none.
const UNSTATED_DURATION: Duration = Duration::from_secs(15);

/// The state of the Lease, and when it was first observed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ObservedLease {
    spec: Option<LeaseSpec>,
    since: Instant,
}

/// The decision of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Become or stay the holder.
    Claim(ClaimReason),
    /// Another process leads.
    Wait,
}

/// The reason for which the Lease can be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimReason {
    /// We hold it already.
    Ours,
    /// It has no holder.
    Free,
    /// Its holder has not renewed it in time.
    Expired,
}

impl ObservedLease {
    /// Returns the observation after `lease` was read at `now`. An unchanged Lease keeps the time of its
    /// first observation, by our clock: the times in it are of another machine's clock.
    pub(super) fn next(before: Option<Self>, lease: Option<&Lease>, now: Instant) -> Self {
        let spec = lease.map(|lease| lease.spec.clone().unwrap_or_default());
        match before {
            Some(before) if before.spec == spec => before,
            _ => Self { spec, since: now },
        }
    }

    pub(super) fn holder(&self) -> Option<&str> {
        self.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    fn expires(&self) -> Instant {
        let seconds = self.spec.as_ref().and_then(|spec| spec.lease_duration_seconds);
        let duration = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        self.since + duration.unwrap_or(UNSTATED_DURATION)
    }
}

/// Returns the decision of `identity` at `now`.
pub(super) fn decide(observed: &ObservedLease, identity: &str, now: Instant) -> Decision {
    match observed.holder() {
        None => Decision::Claim(ClaimReason::Free),
        Some(holder) if holder == identity => Decision::Claim(ClaimReason::Ours),
        Some(_) if now >= observed.expires() => Decision::Claim(ClaimReason::Expired),
        Some(_) => Decision::Wait,
    }
}

/// Returns the Lease held by `identity`, renewed at `now`.
pub(super) fn held(before: LeaseSpec, identity: &str, duration: Duration, now: MicroTime) -> LeaseSpec {
    let is_ours = before.holder_identity.as_deref() == Some(identity);
    let transitions = before.lease_transitions.unwrap_or_default() + i32::from(!is_ours);
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    LeaseSpec {
        holder_identity: Some(identity.into()),
        lease_duration_seconds: i32::try_from(seconds).ok(),
        acquire_time: if is_ours { before.acquire_time } else { Some(now.clone()) },
        renew_time: Some(now),
        lease_transitions: Some(transitions),
        ..before
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn lease(holder: &str, renewed: i64) -> Lease {
        let spec = LeaseSpec {
            holder_identity: Some(holder.into()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::from_second(renewed).unwrap())),
            ..LeaseSpec::default()
        };
        Lease { spec: Some(spec), ..Lease::default() }
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn lease_that_does_not_exist_or_has_no_holder_is_claimed() {
        let now = Instant::now();
        for lease in [None, Some(lease("", 0)), Some(Lease::default())] {
            let observed = ObservedLease::next(None, lease.as_ref(), now);
            assert_eq!(decide(&observed, "a", now), Decision::Claim(ClaimReason::Free));
        }
    }

    #[test]
    fn rival_waits_for_the_whole_duration_since_it_saw_the_last_renewal() {
        let start = Instant::now();
        // Renewed in 1970 by the clock of its holder, which is not compared with ours.
        let first = ObservedLease::next(None, Some(&lease("a", 0)), start);
        assert_eq!(decide(&first, "b", after(start, 14)), Decision::Wait);
        let same = ObservedLease::next(Some(first), Some(&lease("a", 0)), after(start, 14));
        assert_eq!(decide(&same, "b", after(start, 15)), Decision::Claim(ClaimReason::Expired));
    }

    #[test]
    fn renewal_restarts_the_wait() {
        let start = Instant::now();
        let first = ObservedLease::next(None, Some(&lease("a", 0)), start);
        let renewed = ObservedLease::next(Some(first), Some(&lease("a", 1)), after(start, 14));
        assert_eq!(decide(&renewed, "b", after(start, 28)), Decision::Wait);
        assert_eq!(decide(&renewed, "b", after(start, 29)), Decision::Claim(ClaimReason::Expired));
    }

    #[test]
    fn holder_renews_at_any_time() {
        let now = Instant::now();
        let observed = ObservedLease::next(None, Some(&lease("a", 0)), now);
        assert_eq!(decide(&observed, "a", after(now, 3600)), Decision::Claim(ClaimReason::Ours));
    }

    #[test]
    fn change_of_holder_counts_as_a_transition_and_a_renewal_does_not() {
        let at = |second| MicroTime(Timestamp::from_second(second).unwrap());
        let duration = Duration::from_millis(14_500);
        let first = held(LeaseSpec::default(), "a", duration, at(1));
        assert_eq!((first.lease_transitions, first.lease_duration_seconds), (Some(1), Some(15)));
        let renewed = held(first, "a", duration, at(2));
        assert_eq!((renewed.lease_transitions, renewed.acquire_time.clone()), (Some(1), Some(at(1))));
        let taken = held(renewed, "b", duration, at(3));
        assert_eq!(
            (taken.lease_transitions, taken.acquire_time, taken.renew_time),
            (Some(2), Some(at(3)), Some(at(3)))
        );
    }
}
