//! The memory of all archives in the pipeline at the same time: a budget in bytes.
//!
//! An archive takes different amounts on its way, and its [`Reservation`] changes with it:
//!
//! ```text
//!   admit ──────▶ downloaded ──────▶ unpack ──▶ grow … ──▶ read ──────▶ produced ──▶ drop
//!   the most it   the upload         and the     and what    the content  the result
//!   can be                           estimate    comes out
//! ```
//!
//! Only `admit`, `unpack` and `grow` wait, and none forever: at any time one archive may exceed the budget, so it is unpacked
//! without waiting, whatever its size. The total therefore exceeds the budget by the content of one archive at most.
//! Waiting is in order of arrival, and an archive that waits to be unpacked precedes new ones, so that a large archive is
//! not starved by many small ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Notify};

/// The budget. Archives that are downloaded or wait for a worker also take one of a fixed number of permits, so that
/// downloads leave memory for the workers.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    load: Mutex<Load>,
    changed: Notify,
    /// Held by the archive that is admitted next.
    admission: AsyncMutex<()>,
    /// Held by the archive that is unpacked next.
    unpacking: AsyncMutex<()>,
}

/// The state, without the waiting.
#[derive(Debug)]
struct Load {
    max_bytes: u64,
    max_downloads: usize,
    bytes: u64,
    downloads: usize,
    /// Whether one archive may exceed the budget at the moment.
    has_exception: bool,
    waits_to_unpack: bool,
}

/// The part of the budget that one archive takes, returned when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: u64,
    /// The part of `bytes` that is for the content.
    content_bytes: u64,
    is_download: bool,
    is_exception: bool,
}

impl MemoryBudget {
    /// A budget of `max_bytes`, and of `max_downloads` archives that are downloaded or wait for a worker.
    pub(crate) fn new(max_bytes: u64, max_downloads: usize) -> Arc<Self> {
        let load = Load {
            max_bytes,
            max_downloads,
            bytes: 0,
            downloads: 0,
            has_exception: false,
            waits_to_unpack: false,
        };
        Arc::new(Self {
            load: Mutex::new(load),
            changed: Notify::new(),
            admission: AsyncMutex::new(()),
            unpacking: AsyncMutex::new(()),
        })
    }

    /// The bytes that are reserved.
    pub(crate) fn bytes(&self) -> u64 {
        self.load().bytes
    }

    /// Admits an archive of up to `bytes` if there is room and no other waits.
    pub(crate) fn try_admit(self: &Arc<Self>, bytes: u64) -> Option<Reservation> {
        let _turn = self.admission.try_lock().ok()?;
        self.load().admit(bytes).then(|| Reservation::new(self, bytes))
    }

    /// Admits an archive of up to `bytes` as soon as there is room.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: u64) -> Reservation {
        let _turn = self.admission.lock().await;
        self.wait_for(|load| load.admit(bytes)).await;
        Reservation::new(self, bytes)
    }

    /// Waits until `attempt` has succeeded.
    async fn wait_for(&self, mut attempt: impl FnMut(&mut Load) -> bool) {
        loop {
            // Registered before the attempt, so that no change between the attempt and the wait is missed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if attempt(&mut self.load()) {
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

impl Reservation {
    fn new(budget: &Arc<MemoryBudget>, bytes: u64) -> Self {
        let budget = Arc::clone(budget);
        Self { budget, bytes, content_bytes: 0, is_download: true, is_exception: false }
    }

    /// Records that the download is complete: the upload has `bytes`.
    pub(crate) fn downloaded(&mut self, bytes: u64) {
        self.set(bytes);
    }

    /// Waits until the archive may be unpacked, with an estimate of `content_bytes` for its content.
    pub(crate) async fn unpack(&mut self, content_bytes: u64) {
        let budget = Arc::clone(&self.budget);
        let _turn = budget.unpacking.lock().await;
        let _priority = Priority::new(&budget);
        budget.wait_for(|load| self.try_grow(load, content_bytes)).await;
        self.is_download = false;
        budget.change(|load| load.downloads -= 1);
    }

    /// The bytes that are reserved for the content.
    pub(crate) fn content_bytes(&self) -> u64 {
        self.content_bytes
    }

    /// Waits until the content may have `content_bytes` in total.
    pub(crate) async fn grow(&mut self, content_bytes: u64) {
        let budget = Arc::clone(&self.budget);
        budget.wait_for(|load| self.try_grow(load, content_bytes)).await;
    }

    fn try_grow(&mut self, load: &mut Load, content_bytes: u64) -> bool {
        let more = content_bytes.saturating_sub(self.content_bytes);
        let fits = load.bytes.saturating_add(more) <= load.max_bytes;
        let may_grow = fits || self.is_exception || !load.has_exception;
        if may_grow {
            self.is_exception |= !fits;
            load.has_exception |= self.is_exception;
            load.bytes += more;
            self.bytes += more;
            self.content_bytes += more;
        }
        may_grow
    }

    /// Records that the archive has been read: only its content of `bytes` is left in memory.
    pub(crate) fn read(&mut self, bytes: u64) {
        self.content_bytes = bytes;
        self.set(bytes);
    }

    /// Records that the archive was dropped: only its result of `bytes` is left, and waits to be sent.
    pub(crate) fn produced(&mut self, bytes: u64) {
        self.content_bytes = 0;
        let (before, was_exception) =
            (std::mem::replace(&mut self.bytes, bytes), std::mem::take(&mut self.is_exception));
        // In one step: the next exception must not begin while the bytes of this one still count.
        self.budget.change(|load| {
            load.has_exception &= !was_exception;
            load.bytes = load.bytes - before + bytes;
        });
    }

    fn set(&mut self, bytes: u64) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        self.budget.change(|load| load.bytes = load.bytes - before + bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.change(|load| {
            load.has_exception &= !self.is_exception;
            load.downloads -= usize::from(self.is_download);
            load.bytes -= self.bytes;
        });
    }
}

/// Keeps new archives out while one waits to be unpacked.
struct Priority<'a>(&'a MemoryBudget);

impl<'a> Priority<'a> {
    fn new(budget: &'a MemoryBudget) -> Self {
        budget.load().waits_to_unpack = true;
        Self(budget)
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
        let may_enter = fits && self.downloads < self.max_downloads && !self.waits_to_unpack;
        if may_enter {
            self.bytes += bytes;
            self.downloads += 1;
        }
        may_enter
    }
}

#[cfg(test)]
mod tests;
