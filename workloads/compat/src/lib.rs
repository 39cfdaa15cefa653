//! Command lines and configurations of the programs that ours replaces.
//!
//! ```text
//!   config.toml ─▶ environment ─▶ cdappconfig.json ─▶ Settings ──▶ ccx_config::Config ──▶ workload
//!   (load)         (load)         (clowder)                        (translate)
//! ```
//!
//! Somebody who swaps one service for ours keeps the deployment that starts it: the same arguments, the same file, the same
//! variables, the same Clowder document. This crate reads them into our typed configuration; it runs nothing. Formats are
//! those of `docs/compatibility.md`.

pub mod aggregator;
mod clowder;
mod duration;
mod weak;

pub use clowder::{Clowder, ClowderError};
