//! Generates realistic insights archives of any size, with faults on request.
//!
//! Tests, the demo and the benchmarks need archives that look like those of a real cluster: the same paths, the same shapes of
//! JSON, log lines in klog's format, metrics as Prometheus writes them. [`SampleArchive`] generates them from a few numbers, the
//! same bytes for the same numbers each time.
//!
//! A sample without faults is of a healthy cluster: no rule but the version info finds anything in it. Each [`Fault`] adds what
//! exactly one rule detects.
//!
//! ```
//! use ccx_messages::ClusterId;
//! use ccx_sample_archive::{Fault, SampleArchive};
//!
//! let mut sample = SampleArchive::small(ClusterId::random());
//! sample.faults = vec![Fault::NodeNotReady];
//! let upload = sample.to_tar_gz();
//! assert!(upload.starts_with(&[0x1f, 0x8b]));
//! ```

mod alerts;
mod cluster;
mod events;
mod fault;
mod files;
mod gathering;
#[cfg(feature = "hostile")]
pub mod hostile;
mod logs;
mod machines;
mod metrics;
mod nodes;
mod operators;
mod pods;
mod random;
mod sample;
mod settings;
mod tar_gz;

pub use fault::{Fault, UnknownFault};
pub use sample::SampleArchive;
