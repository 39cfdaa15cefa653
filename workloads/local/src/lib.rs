//! Kafka, S3 and PostgreSQL for one machine: the infrastructure of `ccx local` and the tests.
//!
//! Each part has the real network interface, and is embedded or private:
//!
//! | part | implementation |
//! |---|---|
//! | [`Kafka`] | librdkafka's mock cluster: brokers on loopback ports of this process, topics in memory |
//! | [`ObjectStorage`] | an S3 server on a loopback port of this process, objects in a folder |
//! | [`Postgres`] | a private PostgreSQL server, run from the binaries found on the machine |
//! | [`Valkey`] | a private Valkey or Redis server, run from the program found on the machine |
//!
//! They write only to their own folder. A temporary folder is removed when the handle is dropped, and also
//! when the process is killed: a shell process waits for its end (see [`Postgres`]).
//!
//! The handles are independent of a tokio runtime, so that a `static` one can serve tests that each have
//! their own.

mod folder;
mod kafka;
mod object_storage;
mod port;
mod postgres;
mod raw_record;
mod secret;
mod shared;
mod valkey;

pub use folder::FolderError;
pub use kafka::{Kafka, KafkaError};
pub use object_storage::{ObjectStorage, ObjectStorageError};
pub use postgres::{Durability, Postgres, PostgresError};
pub use raw_record::RawRecord;
pub use shared::test_postgres;
pub use valkey::{Valkey, ValkeyError, ValkeyProtection};
