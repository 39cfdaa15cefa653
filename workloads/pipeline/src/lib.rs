//! ccx-data-pipeline

mod download;
mod error;
mod filter;
mod flight;
mod handle;
mod metrics;
mod outage;
mod process;
mod run;
mod sender;
mod status;
mod storage;
mod weight;
mod workers;

pub use error::PipelineError;
pub use process::{ProcessError, Processed, RemoteConfiguration, process};
pub use run::{run, run_on};
