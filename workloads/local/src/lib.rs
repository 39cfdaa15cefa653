//! Kafka, S3 and PostgreSQL for one machine: what `ccx local` and the tests run on.
//!
//! Each part is the real thing at its interface and embedded behind it:
//!
//! | part | what it is |
//! |---|---|
//! | [`Kafka`] | librdkafka's mock cluster: brokers on loopback ports of this process, topics in memory |
//! | [`ObjectStorage`] | an S3 server on a loopback port of this process, objects in a folder |
//! | [`Postgres`] | a private PostgreSQL server, run from the binaries found on the machine |
//!
//! None of them touches anything outside of its folder. What is in a temporary folder is removed when the handle is dropped, and
//! also when the process is killed: a shell process waits for its end (see [`Postgres`]).
//!
//! The handles belong to no tokio runtime, so that a `static` one can serve tests that each have their own.

mod folder;
mod kafka;
mod object_storage;
mod port;
mod postgres;
mod raw_record;
mod secret;
mod shared;

pub use folder::FolderError;
pub use kafka::{Kafka, KafkaError};
pub use object_storage::{ObjectStorage, ObjectStorageError};
pub use postgres::{Durability, Postgres, PostgresError};
pub use raw_record::RawRecord;
pub use shared::test_postgres;
