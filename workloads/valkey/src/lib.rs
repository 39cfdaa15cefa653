//! The processed requests of clusters in Valkey or Redis.
//!
//! ```text
//!  writer ──▶ RequestStore::write ──▶ organization:…:request:…          (exists: processed)
//!                                     organization:…:request:…:reports  (hash: times and rule hits)
//!  public API ◀── requests, is_processed, rule_hits ◀──┘
//! ```
//!
//! A cluster that is asked to gather data at once polls for its request, then reads a short report about it. Keys, fields and
//! expiration are those of the services that share the server; no key holds more than one request.

mod client;
mod error;
mod index;
mod keys;
mod read;
mod request;
mod write;

pub use client::RequestStore;
pub use error::ValkeyError;
pub use request::{ProcessedRequest, RequestTimes};
