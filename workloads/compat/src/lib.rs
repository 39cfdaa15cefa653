//! Command lines and configurations of the programs that this project replaces.
//!
//! ```text
//!   config.toml ─▶ environment ─▶ cdappconfig.json ─▶ Settings ──▶ ccx_config::Config ──▶ workload
//!   (load)         (load)         (clowder)                        (translate)
//! ```
//!
//! A deployment of an original service works unchanged: the same arguments, file, variables and Clowder
//! document. This crate translates them to the typed configuration; it starts nothing. The formats are those
//! of `docs/compatibility.md`.

pub mod aggregator;
pub mod cleaner;
mod clowder;
mod duration;
pub mod exporter;
mod flags;
pub mod ingress;
mod load;
pub mod smart_proxy;
mod translation;
mod weak;

pub use clowder::{Clowder, ClowderError};
pub use flags::{Flag, FlagError, FlagKind, FlagValues, parse_flags, usage};
pub use load::LoadError;
pub use translation::{Translation, ValueError};
