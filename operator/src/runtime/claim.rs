//! The claim of another operator on a resource: it lasts as long as that operator renews its Lease.

use std::time::{Duration, Instant};

use crate::model::hash64::Hash64;

/// The time without a renewal after which the claims of an operator are taken over: longer than its pod takes to
/// start on another node.
pub(crate) const TAKEOVER: Duration = Duration::from_mins(10);

/// The Lease of another operator, as it was observed last.
///
/// Its age is measured by the own clock, since clocks of nodes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObservedClaim {
    /// The hash of the claim and of the last renewal.
    renewal: Hash64,
    since: Instant,
}

impl ObservedClaim {
    /// Returns the observation of this renewal at `now`.
    pub(crate) fn observe(before: Option<Self>, renewal: Hash64, now: Instant) -> Self {
        match before {
            Some(before) if before.renewal == renewal => before,
            _ => Self { renewal, since: now },
        }
    }

    /// Whether there was no renewal for `takeover`.
    pub(crate) fn is_abandoned(self, takeover: Duration, now: Instant) -> bool {
        now.duration_since(self.since) >= takeover
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_is_abandoned_when_its_lease_was_not_renewed_for_long_enough() {
        let start = Instant::now();
        let at = |minutes| start + Duration::from_mins(minutes);
        let first = ObservedClaim::observe(None, Hash64::new("1"), start);
        assert!(!first.is_abandoned(TAKEOVER, at(9)));
        let renewed = ObservedClaim::observe(Some(first), Hash64::new("2"), at(9));
        assert!(!renewed.is_abandoned(TAKEOVER, at(18)));
        let again = ObservedClaim::observe(Some(renewed), Hash64::new("2"), at(18));
        assert!(again.is_abandoned(TAKEOVER, at(19)));
    }
}
