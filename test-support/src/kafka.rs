//! Topics of a real broker: their messages, and how far a consumer group has come.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, Headers as _, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};

/// For one answer of the broker.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Topics of tests have one partition, so that the order of their messages is known.
const PARTITION: i32 = 0;

/// A message of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Its bytes as text.
    pub payload: String,
}

impl Message {
    /// An announcement with the header that the pipeline requires.
    pub fn announcement(payload: impl Into<String>) -> Self {
        Self { headers: vec![("service".into(), "openshift".into())], payload: payload.into() }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A topic on the broker at a port of this machine.
#[derive(Clone, Debug)]
pub struct Topic {
    port: u16,
    name: String,
}

impl Topic {
    /// A topic of the broker at `127.0.0.1:port`; it must exist.
    pub fn new(port: u16, name: impl Into<String>) -> Self {
        Self { port, name: name.into() }
    }

    /// Appends messages and waits until the broker has acknowledged all of them.
    pub fn append(&self, messages: &[Message]) {
        let producer: BaseProducer = client(self.port).create().expect("a valid configuration");
        for message in messages {
            let headers = message.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            });
            let record = BaseRecord::<(), str>::to(&self.name).payload(&message.payload).headers(headers);
            producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
        }
        producer.flush(TIMEOUT).expect("the broker takes it");
    }

    /// Returns all messages that are in the topic now.
    pub fn read(&self) -> Vec<Message> {
        let consumer: BaseConsumer =
            client(self.port).set("group.id", "test").create().expect("a valid configuration");
        let end = self.end(&consumer);
        let mut from_start = TopicPartitionList::new();
        from_start.add_partition_offset(&self.name, PARTITION, Offset::Beginning).expect("a valid offset");
        consumer.assign(&from_start).expect("a valid assignment");
        let deadline = Instant::now() + TIMEOUT;
        let mut messages = Vec::new();
        let mut next = 0;
        while next < end {
            assert!(Instant::now() < deadline, "{}: {next} of {end} messages within {TIMEOUT:?}", self.name);
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
                next = message.offset() + 1;
                messages.push(read_message(&message));
            }
        }
        messages
    }

    /// Returns the number of messages.
    pub fn len(&self) -> usize {
        let end = self.end(&client(self.port).create().expect("a valid configuration"));
        usize::try_from(end).expect("offsets begin at 0")
    }

    /// Returns whether it has no message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that a group has committed all messages of the topic.
    ///
    /// # Errors
    /// The offset that the group has committed, and the end of the topic.
    pub fn is_consumed_by(&self, group: &str) -> Result<(), String> {
        let consumer: BaseConsumer =
            client(self.port).set("group.id", group).create().expect("a valid configuration");
        let end = self.end(&consumer);
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition(&self.name, PARTITION);
        let committed = consumer.committed_offsets(partitions, TIMEOUT).map_err(|error| error.to_string())?;
        let offset = committed.elements()[0].offset();
        let is_consumed = end == 0 || offset == Offset::Offset(end);
        if is_consumed { Ok(()) } else { Err(format!("{group} is at {offset:?} of {end}")) }
    }

    fn end(&self, consumer: &BaseConsumer) -> i64 {
        let (_, end) = consumer.fetch_watermarks(&self.name, PARTITION, TIMEOUT).expect("the broker answers");
        end
    }
}

fn client(port: u16) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", format!("127.0.0.1:{port}"));
    config
}

fn read_message(message: &impl rdkafka::Message<Headers = rdkafka::message::BorrowedHeaders>) -> Message {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(text).unwrap_or_default()))
            .collect()
    });
    Message { headers: headers.unwrap_or_default(), payload: message.payload().map(text).unwrap_or_default() }
}
