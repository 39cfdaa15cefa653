//! Limits of every duration of the configuration.

use std::time::Duration;

use toml::{Table, Value};

use crate::{Config, Problem};

/// The longest duration: clocks of the standard library can't add much more.
const MAX: Duration = Duration::from_hours(10 * 365 * 24);

/// Time limits with which nothing would work if they were 0.
const LIMITS: [&str; 11] = [
    "kafka.session_timeout",
    "database.connect_timeout",
    "pipeline.download_connect_timeout",
    "pipeline.download_read_timeout",
    "pipeline.download_timeout",
    "pipeline.rule_timeout",
    "pipeline.archive_timeout",
    "aggregator.request_timeout",
    "smart_proxy.account_management.timeout",
    "ingress.idle_timeout",
    "ingress.upload_timeout",
];

/// Reports durations that are 0 or very long.
pub(crate) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let table = |config: &Config| Table::try_from(config).unwrap_or_default();
    let mut path = Vec::new();
    check_table(&table(&Config::default()), &table(config), &mut path, problems);
}

fn check_table(defaults: &Table, table: &Table, path: &mut Vec<String>, problems: &mut Vec<Problem>) {
    for (key, default) in defaults {
        path.push(key.clone());
        match (default, table.get(key)) {
            (Value::Table(defaults), Some(Value::Table(table))) => {
                check_table(defaults, table, path, problems);
            }
            (Value::String(default), Some(Value::String(value))) if parse(default).is_some() => {
                problems.extend(parse(value).and_then(|duration| problem(path.join("."), duration)));
            }
            _ => {}
        }
        path.pop();
    }
}

fn parse(text: &str) -> Option<Duration> {
    humantime_serde::re::humantime::parse_duration(text).ok()
}

fn problem(key: String, duration: Duration) -> Option<Problem> {
    if duration > MAX {
        return Some(Problem::new(key, "is longer than 10 years"));
    }
    let is_no_limit = duration.is_zero() && LIMITS.contains(&key.as_str());
    is_no_limit.then(|| Problem::new(key, "is 0s; it must be longer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let problems = Config::parse(text, []).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn time_limit_of_zero_is_a_problem() {
        for key in LIMITS {
            let (section, name) = key.rsplit_once('.').unwrap();
            assert_eq!(keys(&format!("[{section}]\n{name} = '0s'")), [key]);
        }
        assert_eq!(keys("[writer]\nlinger = '0s'\n[pipeline]\nmax_record_age = '0s'"), [] as [&str; 0]);
    }

    #[test]
    fn duration_of_ages_is_a_problem() {
        assert_eq!(keys("[pipeline]\nmax_record_age = '999999999999h'"), ["pipeline.max_record_age"]);
        assert_eq!(keys("[smart_proxy]\nstale_after = '11years'"), ["smart_proxy.stale_after"]);
    }
}
