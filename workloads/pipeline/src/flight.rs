//! How much memory archives take at the same time: a budget in bytes.
//!
//! An archive weighs differently on its way, and its [`Passage`] changes with it:
//!
//! ```text
//!   admit ──────▶ downloaded ──────▶ unpack ────────────────▶ produced ──▶ drop
//!   the most it   what it is         that and its content     the result
//!   can be
//! ```
//!
//! Only `admit` and `unpack` wait. Neither can wait for ever: whoever has unpacked finishes without asking for more, and when
//! nobody unpacks, the next one may, whatever it weighs. So the total exceeds the budget by one unpacked archive at most.
//! Waiting is in order of arrival, and an archive that waits to be unpacked goes before new ones, so that a large one is not
//! starved by many small ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turnstile, Notify};

/// The budget. Archives that are downloaded or wait for a worker also take one of a fixed number of seats, so that downloads
/// don't fill the memory that the workers need.
#[derive(Debug)]
pub(crate) struct Flight {
    load: Mutex<Load>,
    changed: Notify,
    entrance: Turnstile<()>,
    unpacking: Turnstile<()>,
}

/// The state, without the waiting.
#[derive(Debug)]
struct Load {
    max_bytes: u64,
    max_seats: usize,
    bytes: u64,
    seats: usize,
    unpacked: usize,
    waits_to_unpack: bool,
}

/// One archive's part of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Passage {
    flight: Arc<Flight>,
    bytes: u64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Seated,
    Unpacked,
    Produced,
}

impl Flight {
    /// A budget of `max_bytes`, and `max_seats` archives that are downloaded or wait for a worker.
    pub(crate) fn new(max_bytes: u64, max_seats: usize) -> Arc<Self> {
        let load = Load { max_bytes, max_seats, bytes: 0, seats: 0, unpacked: 0, waits_to_unpack: false };
        Arc::new(Self {
            load: Mutex::new(load),
            changed: Notify::new(),
            entrance: Turnstile::new(()),
            unpacking: Turnstile::new(()),
        })
    }

    /// The bytes in flight.
    pub(crate) fn bytes(&self) -> u64 {
        self.load().bytes
    }

    /// Lets an archive of up to `bytes` in if there is room and nobody waits.
    pub(crate) fn try_admit(self: &Arc<Self>, bytes: u64) -> Option<Passage> {
        let _nobody_waits = self.entrance.try_lock().ok()?;
        self.load().admit(bytes).then(|| Passage { flight: Arc::clone(self), bytes, stage: Stage::Seated })
    }

    /// Lets an archive of up to `bytes` in as soon as there is room.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: u64) -> Passage {
        let _turn = self.entrance.lock().await;
        self.until(|load| load.admit(bytes)).await;
        Passage { flight: Arc::clone(self), bytes, stage: Stage::Seated }
    }

    /// Waits until `enter` has succeeded.
    async fn until(&self, mut enter: impl FnMut(&mut Load) -> bool) {
        loop {
            // Registered before looking, so that no change between the look and the wait is missed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if enter(&mut self.load()) {
                return;
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Load)) {
        change(&mut self.load());
        self.changed.notify_waiters();
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passage {
    /// The download is complete: the archive has `bytes`.
    pub(crate) fn downloaded(&mut self, bytes: u64) {
        self.weigh(bytes);
    }

    /// Waits until the archive may take `bytes` more for its content.
    pub(crate) async fn unpack(&mut self, bytes: u64) {
        debug_assert_eq!(self.stage, Stage::Seated, "an archive is unpacked once");
        let flight = Arc::clone(&self.flight);
        let _turn = flight.unpacking.lock().await;
        let _priority = Priority::new(&flight);
        flight.until(|load| load.unpack(bytes)).await;
        self.bytes += bytes;
        self.stage = Stage::Unpacked;
    }

    /// The archive is gone; its result of `bytes` waits to be sent.
    pub(crate) fn produced(&mut self, bytes: u64) {
        let stage = std::mem::replace(&mut self.stage, Stage::Produced);
        self.flight.change(|load| load.leave(stage));
        self.weigh(bytes);
    }

    fn weigh(&mut self, bytes: u64) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        self.flight.change(|load| load.bytes = load.bytes - before + bytes);
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.flight.change(|load| {
            load.leave(self.stage);
            load.bytes -= self.bytes;
        });
    }
}

/// Keeps new archives out while one waits to be unpacked.
struct Priority<'a>(&'a Flight);

impl<'a> Priority<'a> {
    fn new(flight: &'a Flight) -> Self {
        flight.load().waits_to_unpack = true;
        Self(flight)
    }
}

impl Drop for Priority<'_> {
    fn drop(&mut self) {
        self.0.change(|load| load.waits_to_unpack = false);
    }
}

