//! `ccx-data-pipeline`: announced archives become rule results.
//!
//! ```text
//!             ┌──────────────────────────── run ─────────────────────────────┐
//!   announce  │           ┌──────────────── handle ──────────────┐           │
//!  ──Record──▶│ filter ──▶│ parse ─▶ download ─▶ workers ─▶ sender│─Position─▶│──▶ commit
//!             │           └────────────┬───────────┬───────────┬─┘           │
//!             └────────────────────────┼───────────┼───────────┼─────────────┘
//!                              storage │    process│           ├─▶ results
//!                       (link or outage?)  (pure)  │           ├─▶ dead letters
//!                                                  │           └─▶ payload status
//!                              flight: the bytes of all archives
//! ```
//!
//! One task per record, one loop that starts them and commits what they have finished. Downloads are many and asynchronous; archives
//! are unpacked and judged on as many threads as there are cores. What is decided is decided by pure functions: `filter`,
//! `outage`, `weight` and [`process()`], which is the whole way from an archive's bytes to the message's bytes.
//!
//! # What happens to a record that fails
//!
//! | class | for example | what is done |
//! |---|---|---|
//! | `BadInput` | not JSON, 404, not an archive, no cluster id | dead letter at once, status `error` |
//! | `Transient`, the link's fault | 503 of one link, a dead host | retries with backoff, then dead letter |
//! | `Transient`, the object storage's | it is away | retries without end, not ready; see `outage.rs` |
//! | `Transient`, Kafka's | no broker | retries without end, not ready |
//! | `Bug` | a panic | dead letter at once; the process lives |
//!
//! A record is finished, and its offset may be committed, when its result or its dead letter is acknowledged by all in-sync
//! replicas. A process that is killed before does it again: the writer takes a report twice without harm.
//!
//! # Order
//!
//! Results are sent as they become ready, so two archives of one cluster may overtake each other. Order per cluster would make a
//! new archive wait for the retries of an old one, and nobody needs it: every report carries the time of its announcement, and
//! readers let the newest win, whichever comes first.

mod download;
mod error;
mod filter;
mod flight;
mod handle;
mod judges;
mod metrics;
mod outage;
mod process;
mod rules;
mod run;
mod sender;
mod status;
mod storage;
mod weight;
mod workers;
mod workloads;

pub use error::PipelineError;
pub use judges::Judges;
pub use process::{ProcessError, Processed, RemoteConfiguration, process};
pub use rules::Rules;
pub use run::{run, run_on};
pub use workloads::Workloads;
