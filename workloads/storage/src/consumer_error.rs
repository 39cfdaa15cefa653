//! The table `consumer_error`: messages that could not be stored.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;

use crate::{StorageError, observe::Statements};

/// Uses `consumer_error_pkey`: a message that is refused again, after a restart, is there already.
const INSERT: &str = "\
    INSERT INTO consumer_error (topic, partition, topic_offset, key, produced_at, consumed_at, message, error) \
    SELECT * FROM unnest( \
        $1::text[], $2::int4[], $3::int4[], $4::text[], $5::timestamp[], $6::timestamp[], $7::text[], $8::text[]) \
    ON CONFLICT DO NOTHING";

/// Most bytes of a message that are stored; the whole message is in the dead letter queue.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// A message that could not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerError {
    /// The topic that it came from.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    ///
    /// The column is an `int4`, as the other programs on the database have it. An offset that it can't hold is stored modulo 2³¹;
    /// the dead letter has the whole. Should two such messages meet in one number, the first stays.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Time of production.
    pub produced_at: DateTime<Utc>,
    /// Time of consumption.
    pub consumed_at: DateTime<Utc>,
    /// Its payload. Bytes that text can't hold are replaced, what is over 1 MiB is cut off.
    pub message: Vec<u8>,
    /// The reason.
    pub error: String,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    statements: &Statements,
    errors: &[ConsumerError],
) -> Result<(), StorageError> {
    if errors.is_empty() {
        return Ok(());
    }
    let times = |time: fn(&ConsumerError) -> DateTime<Utc>| -> Vec<NaiveDateTime> {
        errors.iter().map(|error| time(error).naive_utc()).collect()
    };
    let insert = sqlx::query(INSERT)
        .bind(errors.iter().map(|error| as_text(error.topic.as_bytes())).collect::<Vec<_>>())
        .bind(errors.iter().map(|error| error.partition).collect::<Vec<_>>())
        .bind(errors.iter().map(|error| as_int4(error.offset)).collect::<Vec<_>>())
        .bind(errors.iter().map(|error| error.key.as_deref().map(as_text)).collect::<Vec<_>>())
        .bind(times(|error| error.produced_at))
        .bind(times(|error| error.consumed_at))
        .bind(errors.iter().map(|error| as_text(&error.message)).collect::<Vec<_>>())
        .bind(errors.iter().map(|error| as_text(error.error.as_bytes())).collect::<Vec<_>>());
    statements.run("record consumer errors", insert.execute(connection)).await?;
    Ok(())
}

fn as_int4(offset: i64) -> i32 {
    const MODULUS: i64 = 1 << 31;
    i32::try_from(offset.rem_euclid(MODULUS)).unwrap_or(i32::MAX)
}

/// Text of PostgreSQL: UTF-8 without zero bytes, of bounded length.
fn as_text(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_MESSAGE_BYTES)];
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_fits_into_the_column() {
        assert_eq!(as_int4(0), 0);
        assert_eq!(as_int4(i64::from(i32::MAX)), i32::MAX);
        assert_eq!(as_int4(1 << 31), 0);
        assert_eq!(as_int4((1 << 40) + 7), 7);
        assert_eq!(as_int4(-1), i32::MAX);
    }

    #[test]
    fn any_payload_becomes_text() {
        assert_eq!(as_text(b"a\0\xff"), "a\u{fffd}\u{fffd}");
        assert_eq!(as_text(&vec![b'x'; MAX_MESSAGE_BYTES + 1]).len(), MAX_MESSAGE_BYTES);
    }
}
