//! Damps fights: corrections of a child that another client keeps changing are delayed more and more.

use std::time::{Duration, Instant};

/// The corrections that are made at once.
const PROMPT: u32 = 3;

/// The first and the longest delay after that.
const DELAY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(10));

/// The time without a correction after which a child is corrected at once again: longer than the longest
/// delay.
const MEMORY: Duration = Duration::from_mins(30);

/// The recent corrections of one child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrections {
    count: u32,
    last: Instant,
}

impl Corrections {
    /// Returns the corrections after one more at `now`.
    pub(crate) fn record(before: Option<Self>, now: Instant) -> Self {
        let recent = before.filter(|before| now.duration_since(before.last) < MEMORY);
        Self { count: recent.map_or(0, |recent| recent.count).saturating_add(1), last: now }
    }

    /// Whether the next correction has to wait at `now`.
    pub(crate) fn must_wait(self, now: Instant) -> bool {
        let Some(extra) = self.count.checked_sub(PROMPT) else { return false };
        let (first, longest) = DELAY;
        let delay = first.saturating_mul(2_u32.saturating_pow(extra)).min(longest);
        let elapsed = now.duration_since(self.last);
        elapsed < delay && elapsed < MEMORY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the seconds at which corrections are made against a rival who changes the field every second.
    fn corrections(seconds: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut state: Option<Corrections> = None;
        let mut made = Vec::new();
        for second in 0..seconds {
            let now = start + Duration::from_secs(second);
            if state.is_none_or(|state| !state.must_wait(now)) {
                state = Some(Corrections::record(state, now));
                made.push(second);
            }
        }
        made
    }

    #[test]
    fn corrections_of_contested_child_are_delayed_more_and_more() {
        assert_eq!(corrections(100), [0, 1, 2, 12, 32, 72]);
        assert!(corrections(7200).len() < 20, "the delay has a limit");
    }

    #[test]
    fn child_at_rest_is_corrected_at_once_again() {
        let start = Instant::now();
        let busy = (0..5).fold(None, |before, _| Some(Corrections::record(before, start)));
        assert!(busy.is_some_and(|busy| busy.must_wait(start)));
        let later = start + MEMORY;
        assert!(busy.is_some_and(|busy| !busy.must_wait(later)));
        assert_eq!(Corrections::record(busy, later).count, 1);
    }
}
