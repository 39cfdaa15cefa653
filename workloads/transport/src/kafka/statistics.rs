//! The fields that are used of librdkafka's statistics.
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

/// The facts about an assigned partition that librdkafka does not report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) partition: i32,
    /// The first offset that was received, the begin of the uncommitted records while none is committed.
    pub(super) first_received: Option<i64>,
    /// The end that was queried while fetching was paused. librdkafka learns an end only from a fetch.
    pub(super) queried_end: Option<i64>,
}

/// Whether brokers are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// At least one broker is connected and has accepted the credentials.
    Some,
    /// No broker is connected, and a connection is being tried.
    None,
    /// No broker is connected, and no connection is needed at the moment.
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

    /// Returns the offset that is committed of a partition.
    pub(super) fn committed(&self, topic: &str, partition: i32) -> Option<i64> {
        let committed = self.topics.get(topic)?.partitions.get(&partition)?.committed;
        (committed >= 0).then_some(committed)
    }

    /// Returns the number of records between the committed offsets and the ends of `partitions`, as far as known; zero
    /// without partitions.
    ///
    pub(super) fn lag(&self, topic: &str, partitions: &[Assigned]) -> Option<i64> {
        if partitions.is_empty() {
            return Some(0);
        }
        let known = &self.topics.get(topic)?.partitions;
        let lag = |assigned: &Assigned| known.get(&assigned.partition)?.lag(assigned);
        partitions.iter().filter_map(lag).fold(None, |sum, lag| Some(sum.unwrap_or(0) + lag))
    }
}

impl Partition {
    fn lag(&self, assigned: &Assigned) -> Option<i64> {
        let first_received = assigned.first_received.unwrap_or(-1);
        let known = [self.committed, first_received, self.delivered, self.fetched];
        let reached = known.into_iter().find(|offset| *offset >= 0)?;
        let end = self.end.max(assigned.queried_end.unwrap_or(-1));
        (end >= 0).then(|| (end - reached).max(0))
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
    fn one_connected_broker_is_a_connection() {
        assert_eq!(connections(&[("DOWN", "configured"), ("UP", "learned")]), Connections::Some);
    }

    #[test]
    fn broker_that_is_being_tried_is_not_connected() {
        assert_eq!(connections(&[("CONNECT", "configured"), ("INIT", "learned")]), Connections::None);
        assert_eq!(connections(&[("AUTH_REQ", "configured")]), Connections::None);
    }

    #[test]
    fn unused_connections_are_idle() {
        assert_eq!(connections(&[("INIT", "learned")]), Connections::Idle);
    }

    #[test]
    fn coordinator_and_internal_brokers_do_not_count() {
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

    fn lag(partitions: &[i32]) -> Option<i64> {
        let assigned: Vec<_> = partitions
            .iter()
            .map(|partition| Assigned { partition: *partition, ..Assigned::default() })
            .collect();
        parse(PARTITIONS).lag("results", &assigned)
    }

    #[test]
    fn lag_counts_from_the_committed_offset_or_else_the_delivered() {
        assert_eq!(lag(&[0]), Some(10));
        assert_eq!(lag(&[1]), Some(30));
        assert_eq!(lag(&[0, 1, 2]), Some(40));
    }

    #[test]
    fn lag_counts_from_the_first_received_record_while_none_is_committed() {
        let assigned = Assigned { partition: 1, first_received: Some(5), queried_end: None };
        assert_eq!(parse(PARTITIONS).lag("results", &[assigned]), Some(45));
    }

    #[test]
    fn lag_counts_to_the_queried_end_of_a_paused_partition() {
        let assigned = Assigned { partition: 0, first_received: None, queried_end: Some(1000) };
        assert_eq!(parse(PARTITIONS).lag("results", &[assigned]), Some(910));
    }

    #[test]
    fn lag_without_partitions_is_zero() {
        assert_eq!(lag(&[]), Some(0));
    }

    #[test]
    fn lag_is_unknown_before_the_first_fetch() {
        assert_eq!(lag(&[2]), None);
        assert_eq!(parse(PARTITIONS).lag("other", &[Assigned::default()]), None);
    }
}
