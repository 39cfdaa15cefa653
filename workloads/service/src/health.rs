//! Readiness and liveness of one process.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Dependency, Readiness};

/// The health of one process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    readiness: Readiness,
    heartbeats: Vec<LastBeat>,
}

#[derive(Debug)]
struct LastBeat {
    name: &'static str,
    at: Instant,
    max_silence: Duration,
}

/// Reports whether one dependency can be used. Clones report the same one.
#[derive(Clone, Debug)]
pub struct Condition {
    health: Health,
    index: usize,
}

/// Reports that one loop is running. Clones report the same one.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    health: Health,
    index: usize,
}

impl Health {
    /// Creates a health without dependencies and loops: ready and alive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a dependency, one of the names in [`Dependency`]. It is not met until [`Condition::ready`] is called.
    pub fn condition(&self, name: &'static str) -> Condition {
        let mut state = self.lock();
        let dependency = Dependency {
            name: name.to_owned(),
            ok: false,
            cause: Some("not checked yet".to_owned()),
            connecting: true,
        };
        state.readiness.dependencies.push(dependency);
        Condition { health: self.clone(), index: state.readiness.dependencies.len() - 1 }
    }

    /// Adds a loop that must [`beat`](Heartbeat::beat) at least every `max_silence`.
    pub fn heartbeat(&self, name: &'static str, max_silence: Duration) -> Heartbeat {
        let mut state = self.lock();
        state.heartbeats.push(LastBeat { name, at: Instant::now(), max_silence });
        Heartbeat { health: self.clone(), index: state.heartbeats.len() - 1 }
    }

    /// Returns the state of every dependency.
    pub fn readiness(&self) -> Readiness {
        self.lock().readiness.clone()
    }

    /// Returns the loops that have not beaten in time, one per line.
    pub fn liveness(&self) -> Result<(), String> {
        let mut report = String::new();
        for LastBeat { name, at, max_silence } in &self.lock().heartbeats {
            let silence = at.elapsed();
            if silence > *max_silence {
                let _ = writeln!(
                    report,
                    "{name}: no heartbeat for {} s, {} s are allowed",
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
    /// Reports that the dependency can be used.
    pub fn ready(&self) {
        self.set(None, false);
    }

    /// Reports that the dependency can be used, with a restriction, on one line.
    pub fn impaired(&self, restriction: impl Into<String>) {
        let dependency = &mut self.health.lock().readiness.dependencies[self.index];
        (dependency.ok, dependency.connecting) = (true, false);
        dependency.cause = Some(restriction.into());
    }

    /// Reports that the first attempt to use the dependency has not ended yet.
    pub fn connecting(&self, cause: impl Into<String>) {
        self.set(Some(cause.into()), true);
    }

    /// Reports that the dependency can't be used, and the cause, on one line, for readers of `/readyz`.
    pub fn not_ready(&self, cause: impl Into<String>) {
        self.set(Some(cause.into()), false);
    }

    fn set(&self, cause: Option<String>, connecting: bool) {
        let dependency = &mut self.health.lock().readiness.dependencies[self.index];
        dependency.ok = cause.is_none();
        dependency.cause = cause;
        dependency.connecting = connecting;
    }
}

impl Heartbeat {
    /// Reports that the loop is running.
    pub fn beat(&self) {
        self.beat_at(Instant::now());
    }

    /// Reports that a loop in another thread was running at `time`.
    pub fn beat_at(&self, time: Instant) {
        self.health.lock().heartbeats[self.index].at = time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmet(health: &Health) -> Vec<String> {
        health.readiness().unmet().map(ToString::to_string).collect()
    }

    #[test]
    fn condition_is_unmet_with_its_cause_until_ready() {
        let health = Health::new();
        assert!(health.readiness().is_ready());
        let database = health.condition(Dependency::DATABASE);
        let kafka = health.condition(Dependency::KAFKA);
        kafka.ready();
        assert_eq!(unmet(&health), ["database: not checked yet"]);
        database.not_ready("connection refused");
        assert_eq!(unmet(&health), ["database: connection refused"]);
        database.ready();
        assert!(health.readiness().is_ready());
    }

    #[test]
    fn dependency_is_connecting_until_its_first_result() {
        let health = Health::new();
        let kafka = health.condition(Dependency::KAFKA);
        let is_connecting = || health.readiness().dependencies[0].connecting;
        assert!(is_connecting(), "not checked yet");
        kafka.connecting("the consumer is connecting");
        assert!(is_connecting() && !health.readiness().is_ready());
        kafka.not_ready("connection refused");
        assert!(!is_connecting());
        kafka.ready();
        assert!(!is_connecting() && health.readiness().is_ready());
    }

    #[test]
    fn restriction_is_reported_and_leaves_the_process_ready() {
        let health = Health::new();
        let watches = health.condition("watches");
        watches.impaired("can't list Secret");
        assert!(health.readiness().is_ready());
        assert_eq!(health.readiness().dependencies[0].to_string(), "watches: can't list Secret");
    }

    #[test]
    fn loop_without_heartbeat_is_not_alive_until_it_beats() {
        let health = Health::new();
        let consumer = health.heartbeat("consumer", Duration::from_millis(1));
        health.heartbeat("other", Duration::from_hours(1));
        std::thread::sleep(Duration::from_millis(5));
        assert!(health.liveness().unwrap_err().starts_with("consumer: no heartbeat for 0 s"));
        assert!(health.readiness().is_ready(), "a loop is not a dependency");
        consumer.beat();
        let _ = health.liveness();
    }
}
