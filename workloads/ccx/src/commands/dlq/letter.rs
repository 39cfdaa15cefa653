//! A dead letter, where it lies, and what it says.

use std::{fmt, str::FromStr};

use ccx_config::Topics;
use ccx_messages::{DeadLetter, ErrorClass, header};
use ccx_transport::Record;
use clap::ValueEnum;
use serde::{Deserialize, Serialize, Serializer};
use snafu::{OptionExt as _, Snafu};

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Queue {
    /// Announcements that the pipeline gave up.
    Announce,
    /// Results that the writer gave up.
    Results,
}

/// Where a letter lies: `announce/0/42` is offset 42 in partition 0 of the queue of announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) queue: Queue,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// Why a letter is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LetterClass {
    /// A dependency's fault: sending it again can help.
    Transient,
    /// The message's or the archive's fault: sending it again can't help, unless the program is another.
    BadInput,
    /// Our fault: send it again to a repaired program.
    Bug,
    /// Another program has put it there.
    Unknown,
}

/// What a letter says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Letter {
    pub(crate) class: LetterClass,
    pub(crate) error: String,
    pub(crate) request_id: Option<String>,
    /// The topic that it was read from, when it says so.
    pub(crate) original_topic: Option<String>,
    pub(crate) failed_by: Option<String>,
}

impl Queue {
    pub(crate) const ALL: [Self; 2] = [Self::Announce, Self::Results];

    /// The queue's topic.
    pub(crate) fn topic(self, topics: &Topics) -> &str {
        match self {
            Self::Announce => &topics.announce_dead_letters,
            Self::Results => &topics.results_dead_letters,
        }
    }

    /// The topic whose consumer puts its letters into this queue.
    pub(crate) fn origin(self, topics: &Topics) -> &str {
        match self {
            Self::Announce => &topics.announce,
            Self::Results => &topics.results,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = match self.queue {
            Queue::Announce => "announce",
            Queue::Results => "results",
        };
        write!(f, "{queue}/{}/{}", self.partition, self.offset)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text is no position.
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

impl fmt::Display for LetterClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transient => ErrorClass::Transient.as_str(),
            Self::BadInput => ErrorClass::BadInput.as_str(),
            Self::Bug => ErrorClass::Bug.as_str(),
            Self::Unknown => "unknown",
        })
    }
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
    /// Reads the headers, and the request out of the payload when no header has it.
    pub(crate) fn of(record: &Record) -> Self {
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
                error: "no reason given: another program has put it there".into(),
                request_id,
                original_topic: None,
                failed_by: None,
            },
        }
    }
}

/// Announcements have the request in `request_id`, results in `RequestId`.
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
    fn a_position_is_read_back() {
        let position = Position { queue: Queue::Results, partition: 1, offset: 2 };
        assert_eq!(position.to_string(), "results/1/2");
        assert_eq!("results/1/2".parse::<Position>().unwrap(), position);
        for wrong in ["results/1", "results/1/2/3", "other/1/2", "results/one/2", ""] {
            let error = wrong.parse::<Position>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{wrong:?} is not a position like announce/0/42")), "{error}");
        }
    }

    #[test]
    fn our_letters_say_why() {
        let letter = DeadLetter {
            error: Reason::new("failed to download: 404"),
            class: ErrorClass::BadInput,
            topic: "platform.upload.announce".into(),
            partition: 0,
            offset: 5,
            timestamp_ms: None,
            failed_by: "ccx-data-pipeline".into(),
        };
        let read = Letter::of(&record(letter.headers(), br#"{"request_id":"abc"}"#));
        assert_eq!(read.class, LetterClass::BadInput);
        assert_eq!(read.error, "failed to download: 404");
        assert_eq!(read.request_id.as_deref(), Some("abc"));
        assert_eq!(read.original_topic.as_deref(), Some("platform.upload.announce"));
    }

    #[test]
    fn the_header_knows_the_request_best_and_the_payload_else() {
        let both = record(vec![(header::REQUEST_ID, "header".into())], br#"{"request_id":"payload"}"#);
        assert_eq!(Letter::of(&both).request_id.as_deref(), Some("header"));
        let result = record(vec![], br#"{"RequestId":"result"}"#);
        assert_eq!(Letter::of(&result).request_id.as_deref(), Some("result"));
        assert_eq!(Letter::of(&record(vec![], b"}")).request_id, None);
    }

    #[test]
    fn a_letter_of_another_program_is_of_no_known_class() {
        assert_eq!(Letter::of(&record(vec![], b"{}")).class, LetterClass::Unknown);
    }
}
