//! The dead-lettered requests and the reasons.

use std::{collections::BTreeMap, time::Duration};

use ccx_config::Kafka;
use ccx_transport::{KafkaError, TopicReader};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::commands::dlq::Letter;

/// The interval between two reads of the queues. Each reads them completely: on a laptop they have few
/// letters.
const INTERVAL: Duration = Duration::from_millis(400);

/// Reads the dead-letter queues repeatedly until it is dropped.
pub(super) struct DeadLetters {
    reasons: watch::Receiver<BTreeMap<String, String>>,
    _reader: AbortOnDropHandle<()>,
}

impl DeadLetters {
    pub(super) fn watch(settings: &Kafka) -> Self {
        let (publisher, reasons) = watch::channel(BTreeMap::new());
        let settings = settings.clone();
        let read_for_ever = async move {
            loop {
                match read(&settings).await {
                    Ok(found) => publisher.send_modify(|reasons| reasons.extend(found)),
                    Err(error) => {
                        tracing::debug!(%error, "failed to read the dead-letter queues; trying again");
                    }
                }
                tokio::time::sleep(INTERVAL).await;
            }
        };
        Self { reasons, _reader: AbortOnDropHandle::new(tokio::spawn(read_for_ever)) }
    }

    /// Returns the reason why a request was dead-lettered, if it was.
    pub(super) fn reason(&self, request_id: &str) -> Option<String> {
        self.reasons.borrow().get(request_id).cloned()
    }
}

async fn read(settings: &Kafka) -> Result<Vec<(String, String)>, KafkaError> {
    let mut found = Vec::new();
    for topic in [&settings.topics.announce_dead_letters, &settings.topics.results_dead_letters] {
        let mut reader = TopicReader::open(settings, topic).await?;
        while let Some(record) = reader.next().await? {
            let letter = Letter::from_record(&record);
            found.extend(letter.request_id.zip(Some(letter.error)));
        }
    }
    Ok(found)
}
