//! Kafka and S3, as the workloads use them.
//!
//! ```text
//!             Consumer ── Record ──▶ workload ── Outgoing ──▶ Producer
//!                 ▲                     │
//!                 └──── finished ◀──────┤
//!                                       └── link ──▶ Downloader ── Bytes
//! ```
//!
//! This crate moves bytes and knows when they have arrived. It doesn't know their content, and it doesn't retry the request
//! of a caller: every error has an [`ErrorClass`](ccx_messages::ErrorClass), from which the caller decides. The exception is
//! the [`Consumer`], which reconnects to its brokers without end and reports its [`Connectivity`].
//!
//! Decisions are pure and separate from the sockets: which offsets may be committed ([`OffsetTracker`]), and which links are
//! followed ([`ArchiveLocation`]).

mod kafka;
mod object_storage;

pub use kafka::{
    ClientFailure, CommittedOffset, Connectivity, Consumer, GroupOffsets, Headers, KafkaError, OffsetTracker,
    Outgoing, Position, Producer, Record, TopicAdmin, TopicOutcome, TopicReader, TopicSettings,
    is_reading_header,
};
pub use object_storage::{
    ArchiveLocation, BucketAccess, DownloadError, Downloader, ObjectStore, ObjectStoreError, ObjectUpload,
    StorageSignal,
};
