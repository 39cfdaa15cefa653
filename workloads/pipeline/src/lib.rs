//! `ccx-data-pipeline`: announced archives become rule results.
//!
//! ```text
//!             ┌──────────────────────────── run ─────────────────────────────┐
//!   announce  │           ┌──────────────── handle ──────────────┐           │
//!  ──Record──▶│ filter ──▶│ parse ─▶ download ─▶ workers ─▶ sender│─Position─▶│──▶ commit
//!             │           └────────────┬───────────┬───────────┬─┘           │
//!             └────────────────────────┼───────────┼───────────┼─────────────┘
//!               object_storage_health  │    process│           ├─▶ results
//!                       (link or outage?)  (pure)  │           ├─▶ dead letters
//!                                                  │           └─▶ payload status
//!                       memory_budget: the bytes of all archives
//! ```
//!
//! One task per record, one loop that starts them and commits what they have finished. Downloads are many and asynchronous; archives
//! are unpacked and run through the rules on as many threads as there are CPUs. Decisions are pure functions: `filter`,
//! `object_storage_health/evidence`, `memory_estimate`, and [`process()`], from an archive to the bytes of its message.
//!
//! # Failed records
//!
//! | class | for example | handling |
//! |---|---|---|
//! | `BadInput` | not JSON, 404, not an archive, no cluster id | dead letter at once, status `error` |
//! | `Transient` of one link | 503, a dead host, while others work | retries with backoff, then dead letter |
//! | `Transient` of the object storage | it is unavailable | retries without end, not ready |
//! | `Transient` of Kafka | no broker | retries without end, not ready |
//! | `Bug` | a panic | dead letter at once; the process continues |
//!
//! A record is finished, and its offset may be committed, when its result or its dead letter is acknowledged by all in-sync
//! replicas. A process that is killed before does it again: the writer takes a report twice without harm.
//!
//! # Order
//!
//! Results are sent as they become ready, so two archives of one cluster may overtake each other. Order per cluster would make a
//! new archive wait for the retries of an old one, and is not needed: every report carries the time of its announcement, and
//! readers let the newest win, whichever comes first.

mod archive_meter;
mod copies;
mod download;
mod engines;
mod error;
mod filter;
mod handle;
mod key_template;
mod memory_budget;
mod memory_estimate;
mod memory_limit;
mod metrics;
mod object_storage_health;
mod process;
mod record_id;
mod record_loop;
mod reported_name;
mod results_uploader;
mod roles;
mod rules;
mod run;
mod sender;
mod status;
mod upload;
mod workers;
mod workloads;

pub use engines::RuleEngines;
pub use error::PipelineError;
pub use process::{ProcessError, Processed, RemoteConfiguration, process};
pub use roles::Roles;
pub use rules::Rules;
pub use run::{run, run_on};
pub use workloads::Workloads;
