//! Metering of evaluations.

use std::{cell::Cell, time::Instant};

use super::{Value, error::Reason};
use crate::limits::{MAX_STEPS, MAX_VALUE_DEPTH, MAX_WEIGHT, STEPS_PER_CLOCK_READ};

/// Counts the remaining steps of an evaluation and checks its deadline.
///
/// Once a limit is reached, every further step fails, so that no part of an expression can turn the failure
/// into a result.
#[derive(Debug)]
pub(crate) struct Meter {
    steps_left: Cell<u64>,
    until_clock_read: Cell<u64>,
    deadline: Instant,
    stopped: Cell<Option<Limit>>,
}

/// Limit that an evaluation exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Steps,
    Time,
    Size,
    Depth,
}

impl Limit {
    /// Describes the limit and how to stay below it.
    pub(crate) fn explanation(self) -> String {
        match self {
            Self::Steps => {
                format!("more than {MAX_STEPS} steps; filter early, and put what loops share into a fact")
            }
            Self::Time => {
                "more time than declarative rules have for an archive; find slow rules with `ccx rules bench`"
                    .into()
            }
            Self::Size => {
                format!("a value of more than {MAX_WEIGHT} parts; keep only the fields that are needed")
            }
            Self::Depth => format!("a value with more than {MAX_VALUE_DEPTH} levels"),
        }
    }
}

impl Meter {
    /// Creates a meter that allows `steps` until `deadline`.
    pub(crate) fn new(steps: u64, deadline: Instant) -> Self {
        Self {
            steps_left: Cell::new(steps),
            until_clock_read: Cell::new(STEPS_PER_CLOCK_READ),
            deadline,
            stopped: Cell::new(None),
        }
    }

    /// Consumes steps.
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

    /// Returns a composed value, unless it is too large.
    pub(crate) fn admit(&self, value: Value) -> Result<Value, Reason> {
        if value.weight() > MAX_WEIGHT {
            return self.stop(Limit::Size);
        }
        if value.depth() > MAX_VALUE_DEPTH {
            return self.stop(Limit::Depth);
        }
        Ok(value)
    }

    /// Returns the limit that was reached, if any.
    pub(crate) fn stopped(&self) -> Option<Limit> {
        self.stopped.get()
    }

    /// Returns the number of remaining steps.
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
