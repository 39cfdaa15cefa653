//! The rules that run: the built-in ones and those of users, which are replaced while archives are processed.
//!
//! ```text
//!  directories ──▶ RuleFiles ──▶ Reloader ──┬─▶ a new Engine, for the archives from now on
//!   (each interval)               (pure)    └─▶ rejected: the engine stays, `GET /rules` has the reason
//! ```

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ccx_config::Config;
use ccx_content::ContentTree;
use ccx_declarative_rules::{Problem, RuleSet, RuleUpdate, RuleWatcher};
use ccx_rules::{Budget, Engine, RuleMeta};
use ccx_service::{RulesProblem, RulesStatus};

use crate::metrics::RuleSetMetrics;

/// The name of the rules of users in reports.
const RULE_SET: &str = "user_rules";

/// The reason why reports are incomplete while no set of rules of users could be loaded. `GET /rules` has the errors.
const NOT_LOADED: &str = "the rules of users could not be loaded";

/// The rules that run, and how they are kept up to date.
pub struct Rules {
    pub(crate) engine: CurrentEngine,
    pub(crate) status: SharedStatus,
    pub(crate) watch: Option<RuleWatch>,
}

/// The current engine. Clones share it.
#[derive(Clone)]
pub(crate) struct CurrentEngine(Arc<RwLock<Arc<Engine>>>);

/// The response of `GET /rules`. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct SharedStatus(Arc<RwLock<RulesStatus>>);

impl Rules {
    /// The rules of the configuration, whose files are read for the first time when the pipeline starts.
    pub fn from_config(config: &Config) -> Self {
        let selection = Selection {
            builtin: config.rules.builtin,
            disabled: config.rules.disabled.clone(),
            budget: Budget { time_per_rule: config.pipeline.rule_timeout, ..Budget::default() },
        };
        let has_rules_of_users = !config.rules.directories.is_empty();
        let builtin = selection.engine(None);
        let engine =
            CurrentEngine::new(if has_rules_of_users { builtin.incomplete(NOT_LOADED) } else { builtin });
        let status = SharedStatus::default();
        let unknown = if has_rules_of_users { Vec::new() } else { selection.unknown(None) };
        status.update(|status| {
            status.builtin = count(engine.get().rules().len());
            status.unknown_disabled = unknown;
        });
        let watch = has_rules_of_users.then(|| RuleWatch {
            interval: config.rules.reload_interval,
            selection,
            watcher: RuleWatcher::new(config.rules.directories.clone()),
            engine: engine.clone(),
            status: status.clone(),
        });
        Self { engine, status, watch }
    }
}

impl Rules {
    /// No rules, for a process that does other work on archives.
    pub fn none() -> Self {
        Self::from(Engine::new(Vec::new(), Budget::default()))
    }
}

impl From<Engine> for Rules {
    /// Rules that are never replaced.
    fn from(engine: Engine) -> Self {
        Self { engine: CurrentEngine::new(engine), status: SharedStatus::default(), watch: None }
    }
}

impl CurrentEngine {
    fn new(engine: Engine) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(engine))))
    }

    /// Returns the engine; all rules on one archive run in the same one.
    pub(crate) fn get(&self) -> Arc<Engine> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, engine: Engine) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
    }
}

