//! Test support for several crates. A dev-dependency only: no program links it.
//!
//! ```text
//!   eventually        waits for a condition, never longer than a limit      (eventually_async in async tests)
//!   http::get         sends a request by curl                               (http::get_raw to a server in the same process)
//!   assert_metrics    compares a scrape with the metrics of existing dashboards
//!   kafka::Topic      appends to and reads a topic of a real broker         (feature `kafka`)
//!   openapi           compares answers with a document                    (feature `openapi`)
//!   merge_patch       changes a JSON document
//!   assert_generated  compares a generated file with its source, or writes it
//!   needs::…          where a test finds the server or the data that its `#[ignore = "needs …"]` names
//!   free_port         a port for a server
//!   send_signal       ends a process, or asks whether it runs
//! ```

#![expect(clippy::missing_panics_doc, reason = "a test that can't go on panics")]

mod eventually;
mod exposition;
mod generated;
pub mod http;
mod json;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod needs;
#[cfg(feature = "openapi")]
pub mod openapi;
mod port;
mod signal;

pub use eventually::{Attempt, SOON, eventually, eventually_async, eventually_within};
pub use exposition::{Buckets, DEFAULT_BUCKETS, ExpectedMetric, assert_metrics};
pub use generated::{UPDATE_VARIABLE, assert_generated};
pub use json::merge_patch;
pub use port::free_port;
pub use signal::send_signal;
