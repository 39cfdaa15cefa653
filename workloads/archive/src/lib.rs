//! Bytes to an in-memory archive: decompression, tar, limits; no I/O.
//!
//! ```text
//!             ┌─ gunzip ──────┐
//!  format ────┼─ decompress ──┼─▶ untar ──▶ index ──▶ Archive
//!  (by magic) ├─ (plain tar) ─┘              ▲
//!             └─ unzip ──────────────────────┘
//! ```
//!
//! [`Archive::read`] takes what a cluster uploaded and owns the unpacked bytes afterwards: one buffer, and an index of where in it
//! each file lies. Nothing is copied per file and nothing is written to a disk.
//!
//! What comes in is hostile until proven otherwise. Every size is bounded by [`Limits`]; no allocation follows from a length
//! field alone; a member that is no plain file below the root (absolute and `..` paths, links, devices) is left out and counted
//! in [`Skipped`]; what is broken is an [`ArchiveError`] that names the limit or the member.

mod archive;
mod decompress;
mod error;
mod format;
mod gunzip;
mod index;
mod limits;
mod members;
mod path;
mod pax;
mod untar;
mod unzip;

pub use archive::{Archive, ArchiveKind};
pub use error::{ArchiveError, Place};
pub use format::Format;
pub use index::{File, Skipped};
pub use limits::Limits;
