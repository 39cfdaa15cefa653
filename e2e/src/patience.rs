//! Waiting for something, never for longer than a limit.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for what should come soon. Generous: it is spent only by a test that fails, and machines may be busy.
#[derive(Clone, Copy, Debug)]
pub struct Patience(Duration);

impl Patience {
    /// For one step of a process.
    pub const SHORT: Self = Self(Duration::from_secs(30));

    /// For the end of a backlog.
    pub const LONG: Self = Self(Duration::from_mins(2));

    /// For pods that come, prepare themselves and wait for each other.
    pub const VERY_LONG: Self = Self(Duration::from_mins(5));

    /// Looks until what it sees is `Ok`.
    ///
    /// # Panics
    /// With what it saw last, when patience ends.
    pub fn wait<T, E: Debug>(self, what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
        let deadline = Instant::now() + self.0;
        loop {
            match look() {
                Ok(seen) => return seen,
                Err(seen) if Instant::now() > deadline => {
                    panic!("{what}: not after {} s; last seen: {seen:?}", self.0.as_secs())
                }
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }
}

/// Waits until `look` is true.
pub fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    Patience::SHORT.wait(what, || if look() { Ok(()) } else { Err("no") });
}