impl SharedStatus {
    /// Returns the current status.
    pub(crate) fn get(&self) -> RulesStatus {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, change: impl FnOnce(&mut RulesStatus)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The rules that are enabled.
#[derive(Clone)]
struct Selection {
    builtin: bool,
    disabled: Vec<String>,
    budget: Budget,
}

impl Selection {
    fn engine(&self, set: Option<&RuleSet>) -> Engine {
        let builtin = if self.builtin { ccx_builtin_rules::rules() } else { Vec::new() };
        let of_users = set.map(RuleSet::engine_rules).unwrap_or_default();
        let is_disabled = |meta: &RuleMeta| self.disabled.iter().any(|name| is_named(meta, name));
        let wanted = builtin.into_iter().chain(of_users).filter(|rule| !is_disabled(&rule.meta())).collect();
        let engine = Engine::new(wanted, self.budget).with_content(ContentTree::builtin());
        match set {
            Some(set) => engine.with_rule_set(RULE_SET, set.digest().to_string()),
            None => engine,
        }
    }

    /// Returns the names that disable nothing, and warns of them: they are most likely misspelt.
    fn unknown(&self, set: Option<&RuleSet>) -> Vec<String> {
        let rules: Vec<RuleMeta> = ccx_builtin_rules::rules()
            .into_iter()
            .chain(set.map(RuleSet::engine_rules).unwrap_or_default())
            .map(|rule| rule.meta())
            .collect();
        let is_known = |name: &&String| rules.iter().any(|meta| is_named(meta, name));
        let unknown: Vec<String> = self.disabled.iter().filter(|name| !is_known(name)).cloned().collect();
        for name in &unknown {
            tracing::warn!(rule = name, "rules.disabled names a rule that does not exist");
        }
        unknown
    }
}

/// Whether `name` names a rule, in one of the forms of `ccx rules explain`: an error key, a module or its last
/// part, a component, or `<module>|<ERROR_KEY>`.
fn is_named(meta: &RuleMeta, name: &str) -> bool {
    let has_key = |key: &str| meta.error_keys.iter().any(|known| known.as_str().eq_ignore_ascii_case(key));
    let is_module = |name: &str| {
        let module =
            name.strip_suffix(".report").or_else(|| name.strip_suffix(".recommendation")).unwrap_or(name);
        let rule = meta.rule.as_str();
        rule == module || rule.rsplit('.').next() == Some(module)
    };
    match name.split_once('|') {
        Some((module, key)) => is_module(module) && has_key(key),
        None => is_module(name) || has_key(name),
    }
}

/// Polls the files of the rules of users.
pub(crate) struct RuleWatch {
    interval: Duration,
    selection: Selection,
    watcher: RuleWatcher,
    engine: CurrentEngine,
    status: SharedStatus,
}

impl RuleWatch {
    /// Polls the files once, and loads a changed set.
    pub(crate) async fn poll(self, metrics: RuleSetMetrics) -> Self {
        let poll = move || {
            let mut watch = self;
            watch.poll_now(&metrics);
            watch
        };
        match tokio::task::spawn_blocking(poll).await {
            Ok(watch) => watch,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Polls the files until the task is aborted.
    pub(crate) async fn run(mut self, metrics: RuleSetMetrics) {
        loop {
            tokio::time::sleep(self.interval).await;
            self = self.poll(metrics.clone()).await;
        }
    }

    fn poll_now(&mut self, metrics: &RuleSetMetrics) {
        match self.watcher.poll() {
            RuleUpdate::Unchanged => {}
            RuleUpdate::Loaded(set) => self.load(&set, metrics),
            RuleUpdate::Recovered => self.recover(metrics),
            RuleUpdate::Rejected(problems) => {
                for problem in &problems {
                    tracing::error!(%problem, "user rule rejected");
                }
                if let Some(first) = problems.first() {
                    self.reject(rules_problem(first), metrics);
                }
            }
        }
    }

    fn load(&self, set: &RuleSet, metrics: &RuleSetMetrics) {
        for warning in set.warnings() {
            tracing::warn!(%warning, "user rule has a warning");
        }
        let builtin = self.selection.engine(None).rules().len();
        let engine = self.selection.engine(Some(set));
        let rules = engine.rules().len() - builtin;
        self.engine.set(engine);
        metrics.loads.inc();
        metrics.refused.set(0);
        metrics.rules.set(i64::try_from(rules).unwrap_or(i64::MAX));
        let digest = set.digest().to_string();
        tracing::info!(rules, digest, "user rules loaded");
        self.status.update(|status| {
            *status = RulesStatus {
                digest: Some(digest),
                rules: count(rules),
                builtin: count(builtin),
                error: None,
                unknown_disabled: self.selection.unknown(Some(set)),
            }
        });
    }

    fn reject(&self, error: RulesProblem, metrics: &RuleSetMetrics) {
        tracing::error!(
            file = error.file,
            line = error.line,
            error = error.message,
            "rule reload rejected, keeping the previous set"
        );
        metrics.failures.inc();
        metrics.refused.set(1);
        self.status.update(|status| status.error = Some(error));
    }

    fn recover(&self, metrics: &RuleSetMetrics) {
        tracing::info!("user rules are valid again; the set in use is up to date");
        metrics.refused.set(0);
        self.status.update(|status| status.error = None);
    }
}

/// Converts the place of a problem for `/rules`.
fn rules_problem(problem: &Problem) -> RulesProblem {
    let number = |of: fn(&ccx_declarative_rules::Position) -> usize| {
        problem.position.as_ref().and_then(|position| u32::try_from(of(position)).ok())
    };
    RulesProblem {
        file: problem.file.clone(),
        line: number(|position| position.line),
        column: number(|position| position.column),
        message: problem.message.clone(),
    }
}

fn count(rules: usize) -> u32 {
    u32::try_from(rules).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