impl Load {
    fn admit(&mut self, bytes: u64) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= self.max_bytes || self.bytes == 0;
        let may_enter = fits && self.seats < self.max_seats && !self.waits_to_unpack;
        if may_enter {
            self.bytes += bytes;
            self.seats += 1;
        }
        may_enter
    }

    fn unpack(&mut self, bytes: u64) -> bool {
        let may_unpack = self.bytes.saturating_add(bytes) <= self.max_bytes || self.unpacked == 0;
        if may_unpack {
            self.bytes += bytes;
            self.seats -= 1;
            self.unpacked += 1;
        }
        may_unpack
    }

    fn leave(&mut self, stage: Stage) {
        match stage {
            Stage::Seated => self.seats -= 1,
            Stage::Unpacked => self.unpacked -= 1,
            Stage::Produced => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn what_fits_is_let_in_and_given_back() {
        let flight = Flight::new(100, 10);
        let first = flight.try_admit(60).unwrap();
        assert!(flight.try_admit(60).is_none());
        let second = flight.try_admit(40).unwrap();
        assert_eq!(flight.bytes(), 100);
        drop((first, second));
        assert_eq!(flight.bytes(), 0);
        assert!(flight.try_admit(60).is_some());
    }

    #[test]
    fn one_archive_is_let_in_whatever_it_weighs() {
        let flight = Flight::new(100, 10);
        let huge = flight.try_admit(1000).unwrap();
        assert!(flight.try_admit(1).is_none());
        drop(huge);
        assert!(flight.try_admit(1).is_some());
    }

    #[test]
    fn seats_are_limited_until_a_worker_takes_the_archive() {
        let flight = Flight::new(100, 1);
        let mut first = flight.try_admit(1).unwrap();
        assert!(flight.try_admit(1).is_none());
        first.unpack(1).now_or_never().unwrap();
        assert!(flight.try_admit(1).is_some());
    }

    #[test]
    fn an_archive_weighs_what_it_is_at_each_stage() {
        let flight = Flight::new(1000, 10);
        let mut passage = flight.try_admit(400).unwrap();
        passage.downloaded(30);
        assert_eq!(flight.bytes(), 30);
        passage.unpack(300).now_or_never().unwrap();
        assert_eq!(flight.bytes(), 330);
        passage.produced(5);
        assert_eq!(flight.bytes(), 5);
        drop(passage);
        assert_eq!(flight.bytes(), 0);
    }

    #[tokio::test]
    async fn a_second_archive_is_unpacked_when_the_first_is_done_and_before_new_ones_are_let_in() {
        let flight = Flight::new(100, 10);
        let mut first = flight.admit(10).await;
        let mut second = flight.admit(10).await;
        first.unpack(90).await;
        assert_eq!(flight.bytes(), 110, "the first one always may");
        let waiting = tokio::spawn(async move {
            second.unpack(80).await;
            second
        });
        while !flight.load().waits_to_unpack {
            tokio::task::yield_now().await;
        }
        first.produced(1);
        assert!(flight.try_admit(1).is_none(), "no new ones while one waits");
        let second = waiting.await.unwrap();
        assert_eq!(flight.bytes(), 91);
        assert!(flight.try_admit(1).is_some());
        drop(second);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_the_door_open() {
        let flight = Flight::new(100, 10);
        let mut first = flight.admit(10).await;
        let mut second = flight.admit(10).await;
        first.unpack(80).await;
        assert!(second.unpack(50).now_or_never().is_none());
        assert!(flight.admit(50).now_or_never().is_none());
        drop((first, second));
        assert_eq!(flight.bytes(), 0);
        assert!(flight.try_admit(50).is_some());
    }

    /// Archives of random weights on several threads: all arrive, and the total stays within the budget and one archive.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn all_archives_arrive_within_the_budget_and_one_archive() {
        const LARGEST_UNPACKED: u64 = 150;
        let flight = Flight::new(100, 4);
        let mut tasks = Vec::new();
        for number in 0..200_u64 {
            let flight = Arc::clone(&flight);
            tasks.push(tokio::spawn(async move {
                let mut passage = flight.admit(10 + number % 90).await;
                passage.downloaded(1 + number % 10);
                tokio::task::yield_now().await;
                passage.unpack(number * 37 % (LARGEST_UNPACKED + 1)).await;
                let peak = flight.bytes();
                tokio::task::yield_now().await;
                passage.produced(1);
                peak
            }));
        }
        for task in tasks {
            let peak = task.await.unwrap();
            assert!(peak <= 100 + LARGEST_UNPACKED, "{peak}");
        }
        assert_eq!(flight.bytes(), 0);
    }
}
