//! Whether a workload can do its work, and whether it still moves.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The health of one process. Clones are the same health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    conditions: Vec<(&'static str, Readiness)>,
    heartbeats: Vec<Pulse>,
}

#[derive(Debug)]
enum Readiness {
    Ready,
    NotReady(String),
}

#[derive(Debug)]
struct Pulse {
    name: &'static str,
    last_beat: Instant,
    max_silence: Duration,
}

/// Something that must be so for the workload to do its work, for example that the database answers.
#[derive(Clone, Debug)]
pub struct Condition {
    health: Health,
    index: usize,
}

/// The pulse of one loop.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    health: Health,
    index: usize,
}

impl Health {
    /// Ready and alive, as nothing says otherwise yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition. It is not met until [`Condition::ready`] says so.
    pub fn condition(&self, name: &'static str) -> Condition {
        let mut state = self.lock();
        state.conditions.push((name, Readiness::NotReady("not known yet".into())));
        Condition { health: self.clone(), index: state.conditions.len() - 1 }
    }

    /// Adds a loop that must [`beat`](Heartbeat::beat) at least every `max_silence`.
    pub fn heartbeat(&self, name: &'static str, max_silence: Duration) -> Heartbeat {
        let mut state = self.lock();
        state.heartbeats.push(Pulse { name, last_beat: Instant::now(), max_silence });
        Heartbeat { health: self.clone(), index: state.heartbeats.len() - 1 }
    }

    /// Every condition that is not met, a line each.
    pub fn readiness(&self) -> Result<(), String> {
        let mut report = String::new();
        for (name, readiness) in &self.lock().conditions {
            if let Readiness::NotReady(reason) = readiness {
                let _ = writeln!(report, "{name}: {reason}");
            }
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    }

    /// Every loop that has fallen silent, a line each.
    pub fn liveness(&self) -> Result<(), String> {
        let mut report = String::new();
        for Pulse { name, last_beat, max_silence } in &self.lock().heartbeats {
            let silence = last_beat.elapsed();
            if silence > *max_silence {
                let _ = writeln!(
                    report,
                    "{name}: silent for {} s, {} s are allowed",
                    silence.as_secs(),
                    max_silence.as_secs()
                );
            }
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// The condition is met.
    pub fn ready(&self) {
        self.set(Readiness::Ready);
    }

    /// The condition is not met, and why: a phrase for whoever reads `/readyz`.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.set(Readiness::NotReady(reason.into()));
    }

    fn set(&self, readiness: Readiness) {
        self.health.lock().conditions[self.index].1 = readiness;
    }
}

impl Heartbeat {
    /// The loop has gone round once more.
    pub fn beat(&self) {
        self.health.lock().heartbeats[self.index].last_beat = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_unmet_until_it_is_met_and_says_why() {
        let health = Health::new();
        assert_eq!(health.readiness(), Ok(()));
        let database = health.condition("database");
        let kafka = health.condition("kafka");
        kafka.ready();
        assert_eq!(health.readiness(), Err("database: not known yet\n".into()));
        database.not_ready("connection refused");
        assert_eq!(health.readiness(), Err("database: connection refused\n".into()));
        database.ready();
        assert_eq!(health.readiness(), Ok(()));
    }

    #[test]
    fn a_silent_loop_is_dead_until_it_beats() {
        let health = Health::new();
        let consumer = health.heartbeat("consumer", Duration::from_millis(1));
        health.heartbeat("other", Duration::from_hours(1));
        std::thread::sleep(Duration::from_millis(5));
        assert!(health.liveness().unwrap_err().starts_with("consumer: silent for 0 s"));
        assert_eq!(health.readiness(), Ok(()), "a dead loop is not an unready dependency");
        consumer.beat();
        let _ = health.liveness();
    }
}
