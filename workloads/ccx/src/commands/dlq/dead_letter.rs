//! A dead letter, its position, and the facts in its headers.

use std::{fmt, str::FromStr};

use ccx_config::{Config, Topics};
use ccx_messages::{DeadLetter, ErrorClass, header};
use ccx_transport::Record;
use clap::ValueEnum;
use serde::{Deserialize, Serialize, Serializer};
use snafu::{OptionExt as _, Snafu};

/// A dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Queue {
    /// Announcements that the pipeline dead-lettered.
    Announce,
    /// Results that the writer dead-lettered.
    Results,
    /// Checked workloads that their writer dead-lettered.
    Workloads,
    /// Announcements that a pipeline with the first role `dvo-extractor` dead-lettered.
    DvoExtractor,
    /// Announcements that a pipeline with the first role `sha-extractor` dead-lettered.
    ShaExtractor,
    /// Announcements that a pipeline with the first role `archive-sync` dead-lettered.
    ArchiveSync,
    /// Results on copied archives that the role `rules-uploader` dead-lettered.
    RulesUploader,
}

/// The position of a letter: `announce/0/42` is offset 42 in partition 0 of the queue of announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) queue: Queue,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// The class of the error of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum LetterClass {
    /// A dependency failed: a replay can succeed.
    Transient,
    /// The message or the archive is invalid: a replay fails, except with another version of the program.
    BadInput,
    /// A bug: replay it to a fixed version.
    Bug,
    /// The letter is of another program.
    Unknown,
}

/// The facts in the headers of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Letter {
    pub(crate) class: LetterClass,
    pub(crate) error: String,
    pub(crate) request_id: Option<String>,
    /// The topic that it was read from, if known.
    pub(crate) original_topic: Option<String>,
    pub(crate) failed_by: Option<String>,
}

impl Queue {
    /// Returns whether a workload of this configuration writes to the queue. The topics of others may not exist.
    pub(crate) fn is_in_use(self, config: &Config) -> bool {
        config.topics_in_use().contains(&self.topic(&config.kafka.topics))
    }

    /// Returns the queue's topic.
    pub(crate) fn topic(self, topics: &Topics) -> &str {
        match self {
            Self::Announce => &topics.announce_dead_letters,
            Self::Results => &topics.results_dead_letters,
            Self::Workloads => &topics.workloads_dead_letters,
            Self::DvoExtractor => &topics.dvo_extractor_dead_letters,
            Self::ShaExtractor => &topics.sha_extractor_dead_letters,
            Self::ArchiveSync => &topics.archive_sync_dead_letters,
            Self::RulesUploader => &topics.rules_uploader_dead_letters,
        }
    }

    /// Returns the topic to which letters of the queue are replayed.
    pub(crate) fn retry_topic(self, topics: &Topics) -> String {
        Topics::retry_of(self.topic(topics))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue, partition, offset } = self;
        write!(f, "{queue}/{partition}/{offset}")
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text is not a position.
#[derive(Debug, Snafu)]
#[snafu(display("{text:?} is not a position like announce/0/42 or results/0/7"))]
pub(crate) struct PositionError {
    text: String,
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        parse_position(text).context(PositionSnafu { text })
    }
}

fn parse_position(text: &str) -> Option<Position> {
    let mut parts = text.split('/');
    let queue = Queue::from_str(parts.next()?, false).ok()?;
    let partition = parts.next()?.parse().ok()?;
    let offset = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(Position { queue, partition, offset })
}

impl From<ErrorClass> for LetterClass {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Transient => Self::Transient,
            ErrorClass::BadInput => Self::BadInput,
            ErrorClass::Bug => Self::Bug,
        }
    }
}

