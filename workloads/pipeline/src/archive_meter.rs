//! Charges the memory budget while an archive is unpacked, and watches the clock.

use std::time::{Duration, Instant};

use ccx_archive::{Archive, Meter, TimedOut};
use tokio::runtime::Handle;

use crate::memory_budget::Reservation;

/// Content grows in the budget by this much at a time, so that its lock is taken rarely.
const STEP_BYTES: u64 = 1 << 20;

/// The meter of one archive, on a thread where blocking is allowed.
pub(crate) struct ArchiveMeter<'a> {
    reservation: &'a mut Reservation,
    timeout: Duration,
    deadline: Instant,
}

impl<'a> ArchiveMeter<'a> {
    /// Begins now: reading the archive and running the rules may take `timeout`. Waits for memory do not count.
    pub(crate) fn new(reservation: &'a mut Reservation, timeout: Duration) -> Self {
        Self { reservation, timeout, deadline: Instant::now() + timeout }
    }

    /// The end of the time for the archive.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Releases what was only needed for reading.
    pub(crate) fn finish(&mut self, archive: &Archive) {
        self.reservation.read(archive.unpacked_bytes());
    }
}

impl Meter for ArchiveMeter<'_> {
    fn permit(&mut self, content_bytes: u64) -> Result<(), TimedOut> {
        if content_bytes > self.reservation.content_bytes() {
            let started = Instant::now();
            let content_bytes = content_bytes.next_multiple_of(STEP_BYTES);
            Handle::current().block_on(self.reservation.grow(content_bytes));
            self.deadline += started.elapsed();
        }
        if Instant::now() > self.deadline { Err(TimedOut { limit: self.timeout }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_budget::MemoryBudget;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(flavor = "multi_thread")]
    async fn content_is_charged_before_it_is_unpacked() {
        let budget = MemoryBudget::new(100 << 20, 1);
        let mut reservation = budget.admit(10).await;
        reservation.unpack(100).await;
        let reserved = tokio::task::spawn_blocking(move || {
            let mut meter = ArchiveMeter::new(&mut reservation, LONG);
            meter.permit(100).unwrap();
            let within_estimate = meter.reservation.content_bytes();
            meter.permit(5 << 20).unwrap();
            (within_estimate, meter.reservation.content_bytes())
        });
        assert_eq!(reserved.await.unwrap(), (100, 5 << 20));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reading_after_the_deadline_is_refused() {
        let budget = MemoryBudget::new(100, 1);
        let mut reservation = budget.admit(10).await;
        let limit = Duration::ZERO;
        let mut meter = ArchiveMeter::new(&mut reservation, limit);
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(meter.permit(0), Err(TimedOut { limit }));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn wait_for_memory_does_not_count() {
        let budget = MemoryBudget::new(100, 2);
        let mut exception = budget.admit(10).await;
        let mut reservation = budget.admit(10).await;
        exception.unpack(1000).await;
        let waiting = tokio::task::spawn_blocking(move || {
            let mut meter = ArchiveMeter::new(&mut reservation, Duration::from_millis(200));
            meter.permit(50)
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(exception);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }
}
