//! The few figures that we need of librdkafka's statistics.
//!
//! The format is librdkafka's STATISTICS.md. Only these fields are read: the whole report has hundreds for each partition.

use std::collections::HashMap;

use serde::Deserialize;

/// A report of one client.
#[derive(Debug, Deserialize)]
pub(super) struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
}

/// Whether brokers are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// At least one is, and has let us in.
    Some,
    /// None is, and one is being tried.
    None,
    /// None is, and none is needed at the moment.
    Idle,
}

#[derive(Debug, Deserialize)]
struct Broker {
    state: String,
    source: String,
}

#[derive(Debug, Deserialize)]
struct Topic {
    #[serde(default)]
    partitions: HashMap<i32, Partition>,
}

/// Offsets are negative while they are unknown.
#[derive(Debug, Deserialize)]
struct Partition {
    #[serde(rename = "hi_offset", default = "unknown")]
    end: i64,
    #[serde(rename = "committed_offset", default = "unknown")]
    committed: i64,
    #[serde(rename = "app_offset", default = "unknown")]
    delivered: i64,
    #[serde(rename = "next_offset", default = "unknown")]
    fetched: i64,
}

fn unknown() -> i64 {
    -1
}

impl Statistics {
    pub(super) fn connections(&self) -> Connections {
        // "internal" and "logical" brokers are librdkafka's own bookkeeping.
        let mut states = self
            .brokers
            .values()
            .filter(|broker| matches!(broker.source.as_str(), "learned" | "configured"))
            .map(|broker| broker.state.as_str());
        if states.clone().any(|state| matches!(state, "UP" | "UPDATE")) {
            return Connections::Some;
        }
        if states.all(|state| state == "INIT") { Connections::Idle } else { Connections::None }
    }

    /// Records between what is committed and the ends of those of `partitions` that are known.
    pub(super) fn lag(&self, topic: &str, partitions: &[i32]) -> Option<i64> {
        let known = &self.topics.get(topic)?.partitions;
        let lags = partitions.iter().filter_map(|partition| known.get(partition)?.lag());
        lags.fold(None, |sum, lag| Some(sum.unwrap_or(0) + lag))
    }
}

impl Partition {
    fn lag(&self) -> Option<i64> {
        let reached =
            [self.committed, self.delivered, self.fetched].into_iter().find(|offset| *offset >= 0)?;
        (self.end >= 0).then(|| (self.end - reached).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Statistics {
        serde_json::from_str(json).unwrap()
    }

    fn connections(states: &[(&str, &str)]) -> Connections {
        let brokers: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(index, (state, source))| {
                format!(r#""{index}": {{"state": "{state}", "source": "{source}", "rtt": {{}}}}"#)
            })
            .collect();
        parse(&format!(r#"{{"brokers": {{{}}}}}"#, brokers.join(","))).connections()
    }

    #[test]
    fn one_connected_broker_is_enough() {
        assert_eq!(connections(&[("DOWN", "configured"), ("UP", "learned")]), Connections::Some);
    }

    #[test]
    fn a_broker_that_is_being_tried_is_not_connected() {
        assert_eq!(connections(&[("CONNECT", "configured"), ("INIT", "learned")]), Connections::None);
        assert_eq!(connections(&[("AUTH_REQ", "configured")]), Connections::None);
    }

    #[test]
    fn brokers_that_nobody_needs_say_nothing() {
        assert_eq!(connections(&[("INIT", "learned")]), Connections::Idle);
    }

    #[test]
    fn the_coordinator_and_internal_brokers_do_not_count() {
        assert_eq!(
            connections(&[("UP", "internal"), ("UP", "logical"), ("DOWN", "learned")]),
            Connections::None
        );
    }

    const PARTITIONS: &str = r#"{"topics": {"results": {"partitions": {
        "0": {"hi_offset": 100, "committed_offset": 90, "app_offset": 95, "next_offset": 100},
        "1": {"hi_offset": 50, "committed_offset": -1001, "app_offset": 20, "next_offset": 50},
        "2": {"hi_offset": -1001, "committed_offset": 5},
        "-1": {"hi_offset": -1001, "committed_offset": -1001, "app_offset": -1001, "next_offset": -1001}
    }}}}"#;

    #[test]
    fn lag_counts_from_what_is_committed_or_else_delivered() {
        let statistics = parse(PARTITIONS);
        assert_eq!(statistics.lag("results", &[0]), Some(10));
        assert_eq!(statistics.lag("results", &[1]), Some(30));
        assert_eq!(statistics.lag("results", &[0, 1, 2]), Some(40));
    }

    #[test]
    fn lag_is_unknown_before_the_first_fetch() {
        let statistics = parse(PARTITIONS);
        assert_eq!(statistics.lag("results", &[2]), None);
        assert_eq!(statistics.lag("other", &[0]), None);
    }
}