impl Letter {
    /// Parses the headers, and the request out of the payload if no header has it.
    pub(crate) fn from_record(record: &Record) -> Self {
        let request_id = record.headers.get_str(header::REQUEST_ID).map(str::to_owned);
        let request_id = request_id.or_else(|| request_id_in(&record.payload));
        match DeadLetter::from_headers(&record.headers.iter()) {
            Some(letter) => Self {
                class: letter.class.into(),
                error: letter.error.to_string(),
                request_id,
                original_topic: Some(letter.topic),
                failed_by: Some(letter.failed_by),
            },
            None => Self {
                class: LetterClass::Unknown,
                error: "no reason: the letter is of another program".into(),
                request_id,
                original_topic: None,
                failed_by: None,
            },
        }
    }
}

/// Parses the request: `request_id` of announcements, `RequestId` of results.
fn request_id_in(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyRequest {
        #[serde(alias = "RequestId")]
        request_id: String,
    }
    serde_json::from_slice::<OnlyRequest>(payload).ok().map(|only| only.request_id)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ccx_messages::Reason;
    use ccx_transport::Headers;

    use super::*;

    fn record(headers: Vec<(&str, String)>, payload: &'static [u8]) -> Record {
        let headers: Headers =
            headers.into_iter().map(|(name, value)| (name.to_owned(), Bytes::from(value))).collect();
        Record {
            topic: "queue".into(),
            partition: 1,
            offset: 2,
            timestamp_ms: None,
            key: None,
            headers,
            payload: Bytes::from_static(payload),
        }
    }

    #[test]
    fn position_is_parsed_back() {
        let position = Position { queue: Queue::Results, partition: 1, offset: 2 };
        assert_eq!(position.to_string(), "results/1/2");
        assert_eq!("results/1/2".parse::<Position>().unwrap(), position);
        for wrong in ["results/1", "results/1/2/3", "other/1/2", "results/one/2", ""] {
            let error = wrong.parse::<Position>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{wrong:?} is not a position like announce/0/42")), "{error}");
        }
    }

    #[test]
    fn every_queue_has_a_name_and_those_of_enabled_roles_are_in_use() {
        for &queue in Queue::value_variants() {
            assert_eq!(format!("{queue}/0/1").parse::<Position>().unwrap().queue, queue);
        }
        let mut config = Config::default();
        let in_use = |config: &Config| {
            Queue::value_variants()
                .iter()
                .copied()
                .filter(|queue| queue.is_in_use(config))
                .collect::<Vec<_>>()
        };
        assert_eq!(in_use(&config), [Queue::Announce, Queue::Results]);
        config.kafka.topics.workloads = "ccx.dvo.results".into();
        config.pipeline.roles = vec![ccx_config::PipelineRole::ShaExtractor];
        assert_eq!(in_use(&config), [Queue::Announce, Queue::Results, Queue::Workloads, Queue::ShaExtractor]);
    }

    #[test]
    fn letter_of_a_workload_has_class_and_error() {
        let letter = DeadLetter {
            error: Reason::new("failed to download: 404"),
            class: ErrorClass::BadInput,
            topic: "platform.upload.announce".into(),
            partition: 0,
            offset: 5,
            timestamp_ms: None,
            failed_by: "ccx-data-pipeline".into(),
        };
        let read = Letter::from_record(&record(letter.headers(), br#"{"request_id":"abc"}"#));
        assert_eq!(read.class, LetterClass::BadInput);
        assert_eq!(read.error, "failed to download: 404");
        assert_eq!(read.request_id.as_deref(), Some("abc"));
        assert_eq!(read.original_topic.as_deref(), Some("platform.upload.announce"));
    }

    #[test]
    fn request_in_a_header_precedes_the_payload() {
        let both = record(vec![(header::REQUEST_ID, "header".into())], br#"{"request_id":"payload"}"#);
        assert_eq!(Letter::from_record(&both).request_id.as_deref(), Some("header"));
        let result = record(vec![], br#"{"RequestId":"result"}"#);
        assert_eq!(Letter::from_record(&result).request_id.as_deref(), Some("result"));
        assert_eq!(Letter::from_record(&record(vec![], b"}")).request_id, None);
    }

    #[test]
    fn foreign_letter_has_an_unknown_class() {
        assert_eq!(Letter::from_record(&record(vec![], b"{}")).class, LetterClass::Unknown);
    }
}
