//! What an evaluation has used, and when it has to end.

use std::{cell::Cell, time::Instant};

use super::{Value, error::Reason};
use crate::limits::{MAX_STEPS, MAX_VALUE_DEPTH, MAX_WEIGHT, STEPS_PER_CLOCK_READ};

/// Counts steps down to a limit, and watches the clock.
///
/// Once a limit is reached every further step fails, so that no part of an expression can turn the failure into an answer.
#[derive(Debug)]
pub(crate) struct Meter {
    steps_left: Cell<u64>,
    until_clock_read: Cell<u64>,
    deadline: Instant,
    stopped: Cell<Option<Limit>>,
}

/// What an evaluation ran out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Steps,
    Time,
    Size,
    Depth,
}

impl Limit {
    /// What is too much of it, and what to do.
    pub(crate) fn explanation(self) -> String {
        match self {
            Self::Steps => format!("more than {MAX_STEPS} steps; filter early, and put what loops share into a fact"),
            Self::Time => {
                "more time than the rules of users have for an archive; see what is slow with `ccx rules bench`".into()
            }
            Self::Size => format!("a value of more than {MAX_WEIGHT} parts; keep only the fields that are needed"),
            Self::Depth => format!("a value with more than {MAX_VALUE_DEPTH} levels"),
        }
    }
}

impl Meter {
    /// A meter that allows `steps` until `deadline`.
    pub(crate) fn new(steps: u64, deadline: Instant) -> Self {
        Self {
            steps_left: Cell::new(steps),
            until_clock_read: Cell::new(STEPS_PER_CLOCK_READ),
            deadline,
            stopped: Cell::new(None),
        }
    }

    /// Uses steps.
    pub(crate) fn charge(&self, steps: u64) -> Result<(), Reason> {
        let left = self.steps_left.get();
        if steps > left {
            return self.stop(Limit::Steps);
        }
        self.steps_left.set(left - steps);
        match self.until_clock_read.get().checked_sub(steps) {
            Some(until) => self.until_clock_read.set(until),
            None => self.read_clock()?,
        }
        Ok(())
    }

    /// Accepts a value that was made of others, unless it is too large.
    pub(crate) fn admit(&self, value: Value) -> Result<Value, Reason> {
        if value.weight() > MAX_WEIGHT {
            return self.stop(Limit::Size);
        }
        if value.depth() > MAX_VALUE_DEPTH {
            return self.stop(Limit::Depth);
        }
        Ok(value)
    }

    /// The limit that was reached, if one was.
    pub(crate) fn stopped(&self) -> Option<Limit> {
        self.stopped.get()
    }

    /// How many steps are left.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps_left.get()
    }

    fn read_clock(&self) -> Result<(), Reason> {
        self.until_clock_read.set(STEPS_PER_CLOCK_READ);
        if Instant::now() > self.deadline { self.stop(Limit::Time) } else { Ok(()) }
    }

    fn stop<T>(&self, limit: Limit) -> Result<T, Reason> {
        self.steps_left.set(0);
        self.until_clock_read.set(0);
        let first = self.stopped.get().unwrap_or(limit);
        self.stopped.set(Some(first));
        Err(Reason::Limit(first))
    }
}
