//! The fence of writes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A fence that is open until a deadline, which each renewal of the Lease extends. Clones share it; a new one
/// is closed.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<Mutex<Option<Instant>>>);

impl Fence {
    /// Returns a fence that stays open, for tests.
    pub fn always_open() -> Self {
        let fence = Self::default();
        fence.open_until(Instant::now() + Duration::from_hours(24 * 365));
        fence
    }

    /// Allows writes until `deadline`.
    pub fn open_until(&self, deadline: Instant) {
        *self.lock() = Some(deadline);
    }

    /// Forbids writes.
    pub fn close(&self) {
        *self.lock() = None;
    }

    /// Whether a write may start now.
    pub fn is_open(&self) -> bool {
        !self.remaining().is_zero()
    }

    /// Returns the time for which writes are still allowed.
    pub fn remaining(&self) -> Duration {
        self.lock().map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(Instant::now()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fence_is_closed_until_it_is_opened_and_after_its_deadline() {
        let fence = Fence::default();
        assert!(!fence.is_open());
        fence.open_until(Instant::now() + Duration::from_hours(1));
        assert!(fence.is_open());
        fence.open_until(Instant::now());
        assert!(!fence.is_open());
    }

    #[test]
    fn every_clone_sees_the_fence_close() {
        let fence = Fence::always_open();
        let clone = fence.clone();
        fence.close();
        assert!(!clone.is_open());
    }
}
