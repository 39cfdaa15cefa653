//! Kafka and S3, as the workloads use them.
//!
//! ```text
//!             Consumer ── Record ──▶ workload ── Outgoing ──▶ Producer
//!                 ▲                     │
//!                 └──── finished ◀──────┤
//!                                       └── link ──▶ Downloader ── Bytes
//! ```
//!
//! This crate moves bytes and knows when they have arrived. It doesn't know what is in them, and it doesn't retry what a caller
//! asked for: every error has an [`ErrorClass`](ccx_messages::ErrorClass), from which the caller decides. The exception is the
//! [`Consumer`], which waits for its brokers for ever and says so by its [`Connectivity`].
//!
//! Decisions are pure and apart from the sockets: which offsets may be committed ([`OffsetTracker`]) and which links are followed
//! ([`ArchiveLocation`]).

mod kafka;
mod object_storage;

pub use kafka::{
    Connectivity, Consumer, Headers, KafkaError, OffsetTracker, Outgoing, Position, Producer, Record,
    TopicAdmin, TopicOutcome, TopicReader, TopicSettings, dead_letter,
};
pub use object_storage::{
    ArchiveLocation, BucketAccess, DownloadError, Downloader, ObjectStore, ObjectStoreError, StorageSignal,
};
