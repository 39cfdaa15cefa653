//! The whole writer in this process, on an embedded Kafka and a private PostgreSQL.

mod bad_messages;
mod good_messages;
mod lifecycle;
mod outage;
mod support;
