//! Sending of records that no client library can send.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "records of tests are small, and the encoding takes the low bits"
)]

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::{SystemTime, UNIX_EPOCH},
};

/// A record with a header whose name need not be UTF-8, for tests: the protocol demands UTF-8, brokers don't check it, and
/// a producer in another language can send it.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// The topic; the record goes to its partition 0.
    pub topic: &'a str,
    /// The headers, names and values.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// The value.
    pub payload: &'a [u8],
}

impl RawRecord<'_> {
    /// Sends the record to the embedded broker at `host:port` by a Produce request of version 3, and waits for the answer.
    pub fn send(&self, broker: &str) -> io::Result<()> {
        let request = self.request();
        let mut connection = TcpStream::connect(broker)?;
        connection.write_all(&sized(&request))?;
        let mut length = [0; 4];
        connection.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        connection.read_exact(&mut answer)?;
        // Correlation id, one topic with its name, one partition with its number; then the error code.
        let at = 4 + 4 + 2 + self.topic.len() + 4 + 4;
        match answer.get(at..at + 2) {
            Some([0, 0]) => Ok(()),
            code => Err(io::Error::other(format!("the broker rejected the record: {code:?}"))),
        }
    }

    fn request(&self) -> Vec<u8> {
        let mut request = Vec::new();
        request.extend(0_i16.to_be_bytes()); // Produce
        request.extend(3_i16.to_be_bytes());
        request.extend(1_i32.to_be_bytes()); // correlation id
        request.extend((-1_i16).to_be_bytes()); // client id
        request.extend((-1_i16).to_be_bytes()); // transactional id
        request.extend((-1_i16).to_be_bytes()); // acks
        request.extend(10_000_i32.to_be_bytes()); // timeout in ms
        request.extend(1_i32.to_be_bytes()); // topics
        request.extend((self.topic.len() as u16).to_be_bytes());
        request.extend(self.topic.as_bytes());
        request.extend(1_i32.to_be_bytes()); // partitions
        request.extend(0_i32.to_be_bytes());
        request.extend(sized(&self.batch()));
        request
    }

    /// A record batch of version 2. Consumers don't check the checksum by default.
    fn batch(&self) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend((-1_i32).to_be_bytes()); // leader epoch
        body.push(2); // version
        body.extend(0_u32.to_be_bytes()); // checksum
        body.extend(0_i16.to_be_bytes()); // attributes
        body.extend(0_i32.to_be_bytes()); // offset of the last record
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
        body.extend(now.to_be_bytes()); // first timestamp
        body.extend(now.to_be_bytes()); // last timestamp
        body.extend((-1_i64).to_be_bytes()); // producer id
        body.extend((-1_i16).to_be_bytes()); // producer epoch
        body.extend((-1_i32).to_be_bytes()); // sequence
        body.extend(1_i32.to_be_bytes()); // records
        let record = self.record();
        body.extend(varint(record.len() as i64));
        body.extend(record);
        let mut batch = 0_i64.to_be_bytes().to_vec(); // first offset
        batch.extend(sized(&body));
        batch
    }

    fn record(&self) -> Vec<u8> {
        let mut record = vec![0, 0, 0]; // attributes, timestamp and offset relative to the batch
        record.extend(varint(-1)); // key
        record.extend(bytes(self.payload));
        record.extend(varint(self.headers.len() as i64));
        for (name, value) in self.headers {
            record.extend(bytes(name));
            record.extend(bytes(value));
        }
        record
    }
}

fn sized(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes(), content].concat()
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [varint(content.len() as i64).as_slice(), content].concat()
}

/// Zigzag and base 128, as in protocol buffers.
fn varint(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    let mut encoded = Vec::new();
    while rest >= 0x80 {
        encoded.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    encoded.push(rest as u8);
    encoded
}
